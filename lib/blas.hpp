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

inline Matrix to_xtensor(ConstMatrixView A) {
  Matrix result({A.rows(), A.columns()});
  for (std::size_t i = 0; i < A.rows(); ++i)
    for (std::size_t j = 0; j < A.columns(); ++j) result(i, j) = A(i, j);
  return result;
}

}  // namespace mixfam::blas
