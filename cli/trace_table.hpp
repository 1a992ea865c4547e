#pragma once

#include <mixfam/fit.hpp>

#include <string>

namespace mixfam::cli {

/// The decomposition of the log likelihood iteration by iteration; a long trace without its middle.
std::string trace_table(const Trace& trace, Update update, Assignment assignment);

}  // namespace mixfam::cli
