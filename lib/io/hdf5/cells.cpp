#include "io/hdf5/cells.hpp"

#include <mixfam/error.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace mixfam::hdf5 {

Handle CellReader::memory_space(std::size_t count) const {
  const std::array<hsize_t, 2> size = {count, cells};
  return require(H5Screate_simple(rank, size.data(), nullptr), where, "describe rows in memory");
}

/// Why the rows could not be read, if so.
std::optional<std::string> CellReader::try_read(std::size_t first, std::size_t count, hid_t type,
                                                std::byte* target) const {
  const std::array<hsize_t, 2> start = {first, first_cell};
  const std::array<hsize_t, 2> size = {count, cells};
  const Handle space = require(H5Dget_space(dataset), where, "read its shape");
  const Handle memory = memory_space(count);
  require_status(H5Sselect_hyperslab(space.id(), H5S_SELECT_SET, start.data(), nullptr, size.data(), nullptr), where,
                 "choose rows");
  if (H5Dread(dataset, type, memory.id(), space.id(), H5P_DEFAULT, target) >= 0) return std::nullopt;
  return ErrorStack::last().cause();
}

void CellReader::read(std::size_t first, std::size_t count, hid_t type, std::byte* target) const {
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
