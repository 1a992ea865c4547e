#include "io/hdf5/read_plan.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <numeric>

namespace mixfam::hdf5 {

namespace {

/// Chunks taller than this are read in parts, although each part unpacks the whole chunk.
constexpr std::size_t largest_aligned_read = std::size_t{256} << 20;

/// HDF5 takes some 6 kB for each chunk that a read touches.
constexpr std::size_t bytes_for_a_chunk_in_a_read = 6 << 10;
constexpr std::size_t most_chunks_in_a_read = 1024;

/// To unpack a chunk HDF5 holds it packed and unpacked, and the unpacked one grows by doubling.
constexpr std::size_t copies_to_unpack = 3;

}  // namespace

ReadPlan plan_reads(const RowLayout& layout, hid_t creation, std::size_t rows, std::size_t read_bytes) {
  const CellReader& reader = layout.reader;
  ReadPlan plan;
  std::size_t most_units = rows;
  if (H5Pget_layout(creation) == H5D_CHUNKED) {
    std::array<hsize_t, H5S_MAX_RANK> chunk = {};
    require_status(H5Pget_chunk(creation, static_cast<int>(chunk.size()), chunk.data()), reader.where,
                   "read its chunk shape");
    const std::size_t row_axis = reader.transposed ? 1 : 0;
    const hsize_t chunk_columns = chunk[1 - row_axis];
    plan.unit = std::clamp<std::size_t>(chunk[row_axis], 1, rows);
    const hsize_t last_cell = reader.first_cell + reader.cells - 1;
    const std::size_t across = reader.rank == 2 ? last_cell / chunk_columns - reader.first_cell / chunk_columns + 1 : 1;
    most_units = std::max<std::size_t>(1, most_chunks_in_a_read / across);
    const std::size_t values =
        std::accumulate(chunk.begin(), chunk.begin() + reader.rank, std::size_t{1}, std::multiplies<>());
    const Handle type = require(H5Dget_type(reader.dataset), reader.where, "read its type");
    plan.unpack_bytes = most_chunks_in_a_read * bytes_for_a_chunk_in_a_read;
    if (H5Pget_nfilters(creation) > 0) plan.unpack_bytes += copies_to_unpack * values * H5Tget_size(type.id());
  }
  const std::size_t bytes = std::max(layout.row_bytes, layout.strings.row_bytes());
  const std::size_t fitting = std::max<std::size_t>(1, read_bytes / bytes);
  const std::size_t largest = std::max<std::size_t>(1, std::max(read_bytes, largest_aligned_read) / bytes);
  if (plan.unit > largest) {
    plan.unit = 1;
    plan.block_rows = largest;
  } else {
    plan.block_rows = std::max<std::size_t>(1, std::min(fitting / plan.unit, most_units)) * plan.unit;
  }
  return plan;
}

}  // namespace mixfam::hdf5
