#pragma once

#include <mixfam/mixture.hpp>
#include <mixfam/prior.hpp>

#include <string>
#include <vector>

namespace mixfam::cli {

/// Weight and parameters of each component, one column for each column of the data.
std::string components_table(const Mixture& mixture, const std::vector<std::string>& column_names);

/// The hyperparameters, laid out in the same way.
std::string prior_table(const Prior& prior, const Family& family, const std::vector<std::string>& column_names);

}  // namespace mixfam::cli
