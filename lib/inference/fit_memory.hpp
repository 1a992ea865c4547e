#pragma once

#include <mixfam/fit.hpp>

#include "family/data_check.hpp"
#include "inference/accelerate.hpp"
#include "inference/second_look.hpp"
#include "inference/state.hpp"
#include "inference/stepwise.hpp"
#include "model/update.hpp"

#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace mixfam {

/// What a step is given.
struct FitInput {
  FitInput(Source& source, const FitOptions& fit_options) : rows(source, fit_options.threads), options(fit_options) {}

  Rows rows;
  const FitOptions& options;
};

/// All values, so that a copy goes on as the original does.
struct FitState::Memory {
  Memory(State start, UpdateRule update_rule, const DataCheck& data_check)
      : state(std::move(start)), rule(std::move(update_rule)), check(data_check) {}

  const Groups& groups() const { return state.mixture.groups(); }

  /// The number of the next entry of the trace.
  std::size_t next_iteration() const { return trace.empty() ? 0 : trace.back().iteration + 1 + rejected; }

  /// Estimates know nothing of the entries before the last.
  void begin_estimates() {
    first_estimated = trace.size() - 1;
    remaining_gain = std::numeric_limits<double>::quiet_NaN();
  }

  void finish(Verdict how, std::string why) {
    verdict = how;
    message = std::move(why);
  }

  std::size_t restart = 0;
  State state;
  UpdateRule rule;
  DataCheck check;
  Evaluation last;                   // the state is the update of its point
  Statistics before;                 // its image is the last point; empty where that is no image
  std::optional<Stepwise> stepwise;  // with batches
  Trace trace;
  std::vector<std::string> events;  // since the last entry of the trace
  std::optional<Accelerator> accelerator;
  std::size_t reseeds = 0;
  std::size_t rejected = 0;                                       // extrapolations since the last entry of the trace
  std::size_t saddles = 0;                                        // left
  double left_saddle = -std::numeric_limits<double>::infinity();  // objective of the last of them
  std::size_t first_estimated = 0;  // entry of the trace from which steps follow one another
  LookSchedule schedule;
  double remaining_gain = std::numeric_limits<double>::quiet_NaN();
  bool is_judged = true;  // the last entry of the trace
  std::optional<Verdict> verdict;
  std::string message;
};

using FitMemory = FitState::Memory;

}  // namespace mixfam
