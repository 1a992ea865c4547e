#pragma once

#include "io/hdf5/row_layout.hpp"

#include <cstddef>
#include <vector>

namespace mixfam::hdf5 {

/// Reads rows of a data set and writes them as they are handed out.
class RowReader {
 public:
  explicit RowReader(RowLayout& layout) : layout_(layout) {}

  /// Rows first .. first + count - 1. Throws Error(data) naming a row that cannot be read or whose code is no category.
  void read(std::size_t first, std::size_t count, std::byte* target);

 private:
  void read_codes(std::size_t first, std::size_t count, std::byte* target);
  void check_codes(std::size_t first, std::size_t count, const std::byte* target) const;
  void gather_columns(std::size_t count, std::byte* target) const;

  RowLayout& layout_;
  std::vector<std::byte> staging_;
};

/// Whether integers among rows as they are handed out are 2^53 or beyond, where double precision leaves some out.
bool has_large_integers(ElementType element, const std::byte* values, std::size_t count);

}  // namespace mixfam::hdf5
