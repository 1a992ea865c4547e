#pragma once

#include "fit_outcome.hpp"

#include <string>

namespace mixfam::cli {

/// The result of `mixfam fit --json`.
std::string result_json(const FitOutcome& outcome);

/// All options in effect and what the fit came to, to be kept in the model file.
std::string options_json(const FitOutcome& outcome);

}  // namespace mixfam::cli
