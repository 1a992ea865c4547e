#pragma once

#include <mixfam/export.hpp>

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace mixfam {

struct ConvertOptions {
  /// Columns to take, by name or by number from 0, in this order; empty: all.
  std::vector<std::string> columns;
  /// What stands between the cells of a text; none: a comma, tab or semicolon, whichever its first line has most of.
  std::optional<char> delimiter;
  /// Whether the first line of a text holds the names of the columns; none: found from the first two lines.
  std::optional<bool> header;
  /// Called after each block of rows; what it throws ends the conversion, and nothing is written.
  std::function<void()> after_block;
};

/// A column as it was written.
struct ConvertedColumn {
  std::string name;  ///< its number from 0 where it has no name
  std::string type;  ///< "int64", "float64", "bool", "3 categories"
  std::size_t gaps = 0;
};

/// A data set that was written.
struct ConvertedTable {
  std::string path;
  std::size_t rows = 0;
  std::vector<ConvertedColumn> columns;
};

struct Conversion {
  std::vector<ConvertedTable> tables;
  std::optional<bool> header;      ///< of a text, whether its first line holds the names of the columns
  std::vector<std::string> notes;  ///< what a reader should know: a column of numbers that a word makes one of text
};

/// Writes a text of delimited cells (RFC 4180), a NumPy array (.npy) or an archive of them (.npz) as an HDF5 file that
/// `Hdf5Source` reads; which of them it is, its first bytes say. The data set is /data, in an archive one named after
/// each array: N x D of one numeric type, or a table with a member for each column, whose texts are an enumeration. A
/// cell that is empty, NA, N/A, NaN or null is a gap, written as NaN or as the code -1 of an enumeration. The input is
/// read twice, three times where numbers are followed by text, in bounded memory; the output is replaced in one step.
/// Throws Error(data) naming file, line and rule, Error(usage) where both files are the same, Error(write).
MIXFAM_API Conversion convert_to_hdf5(const std::string& input, const std::string& output,
                                      const ConvertOptions& options = {});

}  // namespace mixfam
