#pragma once

#include "exp.hpp"
#include "kernels.hpp"
#include "simd.hpp"

namespace mixfam {
namespace {

void normalise(ConstKernelMatrix L, std::size_t rows, KernelMatrix R, double* log_normaliser, double* entropy) {
  for (std::size_t n = 0; n < rows; n += lanes) {
    const double* l = L.data + n;
    double* r = R.data + n;
    Vector greatest = load(l);
    for (std::size_t k = 1; k < L.columns; ++k)
      greatest = xsimd::max(greatest, load(l + static_cast<std::ptrdiff_t>(k) * L.stride));
    Vector sum(0.0);
    Vector weighted(0.0);
    for (std::size_t k = 0; k < L.columns; ++k) {
      const Vector a = xsimd::max(load(l + static_cast<std::ptrdiff_t>(k) * L.stride) - greatest, Vector(-1e3));
      const Vector e = exp_of_negative(a);
      store(r + static_cast<std::ptrdiff_t>(k) * R.stride, e);
      sum += e;
      weighted = xsimd::fma(e, a, weighted);
    }
    const Vector scale = Vector(1.0) / sum;
    for (std::size_t k = 0; k < L.columns; ++k) {
      double* out = r + static_cast<std::ptrdiff_t>(k) * R.stride;
      store(out, load(out) * scale);
    }
    const Vector log_sum = xsimd::log(sum);
    store(log_normaliser + n, greatest + log_sum);
    store(entropy + n, log_sum - weighted * scale);
  }
}

void weigh(KernelMatrix R, std::size_t rows, const double* weights) {
  for (std::size_t k = 0; k < R.columns; ++k) {
    double* r = R.data + static_cast<std::ptrdiff_t>(k) * R.stride;
    for (std::size_t n = 0; n < rows; n += lanes)
      store_some(r + n, load_some(r + n, rows - n) * load_some(weights + n, rows - n), rows - n);
  }
}

void add_counts(ConstKernelMatrix R, std::size_t rows, double* counts) {
  for (std::size_t k = 0; k < R.columns; ++k) {
    const double* r = R.data + static_cast<std::ptrdiff_t>(k) * R.stride;
    Vector sum(0.0);
    for (std::size_t n = 0; n < rows; n += lanes) sum += load_some(r + n, rows - n);
    counts[k] += sum_of(sum);
  }
}

}  // namespace
}  // namespace mixfam
