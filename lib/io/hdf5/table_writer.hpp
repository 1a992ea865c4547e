#pragma once

#include "io/hdf5/handles.hpp"

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace mixfam::hdf5 {

/// A column of a data set to be written.
struct WrittenColumn {
  std::string name;  ///< empty where columns have none, which those of a table have
  Handle type;       ///< of a cell, in the file as in memory
};

/// Writes the rows of a data set one after another: N x D where `columns` have one type, else a table.
class TableWriter {
 public:
  /// Rows are the cells of all columns without gaps between them. `as_table`: in any case. The attribute `columns`
  /// holds the names, if any. Throws Error(write), as all members do.
  TableWriter(hid_t file, const std::string& path, const std::vector<WrittenColumn>& columns, std::size_t rows,
              bool as_table);

  std::size_t row_bytes() const { return row_bytes_; }
  void write(const std::byte* rows, std::size_t count);

 private:
  Handle dataset_;
  Handle type_;
  std::size_t cells_ = 0;  ///< of a row; 0 in a table
  std::size_t row_bytes_ = 0;
  std::size_t written_ = 0;
};

/// Makes an HDF5 file by `write` and puts it in place in one step, as `write_atomically` does. Throws Error(write).
void write_file_atomically(const std::string& file, const std::function<void(hid_t)>& write);

/// Booleans as h5py writes them.
Handle boolean_type();
/// Codes 0, 1, .. in 16 bits with their labels.
Handle enumeration_type(const std::vector<std::string>& labels);

}  // namespace mixfam::hdf5
