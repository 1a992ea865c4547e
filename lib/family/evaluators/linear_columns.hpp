#pragma once

#include <mixfam/columnwise.hpp>

#include "family/evaluators/kernel_columns.hpp"
#include "family/evaluators/univariate_step.hpp"

#include <memory>
#include <utility>
#include <vector>

namespace mixfam {

/// L += sum_j (c_j0 + c_j1 x_j): the columns themselves are the statistic, with a column of ones for all constants.
class LinearEvaluator final : public Evaluator {
 public:
  /// C: K x (D + 1), the slopes and then the sum of the constants.
  explicit LinearEvaluator(ConstMatrixView C) : products_(C), step_(column(C, C.columns() - 1), column(C, 0)) {}

  void add_log_density(const Block& x, MatrixView L) const override {
    const AlignedVector ones(x.rows, 1);
    std::vector<const double*> columns(x.columns, x.columns + x.column_count);
    columns.push_back(ones.data());
    products_.add({columns.data(), columns.size(), x.rows}, L);
  }
  bool add_soft(const Block& x, ConstVectorView log_weights, Statistics& statistics) const override {
    return step_.add(x, log_weights, statistics);
  }

 private:
  static std::vector<double> column(ConstMatrixView C, std::size_t j) {
    std::vector<double> values;
    for (std::size_t k = 0; k < C.rows(); ++k) values.push_back(C(k, j));
    return values;
  }

  detail::Products products_;
  UnivariateStep step_;
};

/// D independent columns of a family whose statistic of a column is (1, x), without a copy of the data.
template <ExponentialFamily F>
class LinearColumns final : public Columnwise<F> {
 public:
  using Columnwise<F>::Columnwise;

  void accumulate(const Block& x, ConstMatrixView R, ConstMatrixView, MatrixView S) const {
    const std::size_t columns = this->columns();
    std::vector<double> counts(R.columns());
    std::vector<double> sums(R.columns() * columns);
    const ConstKernelMatrix r{R.data(), R.column_stride(), R.columns()};
    kernels().add_counts(r, x.rows, counts.data());
    kernels().accumulate_products(columns_of(x), r, sums.data(), columns);
    for (std::size_t k = 0; k < R.columns(); ++k)
      for (std::size_t j = 0; j < columns; ++j) {
        S(k, 2 * j) += counts[k];
        S(k, 2 * j + 1) += sums[k * columns + j];
      }
  }
  std::unique_ptr<Evaluator> evaluator(ConstMatrixView theta) const {
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
    return std::make_unique<LinearEvaluator>(C);
  }
};

/// D independent columns of a family whose statistic is (1, x), behind the face of a family.
template <ExponentialFamily F>
FamilyPtr make_linear_family(F single, std::size_t columns) {
  return make_family(LinearColumns<F>(std::move(single), columns));
}

}  // namespace mixfam
