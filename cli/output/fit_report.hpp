#pragma once

#include "fit_outcome.hpp"

#include <string>

namespace mixfam::cli {

/// The result of a fit for people: what was fitted, the iterations, the components, the figures and the verdict.
std::string fit_report(const FitOutcome& outcome);

/// The verdict and its message, in one line.
std::string verdict_sentence(const FitOutcome& outcome);

}  // namespace mixfam::cli
