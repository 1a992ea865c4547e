#include "io/hdf5/cells.hpp"

#include <mixfam/error.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>
#include <vector>

namespace mixfam::hdf5 {

/// A pair for the axes of the file.
std::array<hsize_t, 2> CellReader::in_file(hsize_t rows, hsize_t columns) const {
  return transposed ? std::array{columns, rows} : std::array{rows, columns};
}

Handle CellReader::memory_space(std::size_t count) const {
  const std::array<hsize_t, 2> size = in_file(count, cells);
  return require(H5Screate_simple(rank, size.data(), nullptr), where, "describe rows in memory");
}

/// Why the rows could not be read, if so.
std::optional<std::string> CellReader::try_read(std::size_t first, std::size_t count, hid_t type,
                                                std::byte* target) const {
  const std::array<hsize_t, 2> start = in_file(first, first_cell);
  const std::array<hsize_t, 2> size = in_file(count, cells);
  const Handle space = require(H5Dget_space(dataset), where, "read its shape");
  const Handle memory = memory_space(count);
  require_status(H5Sselect_hyperslab(space.id(), H5S_SELECT_SET, start.data(), nullptr, size.data(), nullptr), where,
                 "choose rows");
  if (H5Dread(dataset, type, memory.id(), space.id(), H5P_DEFAULT, target) >= 0) return std::nullopt;
  return ErrorStack::last().cause();
}

void CellReader::read(std::size_t first, std::size_t count, hid_t type, std::byte* target) const {
  if (!transposed) return read_as_stored(first, count, type, target);
  const std::size_t size = H5Tget_size(type);
  std::vector<std::byte> columns(count * cells * size);
  read_as_stored(first, count, type, columns.data());
  for (std::size_t n = 0; n < count; ++n)
    for (std::size_t j = 0; j < cells; ++j)
      std::memcpy(target + (n * cells + j) * size, columns.data() + (j * count + n) * size, size);
}

void CellReader::read_as_stored(std::size_t first, std::size_t count, hid_t type, std::byte* target) const {
  auto cause = try_read(first, count, type, target);
  if (!cause) return;
  // Chunk by chunk, to name the rows that are lost.
  std::size_t bad = first;
  std::size_t bad_rows = count;
  for (std::size_t row = first; row < first + count; row += unit) {
    const std::size_t part = std::min(unit, first + count - row);
    if (auto failure = try_read(row, part, type, target)) {
      bad = row;
      bad_rows = part;
      cause = std::move(failure);
      break;
    }
  }
  throw Error(ErrorKind::data, where + ": cannot read rows " + std::to_string(bad) + " to " +
                                   std::to_string(bad + bad_rows - 1) + " (from 0): " + *cause);
}

}  // namespace mixfam::hdf5
