#pragma once

#include "exp.hpp"
#include "kernels.hpp"
#include "simd.hpp"

namespace mixfam {
namespace {

/// exp of this and less is 0.
constexpr double log_negligible = -1e3;

/// For a vector of rows: r_k = exp(L_k - greatest) / sum, and what sums over rows need.
struct RowAssignment {
  Vector greatest;  // max_k L_k
  Vector sum;       // sum_k exp(L_k - greatest)
  Vector mean;      // sum_k r_k (L_k - greatest)
};

/// Turns K values of L in registers into r, 0 where a row is not alive.
template <int K>
MIXFAM_INLINE RowAssignment assign_registers(Vector* e, Vector alive) {
  Vector greatest = e[0];
  repeat<K - 1>([&](auto k) { greatest = xsimd::max(greatest, e[k + 1]); });
  Vector sum(0.0);
  Vector weighted(0.0);
  repeat<K>([&](auto k) {
    const Vector a = xsimd::max(e[k] - greatest, Vector(log_negligible));
    e[k] = exp_of_negative(a);
    sum += e[k];
    weighted = xsimd::fma(e[k], a, weighted);
  });
  const Vector inverse = Vector(1.0) / sum;
  const Vector scale = inverse * alive;
  repeat<K>([&](auto k) { e[k] *= scale; });
  return {greatest, sum, weighted * inverse};
}

/// K components whose values stay in registers.
template <int K>
MIXFAM_INLINE RowAssignment assign_few(const double* l, std::ptrdiff_t l_stride, double* r, std::ptrdiff_t r_stride,
                                       Vector alive) {
  Vector e[K];
  repeat<K>([&](auto k) { e[k] = load(l + k * l_stride); });
  const RowAssignment row = assign_registers<K>(e, alive);
  repeat<K>([&](auto k) { store(r + k * r_stride, e[k]); });
  return row;
}

MIXFAM_INLINE RowAssignment assign_many(const double* l, std::ptrdiff_t l_stride, double* r, std::ptrdiff_t r_stride,
                                        std::size_t components, Vector alive) {
  const auto count = static_cast<std::ptrdiff_t>(components);
  Vector greatest = load(l);
  for (std::ptrdiff_t k = 1; k < count; ++k) greatest = xsimd::max(greatest, load(l + k * l_stride));
  Vector sum(0.0);
  Vector weighted(0.0);
  for (std::ptrdiff_t k = 0; k < count; ++k) {
    const Vector a = xsimd::max(load(l + k * l_stride) - greatest, Vector(log_negligible));
    const Vector e = exp_of_negative(a);
    store(r + k * r_stride, e);
    sum += e;
    weighted = xsimd::fma(e, a, weighted);
  }
  const Vector inverse = Vector(1.0) / sum;
  const Vector scale = inverse * alive;
  for (std::ptrdiff_t k = 0; k < count; ++k) store(r + k * r_stride, load(r + k * r_stride) * scale);
  return {greatest, sum, weighted * inverse};
}

template <int K>
MIXFAM_INLINE RowAssignment assign_rows(ConstKernelMatrix L, std::size_t n, KernelMatrix R, Vector alive) {
  if constexpr (K == 0) {
    return assign_many(L.data + n, L.stride, R.data + n, R.stride, L.columns, alive);
  } else {
    return assign_few<K>(L.data + n, L.stride, R.data + n, R.stride, alive);
  }
}

/// f with the number of components as a compile-time constant where they fit into registers, else with 0.
template <int K = has_many_registers ? 8 : 4, class F>
MIXFAM_INLINE void with_component_count(std::size_t components, F f) {
  if (components == K) {
    f(Constant<K>());
  } else if constexpr (K > 0) {
    with_component_count<K - 1>(components, f);
  } else {
    f(Constant<0>());
  }
}

template <int K>
void normalise_with(ConstKernelMatrix L, std::size_t rows, KernelMatrix R, double* log_normaliser, double* entropy) {
  for (std::size_t n = 0; n < rows; n += lanes) {
    const RowAssignment row = assign_rows<K>(L, n, R, Vector(1.0));
    const Vector log_sum = xsimd::log(row.sum);
    store(log_normaliser + n, row.greatest + log_sum);
    store(entropy + n, log_sum - row.mean);
  }
}

void normalise(ConstKernelMatrix L, std::size_t rows, KernelMatrix R, double* log_normaliser, double* entropy) {
  with_component_count(L.columns, [&](auto k) { normalise_with<k()>(L, rows, R, log_normaliser, entropy); });
}

/// The logarithms of many sums by that of their product: each is between 1 and K, so that so many of them do not
/// overflow for any K below 2^31.
constexpr std::size_t sums_in_a_product = 32;

/// The sums over rows of what assign_vector(n, alive) finds for the rows from n on.
template <class AssignVector>
MIXFAM_INLINE AssignmentSums sum_assignments(std::size_t rows, AssignVector assign_vector) {
  Vector least(0.0);
  Vector greatest(0.0);
  Vector log_sum(0.0);
  Vector mean(0.0);
  const auto add = [&](std::size_t n, Vector alive, Vector & product) __attribute__((always_inline)) {
    const RowAssignment row = assign_vector(n, alive);
    least = xsimd::min(least, row.greatest * alive);
    greatest = xsimd::fma(row.greatest, alive, greatest);
    mean = xsimd::fma(row.mean, alive, mean);
    product *= xsimd::fma(row.sum, alive, Vector(1.0) - alive);
  };
  for (std::size_t first = 0; first < rows; first += sums_in_a_product * lanes) {
    Vector product(1.0);
    const std::size_t end = rows - first < sums_in_a_product * lanes ? rows : first + sums_in_a_product * lanes;
    std::size_t n = first;
    for (; n + lanes <= end; n += lanes) add(n, Vector(1.0), product);
    if (n < end) {
      double alive[lanes] = {};
      for (std::size_t i = 0; i < end - n; ++i) alive[i] = 1;
      add(n, load(alive), product);
    }
    log_sum += xsimd::log(product);
  }
  double smallest[lanes];
  store(smallest, least);
  for (std::size_t i = 1; i < lanes; ++i) smallest[0] = smallest[i] < smallest[0] ? smallest[i] : smallest[0];
  return {sum_of(greatest) + sum_of(log_sum), sum_of(log_sum - mean), smallest[0]};
}

template <int K>
AssignmentSums assign_with(ConstKernelMatrix L, std::size_t rows, KernelMatrix R) {
  return sum_assignments(
      rows, [&](std::size_t n, Vector alive) __attribute__((always_inline)) { return assign_rows<K>(L, n, R, alive); });
}

AssignmentSums assign(ConstKernelMatrix L, std::size_t rows, KernelMatrix R) {
  AssignmentSums sums = {};
  with_component_count(L.columns, [&](auto k) { sums = assign_with<k()>(L, rows, R); });
  return sums;
}

MIXFAM_INLINE Vector univariate_statistic(Vector x, const LinearComponents&, std::size_t) { return x; }
MIXFAM_INLINE Vector univariate_statistic(Vector x, const QuadraticComponents& components, std::size_t k) {
  return x - Vector(components.origins[k]);
}
MIXFAM_INLINE Vector univariate_slope(Vector, const LinearComponents& components, std::size_t k) {
  return Vector(components.slopes[k]);
}
MIXFAM_INLINE Vector univariate_slope(Vector t, const QuadraticComponents& components, std::size_t k) {
  return t * Vector(components.curvatures[k]);
}

/// From the value of a row to its share in all sums without leaving the registers.
template <int K, class Components, class Sums>
AssignmentSums assign_univariate_with(const double* x, std::size_t rows, const Components& components,
                                      const Sums& sums) {
  constexpr bool has_squares = requires { sums.second; };
  Vector counts[K];
  Vector first[K];
  Vector second[K];
  repeat<K>([&](auto k) { counts[k] = first[k] = second[k] = Vector(0.0); });
  const auto assign_vector = [&](std::size_t n, Vector alive) __attribute__((always_inline)) {
    const Vector value = load_some(x + n, rows - n);
    Vector r[K];
    repeat<K>([&](auto k) {
      const Vector t = univariate_statistic(value, components, k);
      r[k] = xsimd::fma(univariate_slope(t, components, k), t, Vector(components.constants[k]));
    });
    const RowAssignment row = assign_registers<K>(r, alive);
    repeat<K>([&](auto k) {
      const Vector t = univariate_statistic(value, components, k);
      const Vector weighted = r[k] * t;
      counts[k] += r[k];
      first[k] += weighted;
      if constexpr (has_squares) second[k] = xsimd::fma(weighted, t, second[k]);
    });
    return row;
  };
  const AssignmentSums result = sum_assignments(rows, assign_vector);
  repeat<K>([&](auto k) {
    sums.counts[k] += sum_of(counts[k]);
    sums.first[k] += sum_of(first[k]);
    if constexpr (has_squares) sums.second[k] += sum_of(second[k]);
  });
  return result;
}

template <class Components, class Sums, int K = most_univariate_components>
AssignmentSums assign_univariate(const double* x, std::size_t rows, std::size_t count, const Components& components,
                                 const Sums& sums) {
  if constexpr (K == 0) {
    return {};
  } else {
    if (count != K) return assign_univariate<Components, Sums, K - 1>(x, rows, count, components, sums);
    return assign_univariate_with<K>(x, rows, components, sums);
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
