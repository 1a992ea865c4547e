#pragma once

#include "output/column_labels.hpp"

#include <mixfam/fit.hpp>
#include <mixfam/mixture.hpp>

#include <string>
#include <vector>

namespace mixfam::cli {

/// Weight and parameters of each component, one column for each column of the data. `names` of the first components
/// stand beside their numbers.
std::string components_table(const Mixture& mixture, const ColumnLabels& columns,
                             const std::vector<std::string>& names = {});

/// The hyperparameters, laid out in the same way.
std::string prior_table(const FitOptions& options, const Groups& groups, const ColumnLabels& columns);

}  // namespace mixfam::cli
