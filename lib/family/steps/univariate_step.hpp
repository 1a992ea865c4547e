#pragma once

#include <mixfam/family.hpp>

#include "family/add_assignment_sums.hpp"
#include "family/steps/kernel_columns.hpp"
#include "numerics/special.hpp"

#include <cstddef>
#include <utility>
#include <vector>

namespace mixfam {

/// The soft E-step of one column in one go, where the components are few (as Step::add_soft). `assign` calls the
/// kernel with constants_k + log w_k and the sums of a row of components that it is to fill; `put` adds count, first
/// and second sum of one component to its statistics.
template <class Assign, class Put>
bool add_univariate(const Block& x, const std::vector<double>& constants, ConstVectorView log_weights,
                    Statistics& statistics, Workspace& workspace, Assign assign, Put put) {
  const std::size_t K = constants.size();
  if (x.column_count != 1 || K > most_univariate_components) return false;
  Workspace::Frame frame(workspace);
  double* weighted = frame.take(K);
  for (std::size_t k = 0; k < K; ++k) weighted[k] = constants[k] + log_weights[k];
  double* counts = frame.zeros(K);
  double* first = frame.zeros(K);
  double* second = frame.zeros(K);
  const AssignmentSums sums = assign(weighted, counts, first, second);
  if (!(sums.least > 0.5 * special::log_zero)) return false;
  add_assignment_sums(sums, x.rows, statistics);
  for (std::size_t k = 0; k < K; ++k) {
    statistics.counts()[k] += counts[k];
    put(statistics.sums().row(k), counts[k], first[k], second[k]);
  }
  return true;
}

/// Log density constant_k + slope_k x, t = (1, x).
class UnivariateLinearStep {
 public:
  UnivariateLinearStep(std::vector<double> constants, std::vector<double> slopes)
      : constants_(std::move(constants)), slopes_(std::move(slopes)) {}

  bool add(const Block& x, ConstVectorView log_weights, Statistics& statistics, Workspace& workspace) const {
    return add_univariate(
        x, constants_, log_weights, statistics, workspace,
        [&](const double* constants, double* counts, double* first, double*) {
          return kernels().assign_linear(x.column(0), x.rows, slopes_.size(), {constants, slopes_.data()},
                                         {counts, first});
        },
        [](VectorView s, double count, double first, double) {
          s[0] += count;
          s[1] += first;
        });
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

  bool add(const Block& x, ConstVectorView log_weights, Statistics& statistics, Workspace& workspace) const {
    return add_univariate(
        x, constants_, log_weights, statistics, workspace,
        [&](const double* constants, double* counts, double* first, double* second) {
          return kernels().assign_quadratic(x.column(0), x.rows, origins_.size(),
                                            {constants, curvatures_.data(), origins_.data()}, {counts, first, second});
        },
        [](VectorView s, double count, double first, double second) {
          s[0] += count;
          s[1] += count;
          s[2] += first;
          s[3] += second;
        });
  }

 private:
  std::vector<double> constants_;
  std::vector<double> curvatures_;
  std::vector<double> origins_;
};

}  // namespace mixfam
