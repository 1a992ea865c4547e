#pragma once

#include <mixfam/assignment.hpp>
#include <mixfam/enum_names.hpp>
#include <mixfam/export.hpp>
#include <mixfam/mixture.hpp>
#include <mixfam/prior.hpp>
#include <mixfam/source.hpp>
#include <mixfam/update.hpp>

#include <cstdint>

namespace mixfam {

/// Where a fit begins.
enum class Start {
  kmeans_plus_plus,  ///< from centres spread by k-means++ (Arthur and Vassilvitskii 2007)
  random_rows,       ///< from distinct rows drawn by weight
};
template <>
struct EnumNames<Start> {
  static constexpr EnumName<Start> all[] = {
      {Start::kmeans_plus_plus, "kmeans++"},
      {Start::random_rows, "random"},
  };
};

struct InitializeOptions {
  Start start = Start::kmeans_plus_plus;
  std::uint64_t seed = 0;
  std::uint64_t restart = 0;                 ///< another start under the same seed
  Prior prior;                               ///< pseudo-data for the M-step of the start
  std::size_t threads = 0;                   ///< 0: as many as there are cores; the result does not depend on it
  Assignment assignment = Assignment::soft;  ///< of the fit that follows
  Update update = Update::map;               ///< of the fit that follows; `ml` is `map` without a prior
  bool equal_weights = false;                ///< all 1/K, as for a fit that keeps them
};

/// A mixture of K components to begin from: the best of three short runs of EM from groups about centres (Biernacki,
/// Celeux and Govaert 2003; docs/numerics.md, The start), by the objective of the fit that follows. Pseudo-rows give
/// small groups a regular covariance. Where the components are of several families, each takes those groups of rows
/// that it explains better than the others do; a component without parameters takes none and begins with the weight
/// 1/K. Throws Error(data) for data outside the support or fewer than K distinct rows, Error(numerical) when a
/// component is degenerate all the same, Error(usage) for a prior that the update cannot have.
MIXFAM_API Mixture initialize(const FamilyPtr& family, std::size_t components, Source& source,
                              const InitializeOptions& options = {});
MIXFAM_API Mixture initialize(const Groups& groups, Source& source, const InitializeOptions& options = {});

}  // namespace mixfam
