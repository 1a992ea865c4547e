#pragma once

#include "output/column_labels.hpp"

#include <mixfam/mixture.hpp>
#include <mixfam/prior.hpp>

#include <string>

namespace mixfam::cli {

/// Weight and parameters of each component, one column for each column of the data.
std::string components_table(const Mixture& mixture, const ColumnLabels& columns);

/// The hyperparameters, laid out in the same way.
std::string prior_table(const Prior& prior, const Family& family, const ColumnLabels& columns);

}  // namespace mixfam::cli
