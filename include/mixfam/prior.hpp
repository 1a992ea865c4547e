#pragma once

#include <mixfam/export.hpp>
#include <mixfam/family.hpp>
#include <mixfam/source.hpp>

#include <optional>
#include <vector>

namespace mixfam {

/// The prior of a mixture: a symmetric Dirichlet on the weights, and one conjugate prior for the parameters of every
/// component.
struct Prior {
  double concentration = 1;                  ///< of the Dirichlet on the weights; 1 is flat
  std::optional<ParameterTable> components;  ///< one row of hyperparameters; none: flat
};

/// The weakly informative prior that scales itself from the data; each family documents its own, and the weights get
/// Dirichlet(2), one pseudo-row for each component. Throws Error(usage) when the family has no conjugate prior.
MIXFAM_API Prior default_prior(const FamilyPtr& family, std::size_t components, Source& source);

/// A prior table in which every hyperparameter has its flat value. Throws Error(usage) when there is no conjugate
/// prior.
MIXFAM_API ParameterTable flat_hyperparameters(const Family& family);

/// Throws Error(usage) when MAP estimation cannot use the prior with this family.
MIXFAM_API void check_prior(const Family& family, const Prior& prior);

}  // namespace mixfam
