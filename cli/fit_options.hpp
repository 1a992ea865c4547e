#pragma once

#include "commands.hpp"

#include <mixfam/fit.hpp>

namespace mixfam::cli {

/// Iterations of a sampling method, which has no limit to stop at by itself.
constexpr std::size_t sampling_iterations = 1000;

/// What the options given come to, without prior and observer: defaults filled in. Throws Error(usage) for an option
/// that has no meaning beside the others.
FitOptions fit_options(const FitRequest& request);

/// Whether assignments or parameters are drawn at random.
bool is_sampling(const FitOptions& options);

}  // namespace mixfam::cli
