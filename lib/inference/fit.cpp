#include <mixfam/error.hpp>
#include <mixfam/fit.hpp>

#include "family/responsibilities.hpp"
#include "inference/fit_checked.hpp"
#include "inference/fit_memory.hpp"
#include "inference/freezing.hpp"
#include "inference/moves.hpp"
#include "inference/reseed.hpp"
#include "inference/soundness.hpp"
#include "inference/step.hpp"
#include "kernels/kernels.hpp"
#include "model/e_step.hpp"
#include "model/update.hpp"
#include "numerics/plural.hpp"

#include <cmath>
#include <optional>

namespace mixfam {

namespace {

/// Beyond this a log density is one that was cut off (special::log_zero), times what a prior has of it.
constexpr double greatest_log_density = 1e200;

/// Where a fit begins that has a state.
FitState begun(FitMemory fit, const FitInput& input) {
  if (input.options.accelerate != Acceleration::none) fit.accelerator.emplace(input.options.accelerate, fit.groups());
  begin(fit, input);
  return FitState(std::move(fit));
}

/// At the update of the statistics. Throws Error(numerical) when a component is degenerate and the policy does not
/// help.
FitState begin_at_update(Groups groups, Statistics statistics, UpdateRule rule, const FitInput& input,
                         DataCheck check) {
  const FitOptions& options = input.options;
  const std::size_t groups_before = groups.size();
  std::size_t reseeds = 0;
  Repairer repairer(input.rows, options.degenerate, reseeds);
  UpdateResult result = update(groups, statistics, rule);
  if (!result.degenerate.empty() && !repairer.repair(result, groups, statistics, rule, nullptr))
    throw Error(ErrorKind::numerical, input.rows.source.name() + ": at the start, " +
                                          describe(result.degenerate, input.rows.source) + "; " +
                                          remedy(result.degenerate, groups, rule.prior));
  if (groups.size() < groups_before) check = check_data(groups, input.rows);  // log h of one family is apart
  const auto counts = statistics.counts();
  FitMemory fit(State(groups, std::move(result), {counts.begin(), counts.end()}), std::move(rule), check);
  fit.reseeds = reseeds;
  fit.events = repairer.take_events();
  return begun(std::move(fit), input);
}

/// Whether a fit can begin at a mixture as it is: with an objective, which a posterior alone has for `vb`, and which is
/// cut off or without bound where the prior's density is 0 or infinite, at a weight or a probability of 0.
bool has_objective(const Mixture& start, const UpdateRule& rule) {
  if (rule.update == Update::ml) return true;
  return rule.update != Update::vb &&
         std::abs(log_prior(EStepParameters::of(start), start.weights(), rule)) < greatest_log_density;
}

/// At a given mixture as it is; where it has no objective, at the update of the assignment that it makes.
FitState begin_at_mixture(const Mixture& start, const FitInput& input, const DataCheck& check) {
  const FitOptions& options = input.options;
  UpdateRule rule = update_rule(options.update, options.prior, options.seed);
  rule.frozen = frozen_of(start, options.freeze);
  if (has_objective(start, rule)) return begun({State(start), std::move(rule), check}, input);
  Statistics statistics = e_step(EStepParameters::of(start), input.rows, {options.assignment, 1, options.seed, 0});
  return begin_at_update(start.groups(), std::move(statistics), std::move(rule), input, check);
}

/// None where the components that ended a fit have no posterior.
std::optional<Posterior> proper_posterior(const FitMemory& fit) {
  const Groups& groups = fit.groups();
  Posterior posterior = make_posterior(groups, fit.last.image, fit.rule.prior, fit.rule.frozen.weights);
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const auto log_partition = groups.family(g).prior()->log_partition(posterior.hyperparameters.view(g));
    if (!log_partition || !std::isfinite(*log_partition)) return std::nullopt;
  }
  for (const std::size_t k : fit.rule.frozen.components) set_known(posterior, k, fit.rule.frozen.theta.row(k));
  return posterior;
}

FitResult result_of(FitMemory& fit, const FitInput& input) {
  if (!fit.verdict) fit.finish(Verdict::interrupted, "interrupted");
  std::optional<Posterior> posterior;
  // Given parameters that are known by name, the posterior of the others is not of the family's conjugate prior.
  const bool is_conjugate = fit.rule.prior.components && fit.rule.frozen.parameters.empty();
  if (input.options.update != Update::ml && is_conjugate) posterior = proper_posterior(fit);
  const double log_likelihood =
      input.options.update == Update::vb
          ? e_step(EStepParameters::of(fit.state.mixture), input.rows, {}).log_normaliser() + fit.check.log_base
          : fit.trace.back().log_likelihood;
  auto soundness = soundness_of(fit.state.mixture, fit.last.image);
  if (input.options.update == Update::sampled)  // a draw is no maximum, and so none that is spurious
    for (ComponentSoundness& one : soundness) one.suspicious = false;
  const bool prior_may_help = !fit.rule.prior.components && fit.groups().has_prior();
  const std::string suspicion = describe_suspicious(soundness, prior_may_help);
  if (!suspicion.empty() && *fit.verdict != Verdict::degenerate) fit.message += "; " + suspicion;
  const std::size_t free_parameters =
      fit.state.mixture.free_parameters() - frozen_values(fit.groups(), fit.rule.frozen);
  return {std::move(fit.state.mixture),
          *fit.verdict,
          std::move(fit.message),
          std::move(fit.trace),
          fit.remaining_gain,
          fit.check.total_weight,
          fit.check.informative_weight,
          fit.check.missing_cells,
          std::move(posterior),
          log_likelihood,
          free_parameters,
          kernels().instruction_set,
          std::move(soundness)};
}

/// Whether the observer lets the fit go on.
bool observe(const FitState& state, const FitOptions& options) {
  return !options.observer || options.observer(state) == Observe::go_on;
}

FitResult run(FitState state, const FitInput& input) {
  bool goes_on = observe(state, input.options);
  while (goes_on && !state.is_done()) {
    const std::size_t entries = state.trace().size();
    make_step(state.memory(), input);
    goes_on = state.trace().size() == entries || observe(state, input.options);
  }
  return result_of(state.memory(), input);
}

void check_continued(const FitMemory& fit, const Source& source, const FitOptions& options) {
  const Groups& groups = fit.groups();
  check_options(groups, options);
  if (options.update != fit.rule.update)
    throw Error(ErrorKind::usage, std::string("a fit that began with `update = ") + to_string(fit.rule.update) +
                                      "` cannot go on with " + to_string(options.update));
  if (source.columns() != groups.columns())
    throw Error(ErrorKind::usage, source.name() + " has " + plural(source.columns(), "column") +
                                      ", but the fit began with " + std::to_string(groups.columns()));
}

}  // namespace

FitResult fit_checked(const Mixture& start, Source& source, const FitOptions& options, const DataCheck& check,
                      std::size_t restart) {
  const FitInput input(source, options);
  FitState state = begin_at_mixture(start, input, check);
  state.memory().restart = restart;
  return run(std::move(state), input);
}

FitResult fit(const Mixture& start, Source& source, const FitOptions& options) {
  const FitInput input(source, options);
  const DataCheck check = check_input(start.groups(), input.rows, options);
  return run(begin_at_mixture(start, input, check), input);
}

FitResult fit_responsibilities(const FamilyPtr& family, ConstMatrixView R, Source& source, const FitOptions& options) {
  return fit_responsibilities(Groups(family, R.columns()), R, source, options);
}

FitResult fit_responsibilities(const Groups& groups, ConstMatrixView R, Source& source, const FitOptions& options) {
  const FitInput input(source, options);
  const DataCheck check = check_input(groups, input.rows, options);
  if (options.freeze.needs_start())
    throw Error(ErrorKind::usage, "responsibilities hold no parameters that could be frozen; start from a mixture");
  UpdateRule rule = update_rule(options.update, options.prior, options.seed);
  if (options.freeze.weights) rule.frozen.weights.assign(R.columns(), 1 / static_cast<double>(R.columns()));
  Statistics statistics = statistics_of_responsibilities(groups, R, input.rows);
  return run(begin_at_update(groups, std::move(statistics), std::move(rule), input, check), input);
}

FitState begin_fit(const Mixture& start, Source& source, const FitOptions& options) {
  const FitInput input(source, options);
  return begin_at_mixture(start, input, check_input(start.groups(), input.rows, options));
}

FitState step(FitState state, Source& source, const FitOptions& options) {
  FitMemory& fit = state.memory();
  check_continued(fit, source, options);
  if (fit.verdict == Verdict::max_iterations && fit.next_iteration() <= options.max_iterations) fit.verdict.reset();
  if (!fit.verdict) make_step(fit, {source, options});
  return state;
}

FitResult result_of(FitState state, Source& source, const FitOptions& options) {
  check_continued(state.memory(), source, options);
  return result_of(state.memory(), {source, options});
}

}  // namespace mixfam
