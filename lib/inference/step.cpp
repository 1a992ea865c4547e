#include "inference/step.hpp"

#include <mixfam/error.hpp>

#include "inference/moves.hpp"
#include "inference/reseed.hpp"
#include "inference/stopping.hpp"
#include "inference/verdict.hpp"

#include <cmath>

namespace mixfam {

namespace {

/// An extrapolation outside the domain is halved this many times before a plain step takes its place.
constexpr int halvings = 6;

/// The farthest proposal on the way of the extrapolation.
std::optional<Proposal> extrapolation(FitMemory& fit) {
  double length = 1;
  for (int i = 0; i <= halvings; ++i, length /= 2) {
    std::optional<Statistics> point = fit.accelerator->extrapolate(length);
    if (!point) return std::nullopt;
    if (auto proposal = propose(fit, std::move(*point))) return proposal;
  }
  fit.accelerator->left_domain();
  return std::nullopt;
}

/// Tries to go further than the given update of the statistics at hand. False when that is to be made instead:
/// nothing better is known, or it was tried without success.
bool extrapolate(FitMemory& fit, const FitInput& input, const UpdateResult& plain) {
  if (!plain.degenerate.empty() || fit.rejected > 0) return false;
  fit.accelerator->evaluated(fit.last.image, e_step_parameters(fit.groups(), plain));
  if (judge_extrapolations(fit, input)) return true;
  std::optional<Proposal> proposal = extrapolation(fit);
  if (!proposal) return false;
  std::optional<Trial> trial = attempt(fit, input, std::move(*proposal));
  if (trial &&
      trial->entry.objective >= fit.trace.back().objective - relative_noise * scale_of(trial->entry, fit.check)) {
    fit.accelerator->move_to(trial->evaluation.point, trial->state.parameters);
    move_to(fit, std::move(*trial));
    return true;
  }
  fit.accelerator->rejected();
  ++fit.rejected;
  return true;
}

/// Applies the policy for degenerate components to an update of the statistics; false when the fit ends here.
bool repair(FitMemory& fit, const FitInput& input, UpdateResult& result, Groups& groups, Statistics& statistics,
            UpdateRule& rule, const State& before) {
  Repairer repairer(input.rows, input.options.degenerate, fit.reseeds);
  const bool whole = repairer.repair(result, groups, statistics, rule, &before);
  for (std::string& event : repairer.take_events()) fit.events.push_back(std::move(event));
  if (!whole)
    end_degenerate(
        fit,
        "iteration " + std::to_string(fit.next_iteration()) + ", " + describe(result.degenerate, input.rows.source),
        "; " + remedy(result.degenerate, groups, rule.prior));
  if (groups.size() < fit.groups().size()) fit.check = check_data(groups, input.rows);  // log h of one family is apart
  return whole;
}

/// An update from the statistics at hand, and the E-step that follows it.
void batch_iteration(FitMemory& fit, const FitInput& input) {
  fit.rule.iteration = fit.next_iteration();
  UpdateResult result = update(fit.groups(), fit.last.image, fit.rule);
  if (fit.accelerator) {
    if (extrapolate(fit, input, result)) return;
    fit.accelerator->move_to_image();
  }
  std::vector<double> counts(fit.last.image.counts().begin(), fit.last.image.counts().end());
  Groups groups = fit.groups();
  UpdateRule rule = fit.rule;
  bool begun_anew = false;
  if (!result.degenerate.empty()) {
    Statistics repaired = fit.last.image;
    if (!repair(fit, input, result, groups, repaired, rule, fit.state)) return;
    counts.assign(repaired.counts().begin(), repaired.counts().end());
    // A component that keeps its parameters leaves the bound where it was: such a step is a partial M-step.
    begun_anew = begins_anew(input.options.degenerate);
    if (fit.accelerator) fit.accelerator->restart();
  }
  State next(groups, std::move(result), std::move(counts));
  const Transition transition = begun_anew ? Transition{} : transition_to(fit, input, next);
  if (std::isinf(transition.elbo))
    throw Error(ErrorKind::numerical,
                "the prior takes away all that is left of a value in a component; use a prior "
                "with counts of at least 1");
  advance(fit, input, std::move(next), std::move(rule), transition, begun_anew);
}

/// A pass of stepwise updates, and the E-step that evaluates where it led.
void stepwise_iteration(FitMemory& fit, const FitInput& input) {
  State next = fit.state;
  UpdateRule rule = fit.rule;
  if (!fit.stepwise) fit.stepwise = Stepwise{fit.last.image, fit.trace.back().iteration};
  Stepwise& stepwise = *fit.stepwise;
  stepwise.row = 0;
  const StepwiseRule how{input.options.batch_rows, input.options.forgetting, fit.check.total_weight};
  const AssignmentRule assignment = assignment_rule(fit, input.options);
  bool begun_anew = false;
  while (auto result = stepwise_pass(next, stepwise, input.rows.source, how, rule, assignment)) {
    rule.iteration = stepwise.steps;
    Groups groups = next.mixture.groups();
    if (!repair(fit, input, *result, groups, stepwise.running, rule, next)) return;
    begun_anew = begins_anew(input.options.degenerate);
    const auto counts = stepwise.running.counts();
    next = State(groups, std::move(*result), {counts.begin(), counts.end()});
  }
  advance(fit, input, std::move(next), std::move(rule), {}, begun_anew);
  fit.before = {};
  fit.last.point = stepwise.running;
}

void iterate(FitMemory& fit, const FitInput& input) {
  if (input.options.batch_rows > 0) {
    stepwise_iteration(fit, input);
  } else {
    batch_iteration(fit, input);
  }
}

}  // namespace

void make_step(FitMemory& fit, const FitInput& input) {
  std::size_t iteration = fit.trace.back().iteration;
  try {
    if (!fit.is_judged && judge(fit, input)) return;
    iteration = fit.next_iteration();
    if (iteration > input.options.max_iterations) return end_by_limit(fit, input.options);
    iterate(fit, input);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::numerical) throw;
    end_degenerate(fit, "iteration " + std::to_string(iteration) + ": " + error.what());
  }
}

}  // namespace mixfam
