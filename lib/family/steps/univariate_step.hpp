#pragma once

#include <mixfam/family.hpp>

#include "family/steps/kernel_columns.hpp"
#include "numerics/special.hpp"

#include <cstddef>
#include <utility>
#include <vector>

namespace mixfam {

/// The soft E-step of one column, in one go for few components.
namespace univariate {

inline void add(const AssignmentSums& sums, std::size_t rows, Statistics& statistics) {
  statistics.total_weight() += static_cast<double>(rows);
  statistics.log_normaliser() += sums.log_normaliser;
  statistics.expected_log_joint() += sums.log_normaliser - sums.entropy;
  statistics.entropy() += sums.entropy;
}

inline bool is_for(const Block& x, std::size_t components) {
  return x.column_count == 1 && components <= most_univariate_components;
}

/// constants_k + log w_k, in the memory of a frame.
inline const double* with_weights(const std::vector<double>& constants, ConstVectorView log_weights,
                                  Workspace::Frame& frame) {
  double* result = frame.take(constants.size());
  for (std::size_t k = 0; k < constants.size(); ++k) result[k] = constants[k] + log_weights[k];
  return result;
}

}  // namespace univariate

/// Log density constant_k + slope_k x, t = (1, x).
class UnivariateLinearStep {
 public:
  UnivariateLinearStep(std::vector<double> constants, std::vector<double> slopes)
      : constants_(std::move(constants)), slopes_(std::move(slopes)) {}

  /// As Step::add_soft.
  bool add(const Block& x, ConstVectorView log_weights, Statistics& statistics, Workspace& workspace) const {
    const std::size_t K = constants_.size();
    if (!univariate::is_for(x, K)) return false;
    Workspace::Frame frame(workspace);
    double* counts = frame.zeros(K);
    double* first = frame.zeros(K);
    const AssignmentSums sums = kernels().assign_linear(
        x.column(0), x.rows, K, {univariate::with_weights(constants_, log_weights, frame), slopes_.data()},
        {counts, first});
    if (!(sums.least > 0.5 * special::log_zero)) return false;
    univariate::add(sums, x.rows, statistics);
    for (std::size_t k = 0; k < K; ++k) {
      statistics.counts()[k] += counts[k];
      const auto s = statistics.sums().row(k);
      s[0] += counts[k];
      s[1] += first[k];
    }
    return true;
  }

 private:
  std::vector<double> constants_;
  std::vector<double> slopes_;
};

/// Log density constant_k + curvature_k (x - origin_k)^2, t = (1, 1, x - origin, (x - origin)^2).
class UnivariateQuadraticStep {
 public:
  UnivariateQuadraticStep(std::vector<double> constants, std::vector<double> curvatures, std::vector<double> origins)
      : constants_(std::move(constants)), curvatures_(std::move(curvatures)), origins_(std::move(origins)) {}

  /// As Step::add_soft.
  bool add(const Block& x, ConstVectorView log_weights, Statistics& statistics, Workspace& workspace) const {
    const std::size_t K = constants_.size();
    if (!univariate::is_for(x, K)) return false;
    Workspace::Frame frame(workspace);
    double* counts = frame.zeros(K);
    double* first = frame.zeros(K);
    double* second = frame.zeros(K);
    const AssignmentSums sums = kernels().assign_quadratic(
        x.column(0), x.rows, K,
        {univariate::with_weights(constants_, log_weights, frame), curvatures_.data(), origins_.data()},
        {counts, first, second});
    if (!(sums.least > 0.5 * special::log_zero)) return false;
    univariate::add(sums, x.rows, statistics);
    for (std::size_t k = 0; k < K; ++k) {
      statistics.counts()[k] += counts[k];
      const auto s = statistics.sums().row(k);
      s[0] += counts[k];
      s[1] += counts[k];
      s[2] += first[k];
      s[3] += second[k];
    }
    return true;
  }

 private:
  std::vector<double> constants_;
  std::vector<double> curvatures_;
  std::vector<double> origins_;
};

}  // namespace mixfam
