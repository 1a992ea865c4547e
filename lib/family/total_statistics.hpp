#pragma once

#include <mixfam/groups.hpp>
#include <mixfam/statistics.hpp>

#include "data/blocks.hpp"

#include <vector>

namespace mixfam {

/// The first row of a block that is not without weight.
struct FirstRow {
  std::vector<double> values;  ///< D, or none where all rows have weight 0
  bool weighted = false;       ///< whether rows have weights
};
FirstRow first_row(const Rows& rows);

/// The family's origin at a row of D values.
std::vector<double> origin_at_row(const Family& family, ConstVectorView row);

/// Statistics of all rows together, for each group as one component, about the mean row of the data, where nothing
/// cancels.
Statistics total_statistics(const Groups& groups, const Rows& rows);

}  // namespace mixfam
