#pragma once

#include <mixfam/groups.hpp>
#include <mixfam/statistics.hpp>

#include "data/blocks.hpp"

#include <string>

namespace mixfam {

/// Throws Error(data) naming the place where entries are negative or rows do not sum to 1.
void check_responsibilities(ConstMatrixView R, const std::string& where);

/// Statistics of the rows under given responsibilities R (N x K), about the mean of the data.
/// Throws Error(data) for the wrong shape, negative entries, or rows that do not sum to 1.
Statistics statistics_of_responsibilities(const Groups& groups, ConstMatrixView R, const Rows& rows);

}  // namespace mixfam
