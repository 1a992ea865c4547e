#pragma once

#include "io/text/records.hpp"

#include <mixfam/convert.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace mixfam::text {

/// What the values of a column are, all of them.
enum class ColumnKind { integer, real, boolean, category };

struct Column {
  std::size_t number = 0;  ///< in the file
  std::string name;        ///< empty where columns have no names
  ColumnKind kind = ColumnKind::integer;
  std::size_t gaps = 0;
  std::vector<std::string> labels;  ///< of categories, sorted
};

/// What a text holds.
struct Survey {
  bool header = false;
  std::size_t cells = 0;  ///< of a record
  std::size_t rows = 0;
  std::vector<Column> columns;  ///< those that were chosen
  std::vector<std::string> notes;
};

/// Reads all of a text once, or twice where a column has numbers before texts. Throws Error(data) naming the line for
/// records of different length and numbers beyond double precision, and the column for texts that are too many to be
/// categories.
Survey survey(Records& records, const std::string& file, const ConvertOptions& options);

/// Throws Error(data) where a record has another number of cells than the first.
void require_cells(const Records& records, std::size_t cells);

}  // namespace mixfam::text
