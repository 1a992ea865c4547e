#pragma once

#include "kernels.hpp"
#include "simd.hpp"

namespace mixfam {
namespace {

/// Rows that are looked up together, so that the rows of tables that a few groups need stay in the first cache.
constexpr std::size_t groups_at_a_time = 8;

template <int W>
MIXFAM_INLINE void add_rows_of_groups(const std::uint32_t* index, std::size_t count, const double* tables,
                                      std::size_t width, double* out) {
  Vector sums[W];
  repeat<W>([&](auto w) { sums[w] = load(out + w * lanes); });
  for (std::size_t g = 0; g < count; ++g) {
    const double* row = tables + index[g] * width;
    repeat<W>([&](auto w) { sums[w] += load(row + w * lanes); });
  }
  repeat<W>([&](auto w) { store(out + w * lanes, sums[w]); });
}

template <int W>
void add_group_rows(const std::uint32_t* index, std::size_t rows, std::size_t groups, const double* tables,
                    std::size_t width, double* sums) {
  for (std::size_t g = 0; g < groups; g += groups_at_a_time) {
    const std::size_t count = groups - g < groups_at_a_time ? groups - g : groups_at_a_time;
    for (std::size_t n = 0; n < rows; ++n)
      add_rows_of_groups<W>(index + n * groups + g, count, tables, width, sums + n * width);
  }
}

template <int W>
void scatter_group_rows(const std::uint32_t* index, std::size_t rows, std::size_t groups, const double* R,
                        double* tables, std::size_t width) {
  for (std::size_t g = 0; g < groups; g += groups_at_a_time) {
    const std::size_t last = groups - g < groups_at_a_time ? groups : g + groups_at_a_time;
    for (std::size_t n = 0; n < rows; ++n) {
      Vector r[W];
      repeat<W>([&](auto w) { r[w] = load(R + n * width + w * lanes); });
      for (std::size_t i = g; i < last; ++i) {
        double* row = tables + index[n * groups + i] * width;
        repeat<W>([&](auto w) { store(row + w * lanes, load(row + w * lanes) + r[w]); });
      }
    }
  }
}

/// f with 8 columns of doubles as vectors of the instruction set, for each 8 of the width.
template <class F>
MIXFAM_INLINE void for_each_eight(std::size_t width, F f) {
  for (std::size_t first = 0; first < width; first += 8) f(first, Constant<static_cast<int>(8 / lanes)>());
}

void add_table_rows(const std::uint32_t* index, std::size_t rows, std::size_t groups, const double* tables,
                    std::size_t width, KernelMatrix L, double* scratch) {
  for (std::size_t n = 0; n < rows; ++n)
    for (std::size_t k = 0; k < width; ++k)
      scratch[n * width + k] =
          k < L.columns ? L.data[static_cast<std::ptrdiff_t>(k) * L.stride + static_cast<std::ptrdiff_t>(n)] : 0;
  for_each_eight(width, [&](std::size_t first, auto vectors) {
    add_group_rows<vectors()>(index, rows, groups, tables + first, width, scratch + first);
  });
  for (std::size_t n = 0; n < rows; ++n)
    for (std::size_t k = 0; k < L.columns; ++k)
      L.data[static_cast<std::ptrdiff_t>(k) * L.stride + static_cast<std::ptrdiff_t>(n)] = scratch[n * width + k];
}

void scatter_to_table_rows(const std::uint32_t* index, std::size_t rows, std::size_t groups, ConstKernelMatrix R,
                           double* tables, std::size_t width, double* scratch) {
  for (std::size_t n = 0; n < rows; ++n)
    for (std::size_t k = 0; k < width; ++k)
      scratch[n * width + k] =
          k < R.columns ? R.data[static_cast<std::ptrdiff_t>(k) * R.stride + static_cast<std::ptrdiff_t>(n)] : 0;
  for_each_eight(width, [&](std::size_t first, auto vectors) {
    scatter_group_rows<vectors()>(index, rows, groups, scratch + first, tables + first, width);
  });
}

void index_patterns(const unsigned char* x, std::size_t rows, std::ptrdiff_t row_stride, std::size_t columns,
                    std::uint32_t* index) {
  const std::size_t groups = (columns + 3) / 4;
  for (std::size_t n = 0; n < rows; ++n) {
    const unsigned char* row = x + static_cast<std::ptrdiff_t>(n) * row_stride;
    std::uint32_t* out = index + n * groups;
    for (std::size_t g = 0; g < columns / 4; ++g)
      out[g] = static_cast<std::uint32_t>(16 * g) + row[4 * g] + 2u * row[4 * g + 1] + 4u * row[4 * g + 2] +
               8u * row[4 * g + 3];
    if (columns % 4 == 0) continue;
    std::uint32_t last = static_cast<std::uint32_t>(16 * (groups - 1));
    for (std::size_t j = 4 * (groups - 1); j < columns; ++j) last += static_cast<std::uint32_t>(row[j]) << (j % 4);
    out[groups - 1] = last;
  }
}

/// Halves the 2^(B + 1) rows by their highest bit: sums of the halves, then the rest of the bits over both.
template <int B>
MIXFAM_INLINE void sum_pattern_bits(Vector* rows, double* sums, std::size_t width) {
  constexpr int half = 1 << B;
  Vector without = rows[0];
  Vector with = rows[half];
  repeat<half - 1>([&](auto i) {
    without += rows[i + 1];
    with += rows[half + i + 1];
  });
  store(sums + 2 * B * width, without);
  store(sums + (2 * B + 1) * width, with);
  if constexpr (B > 0) {
    repeat<half>([&](auto i) { rows[i] += rows[half + i]; });
    sum_pattern_bits<B - 1>(rows, sums, width);
  }
}

void sum_patterns(const double* tables, std::size_t groups, std::size_t width, double* sums) {
  for (std::size_t g = 0; g < groups; ++g)
    for (std::size_t k = 0; k < width; k += lanes) {
      Vector rows[16];
      repeat<16>([&](auto i) { rows[i] = load(tables + (16 * g + i()) * width + k); });
      sum_pattern_bits<3>(rows, sums + 8 * g * width + k, width);
    }
}

}  // namespace
}  // namespace mixfam
