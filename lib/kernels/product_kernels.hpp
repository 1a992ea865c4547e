#pragma once

#include "kernels.hpp"
#include "simd.hpp"

namespace mixfam {
namespace {

/// Components and vectors of rows of a tile of L.
constexpr int product_components = has_many_registers ? 8 : 4;
constexpr int product_vectors = 2;

template <int K, int V>
MIXFAM_INLINE void add_product_tile(KernelColumns T, std::size_t first, const double* panel, double* L,
                                    std::ptrdiff_t stride) {
  const std::size_t rows = T.rows - first;
  const auto load_tile = [&](const double* p) __attribute__((always_inline)) {
    if constexpr (V == 1) return load_some(p, rows);
    return load(p);
  };
  Vector sums[K][V];
  repeat<K>([&](auto k) { repeat<V>([&](auto v) { sums[k][v] = load_tile(L + k * stride + first + v * lanes); }); });
  for (std::size_t p = 0; p < T.count; ++p) {
    Vector t[V];
    repeat<V>([&](auto v) { t[v] = load_tile(T.at[p] + first + v * lanes); });
    repeat<K>([&](auto k) {
      const Vector c(panel[p * panel_rows + k]);
      repeat<V>([&](auto v) { sums[k][v] = xsimd::fma(c, t[v], sums[k][v]); });
    });
  }
  repeat<K>([&](auto k) {
    repeat<V>([&](auto v) {
      double* out = L + k * stride + first + v * lanes;
      if constexpr (V == 1) {
        store_some(out, sums[k][v], rows);
      } else {
        store(out, sums[k][v]);
      }
    });
  });
}

template <int K>
void add_products_of(KernelColumns T, const double* panel, double* L, std::ptrdiff_t stride) {
  constexpr std::size_t tile = product_vectors * lanes;
  std::size_t first = 0;
  for (; first + tile <= T.rows; first += tile) add_product_tile<K, product_vectors>(T, first, panel, L, stride);
  for (; first < T.rows; first += lanes) add_product_tile<K, 1>(T, first, panel, L, stride);
}

void add_products(KernelColumns T, const double* panels, KernelMatrix L) {
  for (std::size_t first = 0; first < L.columns; first += panel_rows) {
    const std::size_t count = L.columns - first < panel_rows ? L.columns - first : panel_rows;
    double* columns = L.data + static_cast<std::ptrdiff_t>(first) * L.stride;
    const auto at = [&](std::size_t k) { return columns + static_cast<std::ptrdiff_t>(k) * L.stride; };
    std::size_t k = 0;
    for (; k + product_components <= count; k += product_components)
      add_products_of<product_components>(T, panels + k, at(k), L.stride);
    repeat<product_components - 1>([&](auto rest) {
      if (count - k == static_cast<std::size_t>(rest()) + 1) {
        add_products_of<rest() + 1>(T, panels + k, at(k), L.stride);
        k = count;
      }
    });
    panels += T.count * panel_rows;
  }
}

constexpr int sum_tile = has_many_registers ? 4 : 3;

template <int K, int P>
MIXFAM_INLINE void accumulate_product_tile(KernelColumns T, std::size_t p, ConstKernelMatrix R, std::size_t k,
                                           double* S, std::size_t row_stride) {
  Vector sums[K * P];
  repeat<K * P>([&](auto t) { sums[t] = Vector(0.0); });
  const auto add = [&](std::size_t n, auto load_one) __attribute__((always_inline)) {
    Vector values[P];
    repeat<P>([&](auto i) { values[i] = load_one(T.at[p + i] + n); });
    repeat<K>([&](auto c) {
      const Vector r = load_one(R.data + static_cast<std::ptrdiff_t>(k + c) * R.stride + n);
      repeat<P>([&](auto i) { sums[c * P + i] = xsimd::fma(r, values[i], sums[c * P + i]); });
    });
  };
  std::size_t n = 0;
  for (; n + lanes <= T.rows; n += lanes)
    add(
        n, [](const double* p_) __attribute__((always_inline)) { return load(p_); });
  if (n < T.rows) {
    const std::size_t rest = T.rows - n;
    add(
        n, [rest](const double* p_) __attribute__((always_inline)) { return load_part(p_, rest); });
  }
  double totals[K * P];
  sums_of<K * P>(sums, totals);
  repeat<K * P>([&](auto t) { S[(k + t() / P) * row_stride + p + t() % P] += totals[t]; });
}

template <int K>
void accumulate_products_of(KernelColumns T, ConstKernelMatrix R, std::size_t k, double* S, std::size_t row_stride) {
  std::size_t p = 0;
  for (; p + sum_tile <= T.count; p += sum_tile) accumulate_product_tile<K, sum_tile>(T, p, R, k, S, row_stride);
  for (; p < T.count; ++p) accumulate_product_tile<K, 1>(T, p, R, k, S, row_stride);
}

void accumulate_products(KernelColumns T, ConstKernelMatrix R, double* S, std::size_t row_stride) {
  std::size_t k = 0;
  for (; k + sum_tile <= R.columns; k += sum_tile) accumulate_products_of<sum_tile>(T, R, k, S, row_stride);
  for (; k < R.columns; ++k) accumulate_products_of<1>(T, R, k, S, row_stride);
}

}  // namespace
}  // namespace mixfam
