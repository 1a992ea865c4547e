#pragma once

#include <mixfam/source.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace mixfam::cli {

/// What the rows of a fit come to, those of weight 0 left out.
struct DataSummary {
  std::size_t rows_used = 0;
  double total_weight = 0;
  std::size_t labelled_rows = 0;
  std::vector<std::size_t> missing;                                       ///< cells that are NaN, by column
  std::optional<std::pair<std::size_t, std::size_t>> first_missing = {};  ///< row and column

  std::size_t missing_cells() const;
};

/// Reads the rows once, but of whole numbers without weights and labels a single chunk.
DataSummary summarize(Source& source);

/// Throws Error(data) where cells are missing that the source has no gaps for: the first, how many, and where.
void refuse_gaps(const Source& source, const DataSummary& summary);

}  // namespace mixfam::cli
