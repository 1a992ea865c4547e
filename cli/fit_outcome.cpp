#include "fit_outcome.hpp"

#include "as_typed.hpp"
#include "interrupt.hpp"

#include <fmt/format.h>

namespace mixfam::cli {

std::string FitOutcome::message() const {
  if (!interrupted()) return as_typed(best().message);
  const RestartSummary& last = runs.restarts.back();
  const std::string start = request.restarts > 1
                                ? fmt::format("start {} ({} of {}), ", last.restart, last.restart + 1, request.restarts)
                                : "";
  return fmt::format("interrupted by {} in {}iteration {}", signal_name(signal), start, last.iterations);
}

}  // namespace mixfam::cli
