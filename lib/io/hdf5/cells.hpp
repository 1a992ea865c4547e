#pragma once

#include "io/hdf5/handles.hpp"

#include <array>
#include <cstddef>
#include <optional>
#include <string>

namespace mixfam::hdf5 {

/// Reads neighbouring cells of the rows of a data set; a record of a table is one cell. Rows of a transposed data set
/// lie along its second axis.
struct CellReader {
  hid_t dataset = H5I_INVALID_HID;
  std::string where;
  int rank = 1;
  bool transposed = false;
  hsize_t first_cell = 0;
  hsize_t cells = 1;
  std::size_t unit = 1;  ///< rows of a chunk of the file

  /// Rows first .. first + count - 1 as values of a type, row after row. Throws Error(data) naming the rows that are
  /// lost.
  void read(std::size_t first, std::size_t count, hid_t type, std::byte* target) const;

  /// The space of so many rows in memory.
  Handle memory_space(std::size_t count) const;

 private:
  std::array<hsize_t, 2> in_file(hsize_t rows, hsize_t columns) const;
  void read_as_stored(std::size_t first, std::size_t count, hid_t type, std::byte* target) const;
  std::optional<std::string> try_read(std::size_t first, std::size_t count, hid_t type, std::byte* target) const;
};

}  // namespace mixfam::hdf5
