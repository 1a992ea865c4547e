#pragma once

#include "io/hdf5/handles.hpp"

#include <cstddef>
#include <optional>
#include <string>

namespace mixfam::hdf5 {

/// Reads neighbouring cells of the rows of a data set; a record of a table is one cell.
struct CellReader {
  hid_t dataset = H5I_INVALID_HID;
  std::string where;
  int rank = 1;
  hsize_t first_cell = 0;
  hsize_t cells = 1;
  std::size_t unit = 1;  ///< rows of a chunk of the file

  /// Rows first .. first + count - 1 as values of a type. Throws Error(data) naming the rows that are lost.
  void read(std::size_t first, std::size_t count, hid_t type, std::byte* target) const;

  /// The space of so many rows in memory.
  Handle memory_space(std::size_t count) const;

 private:
  std::optional<std::string> try_read(std::size_t first, std::size_t count, hid_t type, std::byte* target) const;
};

}  // namespace mixfam::hdf5
