#pragma once

#include <mixfam/export.hpp>
#include <mixfam/family.hpp>
#include <mixfam/groups.hpp>
#include <mixfam/source.hpp>

#include <vector>

namespace mixfam {

struct UpdateResult;

/// p(x) = sum_k w_k p(x | theta_k): groups of components of a family each, K weights and K rows of parameters. A
/// validated value that knows nothing of fitting.
class MIXFAM_API Mixture {
 public:
  /// weights: K values >= 0 that sum to 1 within 1e-6, kept as given.
  /// Throws Error(data) naming component, parameter, value and rule, or the parameter that the family does not have.
  Mixture(FamilyPtr family, std::vector<double> weights, ParameterTable parameters);
  /// The same for several groups, in their order.
  Mixture(Groups groups, std::vector<double> weights, ParameterTable parameters);

  const Groups& groups() const { return groups_; }
  /// That of all components. Throws Error(usage) where there are several groups.
  const Family& family() const { return *family_ptr(); }
  const FamilyPtr& family_ptr() const;
  std::size_t components() const { return weights_.size(); }
  const std::vector<double>& weights() const { return weights_; }
  const ParameterTable& parameters() const { return parameters_; }
  /// Free parameters, the K - 1 of the weights included.
  std::size_t free_parameters() const;

  /// sum_n w_n log p(x_n). Throws Error(data) for rows that no component can have produced.
  double log_likelihood(Source& source) const;
  /// log p(x_n), N values.
  std::vector<double> log_density(Source& source) const;
  /// p(z_n = k | x_n), N x K row-major.
  std::vector<double> responsibilities(Source& source) const;
  /// N x D draws, row-major. The same seed gives the same rows.
  std::vector<double> sample(std::size_t rows, std::uint64_t seed) const;

 private:
  friend Mixture mixture_of(const Groups& groups, const UpdateResult& result);
  /// `steps`: of each group none, or one at the parameters, which shows that covariances are positive definite.
  Mixture(Groups groups, std::vector<double> weights, ParameterTable parameters, const std::vector<StepPtr>& steps);

  Groups groups_;
  std::vector<double> weights_;
  ParameterTable parameters_;
};

}  // namespace mixfam
