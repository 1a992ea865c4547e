#pragma once

#include <mixfam/family.hpp>

#include "family/steps/kernel_columns.hpp"
#include "numerics/special.hpp"

#include <cstddef>
#include <utility>
#include <vector>

namespace mixfam {

/// The soft E-step of one column with log density constant_k + slope_k x or constant_k + curvature_k (x - origin_k)^2.
class UnivariateStep {
 public:
  /// Slopes: t = (1, x).
  UnivariateStep(std::vector<double> constants, std::vector<double> slopes)
      : constants_(std::move(constants)), slopes_(std::move(slopes)) {}
  /// Curvatures: t = (1, 1, x - o, (x - o)^2).
  UnivariateStep(std::vector<double> constants, std::vector<double> curvatures, std::vector<double> origins)
      : constants_(std::move(constants)), curvatures_(std::move(curvatures)), origins_(std::move(origins)) {}

  /// As Step::add_soft.
  bool add(const Block& x, ConstVectorView log_weights, Statistics& statistics, Workspace& workspace) const {
    const std::size_t K = constants_.size();
    if (x.column_count != 1 || K > most_univariate_components) return false;
    const bool quadratic = !curvatures_.empty();
    Workspace::Frame frame(workspace);
    double* constants = frame.take(K);
    for (std::size_t k = 0; k < K; ++k) constants[k] = constants_[k] + log_weights[k];
    double* counts = frame.zeros(K);
    double* first = frame.zeros(K);
    double* second = frame.zeros(K);
    const AssignmentSums sums = kernels().assign_univariate(
        x.column(0), x.rows, K, {constants, slopes_.data(), quadratic ? curvatures_.data() : nullptr, origins_.data()},
        {counts, first, second});
    if (!(sums.least > 0.5 * special::log_zero)) return false;
    add(sums, static_cast<double>(x.rows), statistics);
    for (std::size_t k = 0; k < K; ++k) {
      statistics.counts()[k] += counts[k];
      const auto s = statistics.sums().row(k);
      std::size_t p = 0;
      s[p++] += counts[k];
      if (quadratic) s[p++] += counts[k];
      s[p++] += first[k];
      if (quadratic) s[p++] += second[k];
    }
    return true;
  }

 private:
  static void add(const AssignmentSums& sums, double rows, Statistics& statistics) {
    statistics.total_weight() += rows;
    statistics.log_normaliser() += sums.log_normaliser;
    statistics.expected_log_joint() += sums.log_normaliser - sums.entropy;
    statistics.entropy() += sums.entropy;
  }

  std::vector<double> constants_;
  std::vector<double> slopes_;
  std::vector<double> curvatures_;
  std::vector<double> origins_;
};

}  // namespace mixfam
