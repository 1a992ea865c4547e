#pragma once

#include "fit_outcome.hpp"

#include <string>

namespace mixfam::cli {

/// The trace as comma-separated values under a header of `# key = value` lines; a value that does not exist is empty.
std::string trace_csv(const FitOutcome& outcome);

}  // namespace mixfam::cli
