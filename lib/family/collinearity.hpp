#pragma once

#include <mixfam/family.hpp>

#include <vector>

namespace mixfam {

/// The linear relations between columns whose covariance is A (D x D): each column that is determined by the columns
/// before it to within rounding gives one, whose first factor is 1. Found on the correlations, so that units do not
/// matter. Empty where A is positive definite.
std::vector<std::vector<ColumnTerm>> constant_combinations(ConstMatrixView A);

}  // namespace mixfam
