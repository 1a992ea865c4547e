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

/// patterns(g, j) of four rows each: x(4 g, j) + 2 x(4 g + 1, j) + 4 x(4 g + 2, j) + 8 x(4 g + 3, j).
void make_row_patterns(const unsigned char* x, std::size_t rows, std::ptrdiff_t row_stride, std::size_t columns,
                       unsigned char* patterns) {
  for (std::size_t n = 0; n < rows; ++n) {
    const unsigned char* row = x + static_cast<std::ptrdiff_t>(n) * row_stride;
    unsigned char* out = patterns + n / 4 * columns;
    if (n % 4 == 0) {
      for (std::size_t j = 0; j < columns; ++j) out[j] = row[j];
    } else {
      for (std::size_t j = 0; j < columns; ++j) out[j] = static_cast<unsigned char>(out[j] | row[j] << (n % 4));
    }
  }
}

/// tables(g, pattern): sum of those of the four rows of r that the pattern has, 8 doubles wide.
template <int W>
void make_row_tables(const double* r, std::size_t groups, double* tables) {
  for (std::size_t g = 0; g < groups; ++g)
    for (std::size_t w = 0; w < W * lanes; w += lanes) {
      double* table = tables + 16 * g * panel_rows + w;
      store(table, Vector(0.0));
      repeat<15>([&](auto i) {
        constexpr int pattern = i() + 1;
        constexpr int lowest = pattern & 1 ? 0 : pattern & 2 ? 1 : pattern & 4 ? 2 : 3;
        const Vector rest = load(table + (pattern & (pattern - 1)) * static_cast<int>(panel_rows));
        const Vector one = load(r + (4 * g + lowest) * panel_rows + w);
        store(table + pattern * static_cast<int>(panel_rows), rest + one);
      });
    }
}

/// zeros += the rows of the tables that the patterns do not have, ones += those that they have.
template <int W>
MIXFAM_INLINE void add_row_tables(const double* tables, std::size_t groups, const unsigned char* patterns,
                                  std::size_t pattern_stride, double* zeros, double* ones) {
  constexpr std::size_t all = 15;
  Vector sums[2][W];
  repeat<W>([&](auto w) {
    sums[0][w] = load(zeros + w * lanes);
    sums[1][w] = load(ones + w * lanes);
  });
  for (std::size_t g = 0; g < groups; ++g) {
    const std::size_t pattern = patterns[g * pattern_stride];
    const double* without = tables + (16 * g + (pattern ^ all)) * panel_rows;
    const double* with = tables + (16 * g + pattern) * panel_rows;
    repeat<W>([&](auto w) {
      sums[0][w] += load(without + w * lanes);
      sums[1][w] += load(with + w * lanes);
    });
  }
  repeat<W>([&](auto w) {
    store(zeros + w * lanes, sums[0][w]);
    store(ones + w * lanes, sums[1][w]);
  });
}

void add_binary_counts(const unsigned char* x, std::size_t rows, std::ptrdiff_t row_stride, std::size_t columns,
                       ConstKernelMatrix R, std::size_t width, double* sums, double* scratch) {
  constexpr int W = static_cast<int>(panel_rows / lanes);
  double* r = scratch;
  double* tables = r + binary_rows * panel_rows;
  auto* patterns = reinterpret_cast<unsigned char*>(tables + 16 * binary_rows / 4 * panel_rows);
  for (std::size_t first = 0; first < rows; first += binary_rows) {
    const std::size_t count = rows - first < binary_rows ? rows - first : binary_rows;
    const std::size_t groups = (count + 3) / 4;
    make_row_patterns(x + static_cast<std::ptrdiff_t>(first) * row_stride, count, row_stride, columns, patterns);
    for (std::size_t k = 0; k < width; k += panel_rows) {
      for (std::size_t n = 0; n < 4 * groups; ++n)
        for (std::size_t i = 0; i < panel_rows; ++i)
          r[n * panel_rows + i] =
              n < count && k + i < R.columns
                  ? R.data[static_cast<std::ptrdiff_t>(k + i) * R.stride + static_cast<std::ptrdiff_t>(first + n)]
                  : 0;
      make_row_tables<W>(r, groups, tables);
      for (std::size_t j = 0; j < columns; ++j)
        add_row_tables<W>(tables, groups, patterns + j, columns, sums + 2 * j * width + k,
                          sums + (2 * j + 1) * width + k);
    }
  }
}

}  // namespace
}  // namespace mixfam
