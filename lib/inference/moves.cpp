#include "inference/moves.hpp"

#include <mixfam/error.hpp>

#include <algorithm>
#include <cmath>

namespace mixfam {

namespace {

/// ELBO(q, next) with the q of the last E-step.
double elbo_at(const FitMemory& fit, const State& next) {
  return expected_log_joint(fit.last.image, next.parameters) + fit.last.image.entropy() + fit.check.log_base -
         penalty_of(next, fit.rule).total();
}

/// The next entry of the trace: for a state and the statistics of the E-step at it.
TraceEntry next_entry(const FitMemory& fit, const FitInput& input, const State& state, const Statistics& statistics,
                      const Transition& transition, const UpdateRule& rule) {
  TraceEntry entry = measure(state, statistics, transition, fit.trace.empty() ? nullptr : &fit.trace.back(),
                             {input.options, rule, fit.check, assignment_rule(fit, input.options)});
  entry.iteration = fit.next_iteration();
  entry.events.insert(entry.events.begin(), fit.events.begin(), fit.events.end());
  return entry;
}

AssignmentRule assignment_rule_of(const FitOptions& options, std::size_t iteration) {
  const double temperature =
      std::max(1.0, options.temperature * std::pow(options.cooling, static_cast<double>(iteration)));
  return {options.assignment, temperature, options.seed, iteration};
}

}  // namespace

AssignmentRule assignment_rule(const FitMemory& fit, const FitOptions& options) {
  return assignment_rule_of(options, fit.next_iteration());
}

Transition transition_to(const FitMemory& fit, const FitInput& input, const State& next) {
  Transition transition;
  transition.elbo = elbo_at(fit, next);
  if (input.options.verify)
    transition.kl = kl_by_definition(fit.state.parameters, next.parameters, input.rows,
                                     assignment_rule_of(input.options, fit.trace.back().iteration));
  return transition;
}

void push(FitMemory& fit, TraceEntry entry) {
  fit.events.clear();
  fit.rejected = 0;
  fit.is_judged = false;
  fit.trace.push_back(std::move(entry));
}

void begin(FitMemory& fit, const FitInput& input) {
  fit.last.image = e_step(fit.state.parameters, input.rows, assignment_rule(fit, input.options));
  push(fit, next_entry(fit, input, fit.state, fit.last.image, {}, fit.rule));
  fit.is_judged = true;
}

void advance(FitMemory& fit, const FitInput& input, State next, UpdateRule rule, const Transition& transition,
             bool begun_anew) {
  Statistics statistics = e_step(next.parameters, input.rows, assignment_rule(fit, input.options));
  TraceEntry entry = next_entry(fit, input, next, statistics, transition, rule);
  if (!std::isfinite(entry.objective)) throw Error(ErrorKind::numerical, "the objective is not finite");
  const bool cooled = fit.trace.back().temperature != 1;
  fit.state = std::move(next);
  fit.rule = std::move(rule);
  fit.before = std::move(fit.last.point);
  fit.last.point = std::move(fit.last.image);
  fit.last.image = std::move(statistics);
  push(fit, std::move(entry));
  if (begun_anew || cooled) fit.begin_estimates();
}

std::optional<Proposal> propose(const FitMemory& fit, Statistics point) {
  auto result = update_if_sound(fit.groups(), point, fit.rule);
  if (!result) return std::nullopt;
  State state(fit.groups(), std::move(*result), {point.counts().begin(), point.counts().end()});
  if (!std::isfinite(elbo_at(fit, state))) return std::nullopt;
  return Proposal{std::move(point), std::move(state)};
}

std::optional<Trial> attempt(const FitMemory& fit, const FitInput& input, Proposal proposal) {
  try {
    Transition transition = transition_to(fit, input, proposal.state);
    transition.accelerated = true;
    Statistics statistics = e_step(proposal.state.parameters, input.rows, assignment_rule(fit, input.options));
    TraceEntry entry = next_entry(fit, input, proposal.state, statistics, transition, fit.rule);
    return Trial{{std::move(proposal.point), std::move(statistics)}, std::move(proposal.state), std::move(entry)};
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::numerical) throw;
    return std::nullopt;
  }
}

void move_to(FitMemory& fit, Trial trial) {
  fit.before = {};
  fit.last = std::move(trial.evaluation);
  fit.state = std::move(trial.state);
  push(fit, std::move(trial.entry));
}

}  // namespace mixfam
