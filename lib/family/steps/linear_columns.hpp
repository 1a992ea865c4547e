#pragma once

#include <mixfam/columnwise.hpp>

#include "family/steps/kernel_columns.hpp"
#include "family/steps/univariate_step.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace mixfam {

/// L += sum_j (c_j0 + c_j1 x_j): the columns themselves are the statistic, with a column of ones for all constants.
class LinearStep {
 public:
  /// C: K x (D + 1), the slopes and then the sum of the constants.
  explicit LinearStep(ConstMatrixView C) : products_(C), step_(column(C, C.columns() - 1), column(C, 0)) {}

  void add_log_density(const Block& x, MatrixView L, Workspace& workspace) const {
    Workspace::Frame frame(workspace);
    double* ones = frame.take(x.rows);
    std::fill_n(ones, x.rows, 1.0);
    auto* columns = frame.take<const double*>(x.column_count + 1);
    std::copy_n(x.columns, x.column_count, columns);
    columns[x.column_count] = ones;
    products_.add({columns, x.column_count + 1, x.rows}, L);
  }
  bool add_soft(const Block& x, ConstVectorView log_weights, Statistics& statistics, Workspace& workspace) const {
    return step_.add(x, log_weights, statistics, workspace);
  }

 private:
  static std::vector<double> column(ConstMatrixView C, std::size_t j) {
    std::vector<double> values;
    for (std::size_t k = 0; k < C.rows(); ++k) values.push_back(C(k, j));
    return values;
  }

  detail::MatrixProduct products_;
  UnivariateLinearStep step_;
};

/// D independent columns of a family whose statistic of a column is (1, x), without a copy of the data.
template <ExponentialFamily F>
class LinearColumns final : public Columnwise<F> {
 public:
  using Columnwise<F>::Columnwise;

  void accumulate(const Block& x, ConstMatrixView R, ConstMatrixView, MatrixView S, Workspace& workspace) const {
    const std::size_t columns = this->columns();
    Workspace::Frame frame(workspace);
    double* counts = frame.zeros(R.columns());
    double* sums = frame.zeros(R.columns() * columns);
    const ConstKernelMatrix r{R.data(), R.column_stride(), R.columns()};
    kernels().add_counts(r, x.rows, counts);
    kernels().accumulate_products(columns_of(x), r, sums, columns);
    for (std::size_t k = 0; k < R.columns(); ++k)
      for (std::size_t j = 0; j < columns; ++j) {
        S(k, 2 * j) += counts[k];
        S(k, 2 * j + 1) += sums[k * columns + j];
      }
  }
  LinearStep step(ConstMatrixView theta) const {
    const std::size_t columns = this->columns();
    std::vector<double> c(2 * columns);
    std::vector<double> coefficients(theta.rows() * (columns + 1));
    const auto C = MatrixView::row_major(coefficients.data(), theta.rows(), columns + 1);
    for (std::size_t k = 0; k < theta.rows(); ++k) {
      this->coefficients(theta.row(k), c);
      for (std::size_t j = 0; j < columns; ++j) {
        C(k, j) = c[2 * j + 1];
        C(k, columns) += c[2 * j];
      }
    }
    return LinearStep(C);
  }
};

/// D independent columns of a family whose statistic is (1, x), behind the face of a family.
template <ExponentialFamily F>
FamilyPtr make_linear_family(F single, std::size_t columns) {
  return make_family(LinearColumns<F>(std::move(single), columns));
}

}  // namespace mixfam
