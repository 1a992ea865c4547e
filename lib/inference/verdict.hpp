#pragma once

#include "inference/fit_memory.hpp"

#include <string>

/// When and how a fit ends, by its trace and its state.
namespace mixfam {

/// Judges the last entry of the trace: the fit may end, or leave a saddle for a state that is no end. True where it did
/// either.
bool judge(FitMemory& fit, const FitInput& input);

/// With extrapolations, which make gains irregular, what remains is estimated from the map itself, before they go on.
/// True where the fit ended or left a saddle.
bool judge_extrapolations(FitMemory& fit, const FitInput& input);

/// Ends a fit that has made all the iterations that it may.
void end_by_limit(FitMemory& fit, const FitOptions& options);

/// Ends a fit that has no next state.
void end_degenerate(FitMemory& fit, const std::string& what, const std::string& advice = "");

}  // namespace mixfam
