#pragma once

#include "kernels.hpp"
#include "simd.hpp"

#include <limits>

namespace mixfam {
namespace {

/// For x > 0 about a scale s = exp(origin): y = log(x / s) and excess = x / s - 1 - y >= 0.
struct LogarithmicResidual {
  Vector y;
  Vector excess;
};

/// Near s, with u = x / s - 1 and r = u / (2 + u), log(1 + u) = 2 atanh r, so that
///
///     u - log(1 + u) = r u - 2 r^3 f(r^2),     f(w) = sum_i w^i / (2 i + 3),
///
/// which loses no digits; f interpolates at the Chebyshev nodes of [0, 1 / 9] and leaves 4e-18. Elsewhere y is the
/// difference of the logarithms. Error of the excess: 8 eps relative near s (tests/kernels/kernels_test.cpp).
template <bool has_inverse>
class LogarithmicResiduals {
 public:
  LogarithmicResiduals(double origin, double scale) : origin_(origin), scale_(scale), inverse_(1 / scale) {}

  MIXFAM_INLINE LogarithmicResidual at(Vector x, Vector log_x) const {
    constexpr double f[] = {0x1.5555555555555p-2, 0x1.9999999999944p-3, 0x1.2492492499d46p-3, 0x1.c71c71bedea97p-4,
                            0x1.745d19937b1fcp-4, 0x1.3b13515f6f9efp-4, 0x1.111abdc8abe16p-4, 0x1.e0a2d581ab68fp-5,
                            0x1.bc37f0140c19ep-5, 0x1.32e0d25c9c761p-5, 0x1.401d3e65cdc48p-4};
    constexpr double near = 0.5;
    constexpr double greatest = std::numeric_limits<double>::max();  // a row of responsibility 0 leaves nothing
    const Vector difference = x - scale_;
    const Vector quotient = has_inverse ? difference * inverse_ : difference / scale_;
    const Vector u = xsimd::min(quotient, Vector(greatest));
    const Vector r = u / (u + Vector(2.0));
    const Vector square = r * r;
    Vector sum(f[10]);
    repeat<10>([&](auto i) { sum = xsimd::fma(sum, square, Vector(f[9 - i])); });
    const Vector near_excess = r * xsimd::fma(Vector(-2.0) * square, sum, u);
    const auto is_near = xsimd::abs(u) < Vector(near);
    const Vector far_y = log_x - origin_;
    return {xsimd::select(is_near, u - near_excess, far_y), xsimd::select(is_near, near_excess, u - far_y)};
  }

 private:
  Vector origin_;
  Vector scale_;
  Vector inverse_;
};

/// f(residuals about the scale): a product takes the place of a division unless it might overflow.
template <class F>
MIXFAM_INLINE void with_residuals(double origin, double scale, F f) {
  constexpr double least = 1e-300;
  if (scale > least && scale < 1 / least) {
    f(LogarithmicResiduals<true>(origin, scale));
  } else {
    f(LogarithmicResiduals<false>(origin, scale));
  }
}

void add_logarithmic(const double* x, const double* log_x, std::size_t rows, LogarithmicComponents components,
                     KernelMatrix L) {
  for (std::size_t k = 0; k < L.columns; ++k) {
    double* l = L.data + static_cast<std::ptrdiff_t>(k) * L.stride;
    const Vector constant(components.constants[k]), slope(components.slopes[k]), curvature(components.curvatures[k]);
    with_residuals(components.origins[k], components.scales[k], [&](const auto& residuals) {
      const auto add = [&](const LogarithmicResidual& t, Vector before) __attribute__((always_inline)) {
        return xsimd::fma(curvature, t.excess, xsimd::fma(slope, t.y, before + constant));
      };
      std::size_t n = 0;
      for (; n + lanes <= rows; n += lanes) store(l + n, add(residuals.at(load(x + n), load(log_x + n)), load(l + n)));
      if (const std::size_t rest = rows - n; rest > 0)
        store_some(l + n, add(residuals.at(load_part(x + n, rest), load_part(log_x + n, rest)), load_part(l + n, rest)),
                   rest);
    });
  }
}

void add_logarithmic_moments(const double* x, const double* log_x, std::size_t rows, ConstKernelMatrix R,
                             const double* origins, const double* scales, double* sums, double* excesses) {
  for (std::size_t k = 0; k < R.columns; ++k) {
    const double* r = R.data + static_cast<std::ptrdiff_t>(k) * R.stride;
    with_residuals(origins[k], scales[k], [&](const auto& residuals) {
      Vector sum(0.0), excess_sum(0.0);
      const auto add = [&](const LogarithmicResidual& t, Vector weights) __attribute__((always_inline)) {
        sum = xsimd::fma(weights, t.y, sum);
        excess_sum = xsimd::fma(weights, t.excess, excess_sum);
      };
      std::size_t n = 0;
      for (; n + lanes <= rows; n += lanes) add(residuals.at(load(x + n), load(log_x + n)), load(r + n));
      if (n < rows) {  // behind the last row x is s itself, whose residuals are 0
        double values[lanes], logs[lanes];
        for (std::size_t i = 0; i < lanes; ++i) {
          values[i] = n + i < rows ? x[n + i] : scales[k];
          logs[i] = n + i < rows ? log_x[n + i] : origins[k];
        }
        add(residuals.at(load(values), load(logs)), load_part(r + n, rows - n));
      }
      sums[k] += sum_of(sum);
      excesses[k] += sum_of(excess_sum);
    });
  }
}

}  // namespace
}  // namespace mixfam
