#pragma once

#include "inference/fit_memory.hpp"

namespace mixfam {

/// One step of a fit that is not done, for options that were checked: the judgement of the last entry of the trace,
/// and an iteration where that neither ended the fit nor moved it. Adds at most one entry. What cannot be computed ends
/// the fit at the state that it has.
void make_step(FitMemory& fit, const FitInput& input);

}  // namespace mixfam
