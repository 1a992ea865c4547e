#include "linear_algebra.hpp"

#include "blas.hpp"

#include <cmath>
#include <limits>
#include <stdexcept>

namespace mixfam {

namespace {

std::vector<double> to_vector(const blas::Matrix& A) { return {A.begin(), A.end()}; }

/// y += a x.
void add_multiple(double a, const double* x, std::size_t size, double* y) {
  for (std::size_t i = 0; i < size; ++i) y[i] += a * x[i];
}

}  // namespace

std::vector<double> cholesky(ConstMatrixView A) {
  const blas::SingleThread single_thread;
  blas::Matrix L;
  try {
    L = xt::linalg::cholesky(blas::to_xtensor(A));
  } catch (const std::runtime_error&) {  // not positive definite
    return {};
  }
  const double threshold = 4 * static_cast<double>(A.rows()) * std::numeric_limits<double>::epsilon();
  for (std::size_t i = 0; i < A.rows(); ++i)
    if (!(L(i, i) * L(i, i) > threshold * A(i, i)) || !std::isfinite(L(i, i))) return {};
  return to_vector(L);
}

std::vector<double> invert_lower(ConstMatrixView L) {
  const std::size_t d = L.rows();
  std::vector<double> buffer(d * d);
  const auto W = MatrixView::row_major(buffer.data(), d, d);
  for (std::size_t i = 0; i < d; ++i) {
    double* row = W.row(i).data();
    for (std::size_t m = 0; m < i; ++m) add_multiple(L(i, m), W.row(m).data(), m + 1, row);
    for (std::size_t j = 0; j < i; ++j) row[j] /= -L(i, i);
    row[i] = 1 / L(i, i);
  }
  return buffer;
}

double log_determinant(ConstMatrixView L) {
  double sum = 0;
  for (std::size_t i = 0; i < L.rows(); ++i) sum += std::log(L(i, i));
  return 2 * sum;
}

Eigenvectors eigenvectors(ConstMatrixView A) {
  const blas::SingleThread single_thread;
  const auto [values, vectors] = xt::linalg::eigh(blas::to_xtensor(A));
  Eigenvectors result{{values.begin(), values.end()}, {}};
  for (std::size_t i = 0; i < A.rows(); ++i)
    for (std::size_t j = 0; j < A.rows(); ++j) result.vectors.push_back(vectors(i, j));
  return result;
}

std::vector<double> inverse_from_factor(ConstMatrixView W) {
  const std::size_t d = W.rows();
  std::vector<double> buffer(d * d);
  const auto A = MatrixView::row_major(buffer.data(), d, d);
  for (std::size_t m = 0; m < d; ++m)
    for (std::size_t i = 0; i <= m; ++i) add_multiple(W(m, i), W.row(m).data(), i + 1, A.row(i).data());
  for (std::size_t i = 0; i < d; ++i)
    for (std::size_t j = 0; j < i; ++j) A(j, i) = A(i, j);
  return buffer;
}

}  // namespace mixfam
