#pragma once

// The only file that names xtensor-blas and OpenBLAS.

#include <xtensor-blas/xlinalg.hpp>
#include <xtensor/xadapt.hpp>
#include <xtensor/xtensor.hpp>

#include <mixfam/matrix_view.hpp>

// xtensor-blas brings its own <cblas.h>, which lacks these.
extern "C" {
int openblas_get_num_threads(void);
void openblas_set_num_threads(int threads);
void dtrtri_(const char* uplo, const char* diag, const int* n, double* a, const int* lda, int* info);
void dlauum_(const char* uplo, const int* n, double* a, const int* lda, int* info);
}

namespace mixfam::blas {

/// OpenBLAS' results depend on the number of its threads; ours must not.
class SingleThread {
 public:
  SingleThread() : before_(openblas_get_num_threads()) { openblas_set_num_threads(1); }
  ~SingleThread() { openblas_set_num_threads(before_); }
  SingleThread(const SingleThread&) = delete;
  SingleThread& operator=(const SingleThread&) = delete;

 private:
  int before_;
};

using Matrix = xt::xtensor<double, 2>;

// A lower triangle row by row is an upper one column by column, which is how LAPACK reads it.

/// Inverts a lower triangular matrix, d x d row-major, in its place.
inline void invert_lower(double* L, std::size_t d) {
  const int n = static_cast<int>(d);
  int info = 0;
  dtrtri_("U", "N", &n, L, &n, &info);
}

/// Replaces a lower triangular W, d x d row-major, by the lower triangle of W' W.
inline void square_lower(double* W, std::size_t d) {
  const int n = static_cast<int>(d);
  int info = 0;
  dlauum_("U", &n, W, &n, &info);
}

inline Matrix to_xtensor(ConstMatrixView A) {
  Matrix result({A.rows(), A.columns()});
  for (std::size_t i = 0; i < A.rows(); ++i)
    for (std::size_t j = 0; j < A.columns(); ++j) result(i, j) = A(i, j);
  return result;
}

}  // namespace mixfam::blas
