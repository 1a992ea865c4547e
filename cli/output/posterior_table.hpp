#pragma once

#include "output/column_labels.hpp"

#include <mixfam/mixture.hpp>
#include <mixfam/posterior.hpp>

#include <string>

namespace mixfam::cli {

/// Mean, mode and central interval of each weight and parameter, a line for each number; of matrices the diagonal, of
/// many columns, categories or lines the first ones.
std::string posterior_table(const Posterior& posterior, const Groups& groups, const ColumnLabels& columns);

}  // namespace mixfam::cli
