#pragma once

#include <mixfam/parameters.hpp>

#include <vector>

namespace mixfam::cli {

/// Significant digits of numbers of this size among which differences as small as a thousandth of `spread` matter: six
/// at least.
int digits_for(double size, double spread);

/// Significant digits for each number of a table's rows. What a number is spread by is the standard deviation that the
/// table holds for its column, such as that of a mean, else the difference between the components.
std::vector<int> digits_of(const ParameterTable& table);

}  // namespace mixfam::cli
