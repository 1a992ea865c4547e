#pragma once

#include <mixfam/fit.hpp>

#include "family/data_check.hpp"
#include "inference/state.hpp"
#include "model/e_step.hpp"

#include <limits>

namespace mixfam {

/// What made a state, seen from the entry of the trace before it.
struct Transition {
  double elbo = std::numeric_limits<double>::quiet_NaN();  ///< ELBO(q_{t-1}, theta_t)
  double kl = std::numeric_limits<double>::quiet_NaN();    ///< KL(q_{t-1} || p(Z | X, theta_t)) by its definition
  bool accelerated = false;
};

/// What an entry of the trace is measured by.
struct MeasureRule {
  const FitOptions& options;
  const UpdateRule& update;
  const DataCheck& check;
  AssignmentRule assignment;
};

/// E_q[log p(X, Z)] of the parameters under the assignment of the statistics, without sum log h of a single group.
double expected_log_joint(const Statistics& statistics, const EStepParameters& parameters);

/// The entry of the trace for a state and the statistics of the E-step at it, without its number; `before` is the
/// entry before, if there is one.
TraceEntry measure(const State& state, const Statistics& statistics, const Transition& transition,
                   const TraceEntry* before, const MeasureRule& rule);

}  // namespace mixfam
