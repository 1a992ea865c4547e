#pragma once

#include <mixfam/source.hpp>

#include <cstddef>

namespace mixfam {

/// Rows as they lie in a source: value (n, j) is n * row_stride + j * column_stride elements from the first.
struct NativeRows {
  const void* data = nullptr;
  ElementType type = ElementType::float64;
  std::ptrdiff_t row_stride = 0;
  std::ptrdiff_t column_stride = 0;
};

/// Rows of data in cache, column by column, as families see them. Column j holds `rows` doubles.
struct Block {
  const double* const* columns = nullptr;
  std::size_t column_count = 0;
  std::size_t rows = 0;
  NativeRows native = {};  ///< instead of columns, for a family that reads this type: see Family::reads_native
  const Block* of_factors = nullptr;  ///< instead of columns, one for each factor of a product: see Step::prepare
  /// Null where no cell is missing. Else for each column null, or a byte for each row, 1 where its cell is missing; the
  /// column holds NaN there.
  const unsigned char* const* missing = nullptr;
  const void* made = nullptr;  ///< what Step::prepare made besides, for the step itself

  const double* column(std::size_t j) const { return columns[j]; }
  bool is_missing(std::size_t n, std::size_t j) const { return missing && missing[j] && missing[j][n]; }
};

}  // namespace mixfam
