#include "inference/verdict.hpp"

#include "inference/climb.hpp"
#include "inference/moves.hpp"
#include "inference/stopping.hpp"
#include "numerics/plural.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace mixfam {

namespace {

/// Saddles are left so many times; a fit that comes to rest at yet another one ends there.
constexpr std::size_t most_saddles = 10;

/// Where the objective is flat in several directions, higher orders decide in each of them: so many are tried.
constexpr std::size_t flat_directions = 5;

/// Sampling methods have no limit to converge to.
bool stops_by_itself(const FitOptions& options) {
  return options.assignment != Assignment::sampled && options.update != Update::sampled;
}

/// Whether there are directions that the iterations may not have shown.
bool is_smooth(const FitMemory& fit, const FitOptions& options) {
  return options.assignment == Assignment::soft && fit.state.mixture.components() > 1;
}

void end_converged(FitMemory& fit, const FitOptions& options) {
  std::string message = "converged after " + plural(fit.trace.back().iteration, "iteration");
  const double noise = relative_noise * scale_of(fit.trace.back(), fit.check);
  if (noise > options.tolerance)
    message += ", as near as the rounding of the sums over the rows allows: " + nats_text(noise) + " nats";
  fit.finish(Verdict::converged, std::move(message));
}

/// What to do about a saddle that the fit does not leave.
std::string saddle_advice(const FitOptions& options, bool led_back) {
  if (options.keep_saddle) return "; go on from there (without `keep_saddle`) or start elsewhere";
  if (led_back) return "; the batches lead back to it: use larger ones, or leave out `batch_rows`";
  return "; it is one of many; start elsewhere";
}

/// Goes on from where the objective is higher, or ends the fit. False where no iteration is left to do so.
bool leave_saddle(FitMemory& fit, const FitOptions& options, Trial trial, double tolerance) {
  const double objective = fit.trace.back().objective;
  const bool led_back = objective < fit.left_saddle + tolerance;
  const std::string same = describe_equal_components(fit.state.parameters);
  const std::string what = "a perturbation gains " + nats_text(trial.entry.objective - objective) + " nats" +
                           (same.empty() ? "" : "; " + same);
  if (options.keep_saddle || led_back || fit.saddles == most_saddles) {
    fit.finish(Verdict::saddle, "saddle after " + plural(fit.trace.back().iteration, "iteration") +
                                    ", no maximum: " + what + saddle_advice(options, led_back));
    return true;
  }
  if (fit.next_iteration() > options.max_iterations) return false;
  ++fit.saddles;
  fit.left_saddle = objective;
  trial.entry.events.push_back("left a saddle: " + what);
  move_to(fit, std::move(trial));
  fit.is_judged = true;
  fit.begin_estimates();
  if (fit.accelerator) fit.accelerator->restart();
  fit.stepwise.reset();
  return true;
}

SecondLook look_around(const FitMemory& fit, const FitInput& input, double tolerance, std::size_t direction) {
  const FitOptions& options = input.options;
  const bool has_before = fit.trace.size() > fit.first_estimated + 2 && fit.before.components() > 0;
  // The limit of batches is not that of the whole data: what updates of these would gain says nothing about it.
  const double rest = options.batch_rows > 0 ? std::numeric_limits<double>::infinity() : tolerance;
  return SecondLook(fit.state, fit.last, has_before ? &fit.before : nullptr, fit.rule, input.rows,
                    {rest, LookSchedule::most_passes(fit.next_iteration()), options.seed, fit.trace.size(), direction});
}

/// Where the objective is higher along the direction of a look.
std::optional<Trial> ascend(const FitMemory& fit, const FitInput& input, const SecondLook& look, double tolerance) {
  if (!look.may_ascend()) return std::nullopt;
  const double least_gain = std::max(tolerance, look.gain_of_step());
  return climb<Trial>(look, {fit.trace.back().objective, least_gain, std::sqrt(fit.check.total_weight)},
                      [&](Statistics point) -> std::optional<Trial> {
                        auto proposal = propose(fit, std::move(point));
                        if (!proposal) return std::nullopt;
                        return attempt(fit, input, std::move(*proposal));
                      });
}

/// Before a fit is said to have converged. True where it ended or moved away.
bool look_again(FitMemory& fit, const FitInput& input) {
  const FitOptions& options = input.options;
  if (!is_smooth(fit, options)) {
    end_converged(fit, options);
    return true;
  }
  const std::size_t iteration = fit.next_iteration();
  if (!fit.schedule.is_due(iteration)) return false;
  const double tolerance = std::max(options.tolerance, relative_noise * scale_of(fit.trace.back(), fit.check));
  const SecondLook look = look_around(fit, input, tolerance, 0);
  auto trial = ascend(fit, input, look, tolerance);
  for (std::size_t direction = 1; !trial && look.may_ascend() && direction < flat_directions; ++direction)
    trial = ascend(fit, input, look_around(fit, input, tolerance, direction), tolerance);
  if (trial) return leave_saddle(fit, options, std::move(*trial), tolerance);
  if (options.batch_rows > 0) {
    end_converged(fit, options);
    return true;
  }
  if (std::isfinite(look.remaining_gain())) fit.remaining_gain = std::max(fit.remaining_gain, look.remaining_gain());
  if (!(fit.remaining_gain >= tolerance)) {
    end_converged(fit, options);
    return true;
  }
  fit.schedule.put_off(iteration, look, tolerance, fit.accelerator.has_value());
  return false;
}

}  // namespace

bool judge(FitMemory& fit, const FitInput& input) {
  fit.is_judged = true;
  if (!stops_by_itself(input.options)) return false;
  const TraceSpan entries(fit.trace.begin() + static_cast<std::ptrdiff_t>(fit.first_estimated), fit.trace.end());
  const std::size_t stepwise_begin = fit.stepwise ? fit.stepwise->begin : 0;
  const Judgement judgement = judge(entries, fit.remaining_gain, stepwise_begin, input.options, fit.check);
  fit.remaining_gain = judgement.remaining_gain;
  if (judgement.verdict == Verdict::converged) return look_again(fit, input);
  if (judgement.verdict) fit.finish(*judgement.verdict, judgement.message);
  return judgement.verdict.has_value();
}

bool judge_extrapolations(FitMemory& fit, const FitInput& input) {
  const double previous_estimate = fit.remaining_gain;
  fit.remaining_gain = fit.accelerator->remaining_gain();
  const bool small = fit.remaining_gain < input.options.tolerance && previous_estimate < input.options.tolerance;
  return small && look_again(fit, input);
}

void end_by_limit(FitMemory& fit, const FitOptions& options) {
  const std::string limit = plural(options.max_iterations, "iteration");
  if (!stops_by_itself(options)) return fit.finish(Verdict::max_iterations, "made " + limit);
  const bool could_accelerate = options.assignment == Assignment::soft && options.batch_rows == 0 &&
                                options.temperature == 1 && options.accelerate == Acceleration::none;
  fit.finish(Verdict::max_iterations, "stopped after " + limit +
                                          ", before the tolerance was reached; allow more (`max_iterations`)" +
                                          (could_accelerate ? " or take longer steps (`accelerate = anderson`)" : ""));
}

void end_degenerate(FitMemory& fit, const std::string& what, const std::string& advice) {
  fit.trace.back().events.push_back("degenerate: " + what);
  fit.finish(Verdict::degenerate, what + advice);
}

}  // namespace mixfam
