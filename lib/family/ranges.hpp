#pragma once

#include <mixfam/registry.hpp>

#include "data/blocks.hpp"

#include <cstddef>
#include <vector>

namespace mixfam {

/// What the given columns span, by one pass over the rows of positive weight. Throws Error(data) naming source, row,
/// column and value of the first that is not a finite number.
std::vector<Range> find_ranges(const std::vector<std::size_t>& columns, const Rows& rows);

}  // namespace mixfam
