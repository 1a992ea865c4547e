#pragma once

#include <mixfam/groups.hpp>
#include <mixfam/source.hpp>

#include "data/blocks.hpp"

namespace mixfam {

/// What every method needs to know of the data before it begins.
struct DataCheck {
  double log_base = 0;      ///< sum_n w_n log h(x_n) of a single group; 0 of several, whose h is part of the E-step
  double total_weight = 0;  ///< sum_n w_n
  double informative_weight = 0;  ///< of the rows that have an observed cell or a label
  double missing_cells = 0;       ///< how many cells of rows of positive weight are missing
};

/// One pass that proves the data fit for every family. Rows of weight 0 may hold anything.
/// Throws Error(data) naming source, row, column, value and rule; Error(usage) when the numbers of columns differ.
DataCheck check_data(const Groups& groups, const Rows& rows);

/// Throws Error(data) when fewer than `components` rows differ; stops reading as soon as enough are seen.
void check_distinct_rows(std::size_t components, const Rows& rows);

/// "ages.h5:/X row 17", "column 2 ("income")", and both.
std::string describe_row(const Source& source, std::size_t row);
std::string describe_column(const Source& source, std::size_t column);
/// An empty name is none.
std::string describe_column(std::size_t column, const std::string& name);
std::string describe_cell(const Source& source, std::size_t row, std::size_t column);

}  // namespace mixfam
