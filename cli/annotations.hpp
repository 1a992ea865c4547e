#pragma once

#include <mixfam/hdf5.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace mixfam::cli {

/// Where one value for each row of the data is found.
struct RowValuesPlace {
  std::string location;  ///< of an HDF5 data set
  std::string column;    ///< of the data set, or empty: it has only one

  /// How an option names it: "FILE.h5:/path", ":/path" in the file of the data, else a column of the data.
  static RowValuesPlace parse(const std::string& text, const Hdf5Source& data);
};

/// Whether an option names a column of the data.
bool is_column(const std::string& text);

/// Throws Error(data) unless there is a number for each row of the data. `files`, or null, grows by those that were
/// read.
std::vector<double> read_row_weights(const RowValuesPlace& place, const Hdf5Source& data,
                                     std::vector<std::string>* files);

/// The component of each row, or `unlabelled`, and what the components are called; empty where numbers say it.
struct ReadLabels {
  std::vector<std::int32_t> values;
  std::vector<std::string> names;
};

/// Labels of texts stand for components in the order of their codes, which is the sorted one for strings; an empty text
/// is no label. Throws Error(data) unless there is one for each row of the data, each -1 or below `components`.
ReadLabels read_labels(const RowValuesPlace& place, const Hdf5Source& data, std::size_t components,
                       std::vector<std::string>* files);

}  // namespace mixfam::cli
