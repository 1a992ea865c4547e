#pragma once

#include <mixfam/enum_names.hpp>
#include <mixfam/export.hpp>
#include <mixfam/family.hpp>
#include <mixfam/source.hpp>

#include <optional>
#include <vector>

namespace mixfam {

/// How the mixture weights are distributed before any data are seen.
enum class WeightsPrior {
  dirichlet,       ///< Dirichlet(concentration)
  fixed,           ///< known: the weights of the start stay as they are
  stick_breaking,  ///< truncated stick-breaking of a Dirichlet process: v_k ~ Beta(1, concentration); Update::vb only
};
template <>
struct EnumNames<WeightsPrior> {
  static constexpr EnumName<WeightsPrior> all[] = {
      {WeightsPrior::dirichlet, "dirichlet"},
      {WeightsPrior::fixed, "fixed"},
      {WeightsPrior::stick_breaking, "stick-breaking"},
  };
};

/// The prior of a mixture: one on the weights, and one conjugate prior for the parameters of every component.
struct Prior {
  WeightsPrior weights = WeightsPrior::dirichlet;
  std::vector<double> concentration{1};      ///< one for all components, or one for each; 1 is flat
  std::optional<ParameterTable> components;  ///< one row of hyperparameters; none: flat
};

/// The weakly informative prior that scales itself from the data; each family documents its own, and the weights get
/// Dirichlet(2), one pseudo-row for each component. Throws Error(usage) when the family has no conjugate prior,
/// Error(data) for values whose sums overflow.
MIXFAM_API Prior default_prior(const FamilyPtr& family, std::size_t components, Source& source);

/// A prior table in which every hyperparameter has its flat value. Throws Error(usage) when there is no conjugate
/// prior.
MIXFAM_API ParameterTable flat_hyperparameters(const Family& family);

/// Throws Error(usage) when the prior does not fit the family or breaks a rule.
MIXFAM_API void check_prior(const Family& family, std::size_t components, const Prior& prior);

}  // namespace mixfam
