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
  const blas::SingleThread single_thread;
  const std::size_t d = L.rows();
  std::vector<double> W(d * d);
  for (std::size_t i = 0; i < d; ++i)
    for (std::size_t j = 0; j <= i; ++j) W[i * d + j] = L(i, j);
  blas::invert_lower(W.data(), d);
  return W;
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
  const blas::SingleThread single_thread;
  const std::size_t d = W.rows();
  std::vector<double> A(d * d);
  for (std::size_t i = 0; i < d; ++i)
    for (std::size_t j = 0; j <= i; ++j) A[i * d + j] = W(i, j);
  blas::square_lower(A.data(), d);
  for (std::size_t i = 0; i < d; ++i)
    for (std::size_t j = 0; j < i; ++j) A[j * d + i] = A[i * d + j];
  return A;
}

}  // namespace mixfam
