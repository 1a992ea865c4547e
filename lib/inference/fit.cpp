#include <mixfam/error.hpp>
#include <mixfam/fit.hpp>

#include "family/require_family.hpp"
#include "family/responsibilities.hpp"
#include "inference/fit_checked.hpp"
#include "inference/fit_memory.hpp"
#include "inference/moves.hpp"
#include "inference/reseed.hpp"
#include "inference/soundness.hpp"
#include "inference/step.hpp"
#include "kernels/kernels.hpp"
#include "model/e_step.hpp"
#include "model/update.hpp"

#include <cmath>
#include <optional>

namespace mixfam {

namespace {

/// Beyond this a log density is one that was cut off (special::log_zero), times what a prior has of it.
constexpr double greatest_log_density = 1e200;

/// Where a fit begins that has a state.
FitState begun(FitMemory fit, const FitInput& input) {
  if (input.options.accelerate != Acceleration::none) fit.accelerator.emplace(input.options.accelerate, fit.family());
  begin(fit, input);
  return FitState(std::move(fit));
}

/// At the update of the statistics. Throws Error(numerical) when a component is degenerate and the policy does not
/// help.
FitState begin_at_update(const FamilyPtr& family, Statistics statistics, const std::vector<double>& weights,
                         const FitInput& input, const DataCheck& check) {
  const FitOptions& options = input.options;
  UpdateRule rule = update_rule(options.update, options.prior, options.seed);
  std::size_t reseeds = 0;
  Repairer repairer(input.rows, options.degenerate, reseeds);
  UpdateResult result = update(family, statistics, rule, weights);
  if (!result.degenerate.empty() && !repairer.repair(result, family, statistics, rule, weights, nullptr))
    throw Error(ErrorKind::numerical, input.rows.source.name() + ": at the start, " +
                                          describe(result.degenerate, input.rows.source) + "; " +
                                          remedy(result.degenerate, *family, rule.prior));
  const auto counts = statistics.counts();
  FitMemory fit(State(family, std::move(result), {counts.begin(), counts.end()}), std::move(rule), check);
  fit.reseeds = reseeds;
  fit.events = repairer.take_events();
  return begun(std::move(fit), input);
}

/// Whether a fit can begin at a mixture as it is: with an objective, which a posterior alone has for `vb`, and which is
/// cut off or without bound where the prior's density is 0 or infinite, at a weight or a probability of 0.
bool has_objective(const Mixture& start, const FitOptions& options) {
  if (options.update == Update::ml) return true;
  return options.update != Update::vb &&
         std::abs(log_prior(EStepParameters::of(start), start.weights(), options.prior)) < greatest_log_density;
}

/// At a given mixture as it is; where it has no objective, at the update of the assignment that it makes.
FitState begin_at_mixture(const Mixture& start, const FitInput& input, const DataCheck& check) {
  const FitOptions& options = input.options;
  if (has_objective(start, options))
    return begun({State(start), update_rule(options.update, options.prior, options.seed), check}, input);
  Statistics statistics = e_step(EStepParameters::of(start), input.rows, {options.assignment, 1, options.seed, 0});
  return begin_at_update(start.family_ptr(), std::move(statistics), start.weights(), input, check);
}

/// None where the components that ended a fit have no posterior.
std::optional<Posterior> proper_posterior(const FitMemory& fit) {
  Posterior posterior = make_posterior(fit.family(), fit.last.image, fit.rule.prior, fit.state.mixture.weights());
  const std::optional<double> log_partition = fit.family()->prior()->log_partition(posterior.hyperparameters.view());
  if (!log_partition || !std::isfinite(*log_partition)) return std::nullopt;
  return posterior;
}

FitResult result_of(FitMemory& fit, const FitInput& input) {
  if (!fit.verdict) fit.finish(Verdict::interrupted, "interrupted");
  std::optional<Posterior> posterior;
  if (input.options.update != Update::ml && fit.rule.prior.components) posterior = proper_posterior(fit);
  const double log_likelihood =
      input.options.update == Update::vb
          ? e_step(EStepParameters::of(fit.state.mixture), input.rows, {}).log_normaliser() + fit.check.log_base
          : fit.trace.back().log_likelihood;
  auto soundness = soundness_of(fit.state.mixture, fit.last.image);
  const bool prior_may_help = !fit.rule.prior.components && fit.family()->prior();
  const std::string suspicion = describe_suspicious(soundness, prior_may_help);
  if (!suspicion.empty() && *fit.verdict != Verdict::degenerate) fit.message += "; " + suspicion;
  const std::size_t fixed = fit.rule.prior.weights == WeightsPrior::fixed ? fit.state.mixture.components() - 1 : 0;
  const std::size_t free_parameters = fit.state.mixture.free_parameters() - fixed;
  return {std::move(fit.state.mixture), *fit.verdict,        std::move(fit.message),
          std::move(fit.trace),         fit.remaining_gain,  fit.check.total_weight,
          std::move(posterior),         log_likelihood,      free_parameters,
          kernels().instruction_set,    std::move(soundness)};
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
  const Family& family = *fit.family();
  check_options(family, fit.state.mixture.components(), options);
  if (options.update != fit.rule.update)
    throw Error(ErrorKind::usage, std::string("a fit that began with `update = ") + to_string(fit.rule.update) +
                                      "` cannot go on with " + to_string(options.update));
  if (source.columns() != family.columns())
    throw Error(ErrorKind::usage, source.name() + " has " + std::to_string(source.columns()) +
                                      " columns, but the fit began with " + std::to_string(family.columns()));
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
  const DataCheck check = check_input(start.family(), start.components(), input.rows, options);
  return run(begin_at_mixture(start, input, check), input);
}

FitResult fit_responsibilities(const FamilyPtr& family, ConstMatrixView R, Source& source, const FitOptions& options) {
  require(family);
  const FitInput input(source, options);
  const DataCheck check = check_input(*family, R.columns(), input.rows, options);
  Statistics statistics = statistics_of_responsibilities(*family, R, input.rows);
  const std::vector<double> equal_weights(R.columns(), 1 / static_cast<double>(R.columns()));
  return run(begin_at_update(family, std::move(statistics), equal_weights, input, check), input);
}

FitState begin_fit(const Mixture& start, Source& source, const FitOptions& options) {
  const FitInput input(source, options);
  return begin_at_mixture(start, input, check_input(start.family(), start.components(), input.rows, options));
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
