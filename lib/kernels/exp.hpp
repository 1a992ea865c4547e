#pragma once

#include "simd.hpp"

namespace mixfam {
namespace {

/// exp(x) for x <= 0; 0 below -708. Error: below 1 ulp (tests/kernels/kernels_test.cpp).
/// x = n log 2 + r with |r| <= log(2) / 2 (Cody and Waite 1980, chapter 6); exp(r) = 1 + r + r^2 q(r), where q
/// interpolates at the Chebyshev nodes of the interval and leaves 2e-17.
MIXFAM_INLINE Vector exp_of_negative(Vector x) {
  constexpr double q[] = {0x1.0000000000001p-1,  0x1.5555555555556p-3,  0x1.5555555553d63p-5,  0x1.11111111109b3p-7,
                          0x1.6c16c1788bd90p-10, 0x1.a01a01a7c41d5p-13, 0x1.a019b90d2ae7ap-16, 0x1.71de0dae63bb3p-19,
                          0x1.289185613a3d6p-22, 0x1.af38a9b0ec855p-26};
  constexpr double least = -708;
  constexpr double log2_e = 0x1.71547652b82fep+0;
  constexpr double log_2_high = 0x1.62e42fefa3800p-1;  // 42 bits, so that n times it is exact
  constexpr double log_2_low = 0x1.ef35793c76730p-45;
  constexpr double integer_bits = 0x1.8p52;  // added to a small number, leaves it rounded in the last bits

  const auto vanishes = x < Vector(least);
  x = xsimd::max(x, Vector(least));
  const Vector shifted = xsimd::fma(x, Vector(log2_e), Vector(integer_bits));
  const Vector n = shifted - Vector(integer_bits);
  const Vector r = xsimd::fma(n, Vector(-log_2_low), xsimd::fma(n, Vector(-log_2_high), x));
  Vector sum(q[9]);
  repeat<9>([&](auto i) { sum = xsimd::fma(sum, r, Vector(q[8 - i])); });
  const Vector result = Vector(1.0) + xsimd::fma(sum, r * r, r);
  using Bits = xsimd::batch<std::int64_t>;
  const Bits scaled = xsimd::bitwise_cast<Bits>(result) + (xsimd::bitwise_cast<Bits>(shifted) << 52);
  return xsimd::select(vanishes, Vector(0.0), xsimd::bitwise_cast<Vector>(scaled));
}

}  // namespace
}  // namespace mixfam
