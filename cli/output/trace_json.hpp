#pragma once

#include <mixfam/trace.hpp>

#include <nlohmann/json_fwd.hpp>

namespace mixfam::cli {

/// One object for each iteration; `residual` only where it was computed, `accelerated` only where a step was, the terms
/// of variational Bayes only with it.
nlohmann::ordered_json trace_json(const Trace& trace);

}  // namespace mixfam::cli
