#pragma once

#include "fit_outcome.hpp"

#include <string>

namespace mixfam::cli {

/// The decomposition of the log likelihood, or of the bound of variational Bayes, iteration by iteration; a long trace
/// without its middle.
std::string trace_table(const FitOutcome& outcome);

/// What the columns of the table have to do with each other, and its marks.
std::string trace_legend(const FitOutcome& outcome);

}  // namespace mixfam::cli
