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
  /// Whether integers among what was read are 2^53 or beyond, where double precision leaves some out.
  bool saw_large_integers() const { return saw_large_integers_; }

 private:
  void read_codes(std::size_t first, std::size_t count, std::byte* target);
  void check_codes(std::size_t first, std::size_t count, const std::byte* target) const;
  void gather_columns(std::size_t count, std::byte* target) const;
  void find_meaning(std::size_t first, std::size_t count, double* target) const;

  RowLayout& layout_;
  std::vector<std::byte> staging_;  ///< cells before the wanted ones are gathered
  std::vector<std::byte> numbers_;  ///< before it is found what they mean
  bool saw_large_integers_ = false;
};

}  // namespace mixfam::hdf5
