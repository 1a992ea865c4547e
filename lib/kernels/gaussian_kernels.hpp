#pragma once

#include "kernels.hpp"
#include "simd.hpp"

namespace mixfam {
namespace {

// --- full covariances ---------------------------------------------------------------------------------------------

/// Rows of W and vectors of rows of x at a time: their sums stay in registers.
constexpr int whitened_rows = 4;
constexpr int whitened_vectors = has_many_registers ? 4 : 3;

/// distance[v] += sum of (W_i . (x - mean))^2 over I neighbouring rows i of W, of which the first begins its diagonal
/// at column `full`.
template <int I, int V>
MIXFAM_INLINE void add_whitened_rows(const double* x, std::size_t x_stride, const double* mean, const double* panel,
                                     std::size_t full, Vector* distance) {
  Vector z[I][V];
  repeat<I>([&](auto i) { repeat<V>([&](auto v) { z[i][v] = Vector(0.0); }); });
  for (std::size_t j = 0; j < full; ++j) {
    Vector t[V];
    const Vector m(mean[j]);
    repeat<V>([&](auto v) { t[v] = load(x + j * x_stride + v * lanes) - m; });
    repeat<I>([&](auto i) {
      const Vector w(panel[j * panel_rows + i]);
      repeat<V>([&](auto v) { z[i][v] = xsimd::fma(w, t[v], z[i][v]); });
    });
  }
  x += full * x_stride;
  mean += full;
  panel += full * panel_rows;
  repeat<I>([&](auto j) {
    Vector t[V];
    const Vector m(mean[j]);
    repeat<V>([&](auto v) { t[v] = load(x + j * x_stride + v * lanes) - m; });
    repeat<I>([&](auto i) {
      if constexpr (i() >= j()) {
        const Vector w(panel[j * panel_rows + i]);
        repeat<V>([&](auto v) { z[i][v] = xsimd::fma(w, t[v], z[i][v]); });
      }
    });
  });
  repeat<I>([&](auto i) { repeat<V>([&](auto v) { distance[v] = xsimd::fma(z[i][v], z[i][v], distance[v]); }); });
}

template <int V, int I>
MIXFAM_INLINE void add_last_whitened_rows(std::size_t count, const double* x, std::size_t x_stride, const double* mean,
                                          const double* panel, std::size_t full, Vector* distance) {
  if constexpr (I > 0) {
    if (count == I) {
      add_whitened_rows<I, V>(x, x_stride, mean, panel, full, distance);
    } else {
      add_last_whitened_rows<V, I - 1>(count, x, x_stride, mean, panel, full, distance);
    }
  }
}

/// V vectors of rows, all components.
template <int V>
void add_whitened_tile(const double* x, std::size_t d, std::size_t rows, const WhitenedComponent* components,
                       KernelMatrix L) {
  constexpr std::size_t x_stride = V * lanes;
  for (std::size_t k = 0; k < L.columns; ++k) {
    const WhitenedComponent& component = components[k];
    Vector distance[V];
    repeat<V>([&](auto v) { distance[v] = Vector(0.0); });
    const double* panel = component.panels;
    for (std::size_t first = 0; first < d; first += panel_rows) {
      const std::size_t count = d - first < panel_rows ? d - first : panel_rows;
      std::size_t i = 0;
      for (; i + whitened_rows <= count; i += whitened_rows)
        add_whitened_rows<whitened_rows, V>(x, x_stride, component.mean, panel + i, first + i, distance);
      add_last_whitened_rows<V, whitened_rows - 1>(count - i, x, x_stride, component.mean, panel + i, first + i,
                                                   distance);
      panel += (first + count) * panel_rows;
    }
    double* out = L.data + static_cast<std::ptrdiff_t>(k) * L.stride;
    repeat<V>([&](auto v) {
      const std::size_t at = v * lanes;
      if (at >= rows) return;
      const Vector before = load_some(out + at, rows - at);
      store_some(out + at, xsimd::fma(Vector(-0.5), distance[v], before + Vector(component.log_scale)), rows - at);
    });
  }
}

/// The same for so few columns D that W is one tile.
template <int V, int D>
void add_narrow_whitened_tile(const double* x, std::size_t rows, const WhitenedComponent* components, KernelMatrix L) {
  for (std::size_t k = 0; k < L.columns; ++k) {
    Vector distance[V];
    repeat<V>([&](auto v) { distance[v] = Vector(0.0); });
    add_whitened_rows<D, V>(x, V * lanes, components[k].mean, components[k].panels, 0, distance);
    double* out = L.data + static_cast<std::ptrdiff_t>(k) * L.stride;
    repeat<V>([&](auto v) {
      const std::size_t at = v * lanes;
      if (at >= rows) return;
      const Vector before = load_some(out + at, rows - at) + Vector(components[k].log_scale);
      store_some(out + at, xsimd::fma(Vector(-0.5), distance[v], before), rows - at);
    });
  }
}

template <int V>
void add_whitened_rows_from(std::size_t first, KernelColumns x, const WhitenedComponent* components, KernelMatrix L,
                            double* scratch) {
  const std::size_t rows = x.rows - first < V * lanes ? x.rows - first : V * lanes;
  for (std::size_t j = 0; j < x.count; ++j)
    repeat<V>([&](auto v) {
      const std::size_t at = v * lanes;
      store(scratch + (j * V + v) * lanes, at < rows ? load_some(x.at[j] + first + at, rows - at) : Vector(0.0));
    });
  const KernelMatrix out{L.data + first, L.stride, L.columns};
  if (x.count == 2) {
    add_narrow_whitened_tile<V, 2>(scratch, rows, components, out);
  } else if (x.count == 3) {
    add_narrow_whitened_tile<V, 3>(scratch, rows, components, out);
  } else {
    add_whitened_tile<V>(scratch, x.count, rows, components, out);
  }
}

void add_whitened(KernelColumns x, const WhitenedComponent* components, KernelMatrix L, double* scratch) {
  static_assert(whitened_vectors * lanes <= whitening_rows);
  constexpr std::size_t tile = whitened_vectors * lanes;
  std::size_t first = 0;
  for (; first + tile <= x.rows; first += tile)
    add_whitened_rows_from<whitened_vectors>(first, x, components, L, scratch);
  if (first + lanes < x.rows) {
    add_whitened_rows_from<2>(first, x, components, L, scratch);
    first += 2 * lanes;
  }
  for (; first < x.rows; first += lanes) add_whitened_rows_from<1>(first, x, components, L, scratch);
}

/// Columns on each side of a tile of U'T.
constexpr int scatter_tile = has_many_registers ? 4 : 3;

/// U = r (x - origin), column by column, beside what it is made of.
struct Scatter {
  KernelColumns x;
  const double* origin;
  std::size_t first;  ///< row of x
  std::size_t rows;
  double* U;
  std::size_t stride;
};

/// out(i, j) += sum_n U(n, i) (x(n, j) - origin_j) for I x J columns; of a tile on the diagonal the lower triangle.
template <int I, int J, bool diagonal>
MIXFAM_INLINE void add_scatter_tile(const Scatter& scatter, std::size_t first_i, std::size_t first_j, double* out) {
  const double* U = scatter.U + first_i * scatter.stride;
  const double* x[J];
  Vector origins[J];
  repeat<J>([&](auto j) {
    x[j] = scatter.x.at[first_j + j] + scatter.first;
    origins[j] = Vector(scatter.origin[first_j + j]);
  });
  Vector sums[I * J];
  repeat<I * J>([&](auto t) { sums[t] = Vector(0.0); });
  const auto add = [&](std::size_t n, auto load_one) __attribute__((always_inline)) {
    Vector b[J];
    repeat<J>([&](auto j) { b[j] = load_one(x[j] + n) - origins[j]; });
    repeat<I>([&](auto i) {
      const Vector a = load(U + i * scatter.stride + n);
      repeat<J>([&](auto j) {
        if constexpr (!diagonal || j() <= i()) sums[i * J + j] = xsimd::fma(a, b[j], sums[i * J + j]);
      });
    });
  };
  std::size_t n = 0;
  for (; n + lanes <= scatter.rows; n += lanes)
    add(
        n, [](const double* p) __attribute__((always_inline)) { return load(p); });
  if (n < scatter.rows) {
    const std::size_t rest = scatter.rows - n;
    add(
        n, [rest](const double* p) __attribute__((always_inline)) { return load_part(p, rest); });
  }
  double totals[I * J];
  sums_of<I * J>(sums, totals);
  repeat<I>([&](auto i) {
    const std::size_t row = first_i + i;
    repeat<J>([&](auto j) {
      if constexpr (!diagonal || j() <= i()) out[row * (row + 1) / 2 + first_j + j] += totals[i * J + j];
    });
  });
}

/// The tiles of I rows from the left to the diagonal.
template <int I>
void add_scatter_rows(const Scatter& scatter, std::size_t first_i, double* out) {
  for (std::size_t j = 0; j < first_i; j += scatter_tile)
    add_scatter_tile<I, scatter_tile, false>(scatter, first_i, j, out);
  add_scatter_tile<I, I, true>(scatter, first_i, first_i, out);
}

/// Makes U, with 0 behind the last row, and sums += sum_n r_n (x_n - origin).
void make_weighted_residuals(const Scatter& scatter, const double* r, double* sums) {
  const std::size_t whole = scatter.rows / lanes * lanes;
  for (std::size_t j = 0; j < scatter.x.count; ++j) {
    const double* x = scatter.x.at[j] + scatter.first;
    double* u = scatter.U + j * scatter.stride;
    const Vector o(scatter.origin[j]);
    Vector sum(0.0);
    for (std::size_t n = 0; n < whole; n += lanes) {
      const Vector weighted = (load(x + n) - o) * load(r + n);
      store(u + n, weighted);
      sum += weighted;
    }
    if (whole < scatter.rows) {
      const std::size_t rest = scatter.rows - whole;
      const Vector weighted = (load_part(x + whole, rest) - o) * load_part(r + whole, rest);
      store(u + whole, weighted);
      sum += weighted;
    }
    sums[j] += sum_of(sum);
  }
}

void add_scatter_of(const Scatter& scatter, double* squares) {
  const std::size_t d = scatter.x.count;
  std::size_t i = 0;
  for (; i + scatter_tile <= d; i += scatter_tile) add_scatter_rows<scatter_tile>(scatter, i, squares);
  repeat<scatter_tile - 1>([&](auto rest) {
    if (d - i == static_cast<std::size_t>(rest()) + 1) add_scatter_rows<rest() + 1>(scatter, i, squares);
  });
}

double add_scatter(KernelColumns x, const double* r, const double* origin, double* sums, double* squares,
                   double* scratch) {
  Vector total(0.0);
  for (std::size_t n = 0; n < x.rows; n += lanes) total += load_some(r + n, x.rows - n);
  const double count = sum_of(total);
  if (count == 0) return 0;
  const std::size_t at_a_time = scatter_rows(x.count, x.rows);
  for (std::size_t first = 0; first < x.rows; first += at_a_time) {
    const std::size_t rows = x.rows - first < at_a_time ? x.rows - first : at_a_time;
    const Scatter scatter{x, origin, first, rows, scratch, column_stride(at_a_time)};
    make_weighted_residuals(scatter, r + first, sums);
    add_scatter_of(scatter, squares);
  }
  return count;
}

// --- independent columns ------------------------------------------------------------------------------------------

constexpr int standardised_components = has_many_registers ? 4 : 2;
constexpr int standardised_vectors = 4;

template <int K, int V>
MIXFAM_INLINE void add_standardised_tile(KernelColumns x, std::size_t first, StandardisedComponents components,
                                         std::size_t k, KernelMatrix L) {
  const std::size_t d = x.count;
  const std::size_t rows = x.rows - first;
  Vector distance[K][V];
  repeat<K>([&](auto c) { repeat<V>([&](auto v) { distance[c][v] = Vector(0.0); }); });
  for (std::size_t j = 0; j < d; ++j) {
    Vector values[V];
    repeat<V>(
        [&](auto v) { values[v] = V == 1 ? load_some(x.at[j] + first, rows) : load(x.at[j] + first + v * lanes); });
    repeat<K>([&](auto c) {
      const Vector mean(components.means[(k + c) * d + j]);
      const Vector scale(components.scales[(k + c) * d + j]);
      repeat<V>([&](auto v) {
        const Vector z = scale * (values[v] - mean);
        distance[c][v] = xsimd::fma(z, z, distance[c][v]);
      });
    });
  }
  repeat<K>([&](auto c) {
    double* out = L.data + static_cast<std::ptrdiff_t>(k + c) * L.stride + first;
    const Vector log_scale(components.log_scales[k + c]);
    repeat<V>([&](auto v) {
      const Vector before = V == 1 ? load_some(out, rows) : load(out + v * lanes);
      const Vector after = xsimd::fma(Vector(-0.5), distance[c][v], before + log_scale);
      if constexpr (V == 1) {
        store_some(out, after, rows);
      } else {
        store(out + v * lanes, after);
      }
    });
  });
}

template <int V>
MIXFAM_INLINE void add_standardised_rows(KernelColumns x, std::size_t first, StandardisedComponents components,
                                         KernelMatrix L) {
  std::size_t k = 0;
  for (; k + standardised_components <= L.columns; k += standardised_components)
    add_standardised_tile<standardised_components, V>(x, first, components, k, L);
  for (; k < L.columns; ++k) add_standardised_tile<1, V>(x, first, components, k, L);
}

void add_standardised(KernelColumns x, StandardisedComponents components, KernelMatrix L) {
  constexpr std::size_t tile = standardised_vectors * lanes;
  std::size_t first = 0;
  for (; first + tile <= x.rows; first += tile) add_standardised_rows<standardised_vectors>(x, first, components, L);
  for (; first < x.rows; first += lanes) add_standardised_rows<1>(x, first, components, L);
}

constexpr int moment_components = has_many_registers ? 4 : 2;
constexpr int moment_columns = 2;

template <int K, int J>
MIXFAM_INLINE void add_moment_tile(KernelColumns x, std::size_t j, ConstKernelMatrix R, std::size_t k,
                                   const double* origins, double* sums, double* squares) {
  const std::size_t d = x.count;
  Vector first[K * J];
  Vector second[K * J];
  repeat<K * J>([&](auto t) { first[t] = second[t] = Vector(0.0); });
  const auto add = [&](std::size_t n, auto load_one) __attribute__((always_inline)) {
    Vector values[J];
    repeat<J>([&](auto i) { values[i] = load_one(x.at[j + i] + n); });
    repeat<K>([&](auto c) {
      const Vector r = load_one(R.data + static_cast<std::ptrdiff_t>(k + c) * R.stride + n);
      repeat<J>([&](auto i) {
        const Vector t = values[i] - Vector(origins[(k + c) * d + j + i]);
        const Vector weighted = r * t;
        first[c * J + i] += weighted;
        second[c * J + i] = xsimd::fma(weighted, t, second[c * J + i]);
      });
    });
  };
  std::size_t n = 0;
  for (; n + lanes <= x.rows; n += lanes)
    add(
        n, [](const double* p) __attribute__((always_inline)) { return load(p); });
  if (n < x.rows) {
    const std::size_t rest = x.rows - n;
    add(
        n, [rest](const double* p) __attribute__((always_inline)) { return load_part(p, rest); });
  }
  double totals[2][K * J];
  sums_of<K * J>(first, totals[0]);
  sums_of<K * J>(second, totals[1]);
  repeat<K * J>([&](auto t) {
    const std::size_t at = (k + t() / J) * d + j + t() % J;
    sums[at] += totals[0][t];
    squares[at] += totals[1][t];
  });
}

template <int K>
MIXFAM_INLINE void add_moments_of(KernelColumns x, ConstKernelMatrix R, std::size_t k, const double* origins,
                                  double* sums, double* squares) {
  std::size_t j = 0;
  for (; j + moment_columns <= x.count; j += moment_columns)
    add_moment_tile<K, moment_columns>(x, j, R, k, origins, sums, squares);
  for (; j < x.count; ++j) add_moment_tile<K, 1>(x, j, R, k, origins, sums, squares);
}

void add_moments(KernelColumns x, ConstKernelMatrix R, const double* origins, double* sums, double* squares) {
  std::size_t k = 0;
  for (; k + moment_components <= R.columns; k += moment_components)
    add_moments_of<moment_components>(x, R, k, origins, sums, squares);
  for (; k < R.columns; ++k) add_moments_of<1>(x, R, k, origins, sums, squares);
}

}  // namespace
}  // namespace mixfam
