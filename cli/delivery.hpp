#pragma once

#include "exit_status.hpp"
#include "fit_outcome.hpp"

namespace mixfam::cli {

/// Saves and prints what a fit came to, and says on standard error what is not plain success. All that can be handed
/// out is, even where one of the ways is blocked: a long computation is not thrown away.
ExitStatus deliver(const FitOutcome& outcome);

}  // namespace mixfam::cli
