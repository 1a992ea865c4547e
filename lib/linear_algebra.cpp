#include "linear_algebra.hpp"

#include "blas.hpp"

#include <cmath>
#include <limits>
#include <stdexcept>

namespace mixfam {

namespace {

std::vector<double> to_vector(const blas::Matrix& A) { return {A.begin(), A.end()}; }

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
  for (std::size_t j = 0; j < d; ++j) {
    W(j, j) = 1 / L(j, j);
    for (std::size_t i = j + 1; i < d; ++i) {
      double sum = 0;
      for (std::size_t m = j; m < i; ++m) sum += L(i, m) * W(m, j);
      W(i, j) = -sum / L(i, i);
    }
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
  for (std::size_t i = 0; i < d; ++i)
    for (std::size_t j = 0; j <= i; ++j) {
      double sum = 0;
      for (std::size_t m = i; m < d; ++m) sum += W(m, i) * W(m, j);
      A(i, j) = A(j, i) = sum;
    }
  return buffer;
}

}  // namespace mixfam
