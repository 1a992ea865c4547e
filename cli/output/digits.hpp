#pragma once

#include <mixfam/parameters.hpp>

#include <vector>

namespace mixfam::cli {

/// Significant digits of numbers of this size among which differences as small as a thousandth of `spread` matter: six
/// at least.
int digits_for(double size, double spread);

/// Significant digits for each number of rows with one schema. What a number is spread by is the standard deviation
/// that the rows hold for its column, such as that of a mean, else the difference between the components.
std::vector<int> digits_of(const Schema& schema, ConstMatrixView rows);

}  // namespace mixfam::cli
