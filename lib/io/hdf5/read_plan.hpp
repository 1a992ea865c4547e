#pragma once

#include "io/hdf5/row_layout.hpp"

#include <cstddef>

namespace mixfam::hdf5 {

/// How much of a data set is read at a time.
struct ReadPlan {
  std::size_t unit = 1;          ///< rows that are read as a whole: those of a chunk of the file
  std::size_t block_rows = 1;    ///< rows of one read, a multiple of the unit
  std::size_t unpack_bytes = 0;  ///< what HDF5 takes for the chunks of one read
};

/// Reads of about `read_bytes`, in whole chunks as far as these are not too tall.
ReadPlan plan_reads(const RowLayout& layout, hid_t creation, std::size_t rows, std::size_t read_bytes);

}  // namespace mixfam::hdf5
