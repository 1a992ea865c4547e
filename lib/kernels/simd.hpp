#pragma once

#include <xsimd/xsimd.hpp>

#include <cstddef>
#include <cstdint>
#include <type_traits>

/// What the kernels are written in: vectors of doubles of the instruction set that is compiled for. Everything here has
/// internal linkage, so that no copy made for one instruction set can stand in for that of another.
namespace mixfam {
namespace {

#define MIXFAM_INLINE inline __attribute__((always_inline))

using Vector = xsimd::batch<double>;
constexpr std::size_t lanes = Vector::size;
/// Vectors that fit into the registers besides a few operands.
constexpr bool has_many_registers = lanes >= 8;

template <int N>
using Constant = std::integral_constant<int, N>;

/// f(0), .., f(N - 1) with compile-time arguments.
template <int N, class F>
MIXFAM_INLINE void repeat(F f) {
  if constexpr (N > 0) {
    repeat<N - 1>(f);
    f(Constant<N - 1>());
  }
}

MIXFAM_INLINE Vector load(const double* p) { return Vector::load_unaligned(p); }
MIXFAM_INLINE void store(double* p, Vector v) { v.store_unaligned(p); }

/// The first `count` values at p, 0 behind them.
MIXFAM_INLINE Vector load_part(const double* p, std::size_t count) {
  double buffer[lanes] = {};
  for (std::size_t i = 0; i < count; ++i) buffer[i] = p[i];
  return load(buffer);
}
MIXFAM_INLINE Vector load_some(const double* p, std::size_t count) {
  return count >= lanes ? load(p) : load_part(p, count);
}
MIXFAM_INLINE void store_some(double* p, Vector v, std::size_t count) {
  if (count >= lanes) {
    store(p, v);
    return;
  }
  double buffer[lanes];
  store(buffer, v);
  for (std::size_t i = 0; i < count; ++i) p[i] = buffer[i];
}

MIXFAM_INLINE double sum_of(Vector v) { return xsimd::hadd(v); }

/// out[i] = sum of the lanes of v[i], i < N.
template <int N>
MIXFAM_INLINE void sums_of(const Vector* v, double* out) {
  constexpr int size = static_cast<int>(lanes);
  repeat<N / size>([&](auto group) { store(out + group * size, xsimd::haddp(v + group * size)); });
  for (int i = N / size * size; i < N; ++i) out[i] = sum_of(v[i]);
}

}  // namespace
}  // namespace mixfam
