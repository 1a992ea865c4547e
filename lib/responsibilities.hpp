#pragma once

#include <mixfam/family.hpp>
#include <mixfam/statistics.hpp>

#include "blocks.hpp"

namespace mixfam {

/// Statistics of the rows under given responsibilities R (N x K), about the mean of the data.
/// Throws Error(data) for the wrong shape, negative entries, or rows that do not sum to 1.
Statistics statistics_of_responsibilities(const Family& family, ConstMatrixView R, const Rows& rows);

}  // namespace mixfam
