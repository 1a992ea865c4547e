#pragma once

#include <mixfam/source.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace mixfam::cli {

/// What a column of the data holds, gaps aside.
struct ColumnSummary {
  std::string name;
  std::vector<std::string> labels;  ///< by code; empty where its values are numbers
  std::size_t rows = 0;
  std::size_t gaps = 0;
  double least = 0;  ///< as the others below: NaN where all rows are gaps
  double greatest = 0;
  double mean = 0;
  bool whole = true;             ///< whole numbers only
  std::vector<double> distinct;  ///< sorted; empty where they are more than `most_distinct`
  std::size_t most_distinct = 0;
  std::vector<std::string> families;  ///< specifications of those over one column that take all of its values
  std::string unreadable;             ///< why it cannot be read, if so; then nothing else is known

  bool has_values() const { return gaps < rows; }
  std::string type() const;
};

/// Reads the source once.
std::vector<ColumnSummary> summarise_columns(Source& source);

}  // namespace mixfam::cli
