#pragma once

#include <mixfam/enum_names.hpp>
#include <mixfam/export.hpp>
#include <mixfam/groups.hpp>
#include <mixfam/source.hpp>

#include <optional>
#include <vector>

namespace mixfam {

/// How the mixture weights are distributed before any data are seen.
enum class WeightsPrior {
  dirichlet,       ///< Dirichlet(concentration)
  stick_breaking,  ///< truncated stick-breaking of a Dirichlet process: v_k ~ Beta(1, concentration); Update::vb only
};
template <>
struct EnumNames<WeightsPrior> {
  static constexpr EnumName<WeightsPrior> all[] = {
      {WeightsPrior::dirichlet, "dirichlet"},
      {WeightsPrior::stick_breaking, "stick-breaking"},
  };
};

/// The prior of a mixture: one on the weights, and for each group one conjugate prior for the parameters of every
/// component.
struct Prior {
  WeightsPrior weights = WeightsPrior::dirichlet;
  std::vector<double> concentration{1};      ///< one for all components, or one for each; 1 is flat
  std::optional<ParameterTable> components;  ///< a row of hyperparameters for each group; none: flat
};

/// The weakly informative prior that scales itself from the data; each family documents its own, and the weights get
/// Dirichlet(2), one pseudo-row for each component. Throws Error(usage) when the family has no conjugate prior,
/// Error(data) for values whose sums overflow.
MIXFAM_API Prior default_prior(const FamilyPtr& family, std::size_t components, Source& source);
MIXFAM_API Prior default_prior(const Groups& groups, Source& source);

/// A prior table in which every hyperparameter has its flat value. Throws Error(usage) when there is no conjugate
/// prior.
MIXFAM_API ParameterTable flat_hyperparameters(const FamilyPtr& family);
MIXFAM_API ParameterTable flat_hyperparameters(const Groups& groups);

/// Throws Error(usage) when the prior does not fit the families or breaks a rule.
MIXFAM_API void check_prior(const Groups& groups, const Prior& prior);

}  // namespace mixfam
