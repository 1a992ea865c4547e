#include <mixfam/error.hpp>
#include <mixfam/fit.hpp>

#include "accelerate.hpp"
#include "data_check.hpp"
#include "e_step.hpp"
#include "fit_checked.hpp"
#include "kernels/kernels.hpp"
#include "require_family.hpp"
#include "reseed.hpp"
#include "responsibilities.hpp"
#include "soundness.hpp"
#include "state.hpp"
#include "stepwise.hpp"
#include "stopping.hpp"
#include "update.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

namespace mixfam {

namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// What Q from densities and Q from statistics may differ by, relative to the sums: the precision of an ill-conditioned
/// covariance has few digits.
constexpr double self_check_tolerance = 1e-8;

/// An extrapolation outside the domain is halved this many times before a plain step takes its place.
constexpr int halvings = 6;

double weighted_log(ConstVectorView counts, const std::vector<double>& log_weights) {
  double sum = 0;
  for (std::size_t k = 0; k < counts.size(); ++k) sum += counts[k] * log_weights[k];
  return sum;
}

/// What made a state, seen from the entry of the trace before it.
struct Step {
  double elbo = nan;  ///< ELBO(q_{t-1}, theta_t)
  double kl = nan;    ///< KL(q_{t-1} || p(Z | X, theta_t)) by its definition
  bool accelerated = false;
};

/// Where a fit begins, and the rules that it follows from there.
struct Start {
  State state;
  UpdateRule rule;
  Repairer repairer;
};

/// One fit: the state, the statistics of its last E-step, and the trace.
class Fit {
 public:
  Fit(Start start, Source& source, const FitOptions& options, const DataCheck& check)
      : source_(source),
        options_(options),
        rule_(std::move(start.rule)),
        check_(check),
        repairer_(std::move(start.repairer)),
        state_(std::move(start.state)) {
    events_ = repairer_.take_events();
    if (options.accelerate != Acceleration::none) accelerator_.emplace(options.accelerate, family());
  }

  FitResult run() && {
    record_start();
    while (!verdict_) {
      if (iteration() > options_.max_iterations) {
        finish(Verdict::max_iterations,
               stops_by_itself() ? "stopped after " + std::to_string(options_.max_iterations) +
                                       " iterations, before the tolerance was reached; allow more (max-iterations)"
                                 : "made " + std::to_string(options_.max_iterations) + " iterations");
      } else {
        try_iteration();
      }
    }
    return result();
  }

 private:
  std::size_t iteration() const { return trace_.empty() ? 0 : trace_.back().iteration + 1 + rejected_; }

  Rows rows() const { return {source_, options_.threads}; }

  bool is_vb() const { return options_.update == Update::vb; }

  /// Sampling methods have no limit to converge to.
  bool stops_by_itself() const {
    return options_.assignment != Assignment::sampled && options_.update != Update::sampled;
  }

  AssignmentRule assignment_rule(std::size_t iteration) const {
    const double temperature =
        std::max(1.0, options_.temperature * std::pow(options_.cooling, static_cast<double>(iteration)));
    return {options_.assignment, temperature, options_.seed, iteration};
  }

  /// What cannot be computed ends the fit at the state that it has.
  void try_iteration() {
    const std::string when = "iteration " + std::to_string(iteration()) + ": ";
    try {
      iterate();
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::numerical) throw;
      degenerate(when + error.what());
    }
  }

  void iterate() {
    if (options_.batch_rows > 0) {
      stepwise_iteration();
    } else {
      batch_iteration();
    }
  }

  /// An update from the statistics at hand, and the E-step that follows it.
  void batch_iteration() {
    rule_.iteration = iteration();
    UpdateResult result = update(family(), statistics_, rule_, state_.mixture.weights());
    if (accelerator_) {
      if (extrapolate(result)) return;
      accelerator_->move_to_image();
    }
    std::vector<double> counts(statistics_.counts().begin(), statistics_.counts().end());
    UpdateRule rule = rule_;
    bool begun_anew = false;
    if (!result.degenerate.empty()) {
      Statistics repaired = statistics_;
      if (!repair(result, repaired, rule, state_)) return;
      counts.assign(repaired.counts().begin(), repaired.counts().end());
      // A component that keeps its parameters leaves the bound where it was: such a step is a partial M-step.
      begun_anew = repairer_.begins_anew();
      if (accelerator_) accelerator_->restart();
    }
    State next(family(), std::move(result), std::move(counts));
    const Step step = begun_anew ? Step{} : step_to(next);
    advance(std::move(next), std::move(rule), step, begun_anew);
  }

  /// Tries to go further than the given update of the statistics at hand. False when that is to be made instead:
  /// nothing better is known, or it was tried without success.
  bool extrapolate(const UpdateResult& plain) {
    if (!plain.degenerate.empty() || rejected_ > 0) return false;
    accelerator_->evaluated(statistics_, e_step_parameters(family(), plain));
    judge_extrapolations();
    if (verdict_) return true;
    std::optional<Statistics> point;
    std::optional<State> next = extrapolated_state(point);
    if (!next) return false;
    Step step = step_to(*next);
    step.accelerated = true;
    std::optional<Statistics> statistics = trial_e_step(*next);
    if (statistics) {
      TraceEntry entry = measure(*next, *statistics, step, rule_.prior);
      if (entry.objective >= trace_.back().objective - relative_noise * scale_of(entry, check_)) {
        accelerator_->move_to(*point, next->parameters);
        state_ = std::move(*next);
        statistics_ = std::move(*statistics);
        push(std::move(entry));
        judge(false);
        return true;
      }
    }
    accelerator_->rejected();
    ++rejected_;
    return true;
  }

  /// The farthest sound state on the way of the extrapolation, and the statistics that it is the update of.
  std::optional<State> extrapolated_state(std::optional<Statistics>& point) {
    double step = 1;
    for (int i = 0; i <= halvings; ++i, step /= 2) {
      point = accelerator_->extrapolate(step);
      if (!point) return std::nullopt;
      if (auto result = update_if_sound(family(), *point, rule_, state_.mixture.weights()))
        return State(family(), std::move(*result), {point->counts().begin(), point->counts().end()});
    }
    accelerator_->left_domain();
    return std::nullopt;
  }

  /// None where a row has no density under any component.
  std::optional<Statistics> trial_e_step(const State& state) {
    try {
      return e_step(state.parameters, rows(), assignment_rule(iteration()));
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::numerical) throw;
      return std::nullopt;
    }
  }

  Step step_to(const State& next) {
    Step step;
    step.elbo = expected_log_density(statistics_, next.parameters) +
                weighted_log(statistics_.counts(), next.parameters.log_weights) + statistics_.entropy() +
                check_.log_base - penalty_of(next, rule_.prior).total();
    if (options_.verify)
      step.kl = kl_by_definition(state_.parameters, next.parameters, rows(), assignment_rule(trace_.back().iteration));
    return step;
  }

  /// A pass of stepwise updates, and the E-step that evaluates where it led.
  void stepwise_iteration() {
    State next = state_;
    UpdateRule rule = rule_;
    if (!stepwise_) stepwise_ = Stepwise{statistics_};
    stepwise_->row = 0;
    const StepwiseRule how{options_.batch_rows, options_.forgetting, check_.total_weight};
    bool begun_anew = false;
    while (auto result = stepwise_pass(next, *stepwise_, source_, how, rule, assignment_rule(iteration()))) {
      Statistics& running = stepwise_->running;
      rule.iteration = stepwise_->steps;
      if (!repair(*result, running, rule, next)) return;
      begun_anew = repairer_.begins_anew();
      next = State(family(), std::move(*result), {running.counts().begin(), running.counts().end()});
    }
    advance(std::move(next), std::move(rule), {}, begun_anew);
  }

  const FamilyPtr& family() const { return state_.mixture.family_ptr(); }

  void record_start() {
    statistics_ = e_step(state_.parameters, rows(), assignment_rule(iteration()));
    push(measure(state_, statistics_, {}, rule_.prior));
  }

  /// The E-step at the next state, which becomes the state unless it has no objective.
  void advance(State next, UpdateRule rule, const Step& step, bool begun_anew) {
    Statistics statistics = e_step(next.parameters, rows(), assignment_rule(iteration()));
    TraceEntry entry = measure(next, statistics, step, rule.prior);
    if (!std::isfinite(entry.objective)) throw Error(ErrorKind::numerical, "the objective is not finite");
    state_ = std::move(next);
    rule_ = std::move(rule);
    statistics_ = std::move(statistics);
    push(std::move(entry));
    judge(begun_anew);
  }

  /// The entry of the trace for a state and the statistics of the E-step at it.
  TraceEntry measure(const State& state, const Statistics& statistics, const Step& step, const Prior& prior) const {
    TraceEntry entry;
    entry.iteration = iteration();
    entry.accelerated = step.accelerated;
    const AssignmentRule assignment = assignment_rule(entry.iteration);
    const Penalty penalty = penalty_of(state, prior);
    const double bound = statistics.log_normaliser() + check_.log_base - penalty.total();
    entry.log_likelihood = is_vb() ? nan : bound;
    entry.log_prior =
        options_.update == Update::map || options_.update == Update::sampled ? log_prior(state.mixture, prior) : 0;
    entry.q = statistics.expected_log_joint() + check_.log_base;
    entry.entropy = statistics.entropy();
    entry.elbo_e = entry.q + entry.entropy - penalty.total();
    entry.objective = entry.elbo_e + entry.log_prior;
    entry.elbo_m = step.elbo;
    entry.kl = bound - step.elbo;
    entry.gain_m = trace_.empty() ? nan : step.elbo + entry.log_prior - trace_.back().objective;
    entry.gain_e = entry.elbo_e - step.elbo;
    entry.residual = std::abs(bound - (step.elbo + step.kl));
    entry.temperature = assignment.temperature;
    const double expected_log_z = weighted_log(statistics.counts(), state.log_weights);
    entry.expected_log_z = is_vb() ? expected_log_z : nan;
    entry.expected_log_x = is_vb() ? entry.q - expected_log_z : nan;
    entry.kl_weights = is_vb() ? penalty.weights : nan;
    entry.kl_components = penalty.components;
    entry.counts.assign(statistics.counts().begin(), statistics.counts().end());
    entry.events = events_;
    if (trace_.empty() || options_.verify) check_statistics(entry, state, statistics, assignment);
    return entry;
  }

  void push(TraceEntry entry) {
    events_.clear();
    rejected_ = 0;
    trace_.push_back(std::move(entry));
    if (options_.observer && !options_.observer(trace_.back(), state_.mixture))
      finish(Verdict::interrupted, "interrupted");
  }

  /// Q from the densities of the rows and Q = <S, C> + <N, log w> from their statistics: two ways to one number, of
  /// which a family, or a kernel, can get one wrong.
  void check_statistics(TraceEntry& entry, const State& state, const Statistics& statistics,
                        const AssignmentRule& assignment) const {
    if (assignment.assignment != Assignment::soft || assignment.temperature != 1) return;
    const double by_statistics = expected_log_density(statistics, state.parameters) +
                                 weighted_log(statistics.counts(), state.parameters.log_weights);
    const double difference = std::abs(statistics.expected_log_joint() - by_statistics);
    if (difference > self_check_tolerance * scale_of(entry, check_))
      entry.events.push_back("self-check: Q from the densities differs from Q from the statistics by " +
                             std::to_string(difference));
  }

  /// Extrapolations make gains irregular, so that what remains is estimated from the map itself.
  void judge_extrapolations() {
    const double previous_estimate = remaining_gain_;
    remaining_gain_ = accelerator_->remaining_gain();
    if (remaining_gain_ < options_.tolerance && previous_estimate < options_.tolerance)
      finish(Verdict::converged, "converged after " + std::to_string(trace_.back().iteration) + " iterations");
  }

  /// One signed objective decides. Where components began anew it may fall, and estimates begin anew with them.
  void judge(bool begun_anew) {
    if (verdict_ || !stops_by_itself()) return;
    const TraceEntry& last = trace_.back();
    const TraceEntry& before = trace_[trace_.size() - 2];
    const double gain = last.objective - before.objective;
    const double scale = scale_of(last, check_);
    const double previous_estimate = remaining_gain_;
    if (begun_anew || before.temperature != 1) {
      remaining_gain_ = nan;
      return;
    }
    if (options_.batch_rows > 0) {
      remaining_gain_ = std::abs(gain) <= relative_noise * scale ? 0 : stepwise_remaining_gain(trace_);
    } else {
      const bool is_noise = std::abs(gain) <= relative_noise * scale && !last.accelerated;
      if (is_noise) {
        remaining_gain_ = 0;
      } else if (!accelerator_) {
        remaining_gain_ = aitken_remaining_gain(trace_);
      }
      if (gain < -relative_round_off * scale) {
        finish(Verdict::decreased, "the objective fell by " + std::to_string(-gain) + " nats in iteration " +
                                       std::to_string(last.iteration) + ", more than round-off explains");
        return;
      }
    }
    if (options_.tolerance == 0) return;
    if (remaining_gain_ == 0 ||
        (!accelerator_ && remaining_gain_ < options_.tolerance && previous_estimate < options_.tolerance))
      finish(Verdict::converged, "converged after " + std::to_string(last.iteration) + " iterations");
  }

  /// Applies the policy for degenerate components to an update of the statistics; false when the fit ends here.
  bool repair(UpdateResult& result, Statistics& statistics, UpdateRule& rule, const State& before) {
    const bool whole = repairer_.repair(result, family(), statistics, rule, before.mixture.weights(), &before);
    for (std::string& event : repairer_.take_events()) events_.push_back(std::move(event));
    if (!whole)
      degenerate("iteration " + std::to_string(iteration()) + ", " + describe(result.degenerate),
                 "; use a prior (update map), fewer components or another start");
    return whole;
  }

  void degenerate(const std::string& what, const std::string& advice = "") {
    trace_.back().events.push_back("degenerate: " + what);
    finish(Verdict::degenerate, what + advice);
  }

  void finish(Verdict verdict, std::string message) {
    verdict_ = verdict;
    message_ = std::move(message);
  }

  /// None where the components that ended a fit have no posterior.
  std::optional<Posterior> proper_posterior() const {
    const ParameterTable H = posterior_hyperparameters(*family(), statistics_, rule_.prior);
    const std::optional<double> log_partition = family()->log_partition(H.view());
    if (!log_partition || !std::isfinite(*log_partition)) return std::nullopt;
    return make_posterior(family(), statistics_, rule_.prior, state_.mixture.weights());
  }

  FitResult result() {
    std::optional<Posterior> posterior;
    if (options_.update != Update::ml && rule_.prior.components) posterior = proper_posterior();
    const double log_likelihood =
        is_vb() ? e_step(EStepParameters::of(state_.mixture), rows(), {}).log_normaliser() + check_.log_base
                : trace_.back().log_likelihood;
    auto soundness = soundness_of(state_.mixture, statistics_);
    const std::string suspicion = describe_suspicious(soundness);
    if (!suspicion.empty() && *verdict_ != Verdict::degenerate) message_ += "; " + suspicion;
    const std::size_t fixed = rule_.prior.weights == WeightsPrior::fixed ? state_.mixture.components() - 1 : 0;
    const std::size_t free_parameters = state_.mixture.free_parameters() - fixed;
    return {std::move(state_.mixture), *verdict_,           std::move(message_),
            std::move(trace_),         remaining_gain_,     check_.total_weight,
            std::move(posterior),      log_likelihood,      free_parameters,
            kernels().instruction_set, std::move(soundness)};
  }

  Source& source_;
  const FitOptions& options_;
  UpdateRule rule_;
  DataCheck check_;
  Repairer repairer_;
  State state_;
  Statistics statistics_;             // of the E-step at the state
  std::optional<Stepwise> stepwise_;  // with batches
  Trace trace_;
  std::vector<std::string> events_;
  std::optional<Accelerator> accelerator_;
  std::size_t rejected_ = 0;  // extrapolations since the last entry of the trace
  double remaining_gain_ = nan;
  std::optional<Verdict> verdict_;
  std::string message_;
};

}  // namespace

double FitResult::aic() const { return -2 * log_likelihood() + 2 * static_cast<double>(free_parameters); }

double FitResult::bic() const {
  return -2 * log_likelihood() + static_cast<double>(free_parameters) * std::log(total_weight);
}

double FitResult::icl() const {
  const TraceEntry& last = trace.back();
  const double log_joint = std::isnan(last.log_likelihood) ? log_likelihood() - last.entropy : last.q;
  return -2 * log_joint + static_cast<double>(free_parameters) * std::log(total_weight);
}

bool FitResult::suspicious() const {
  return std::any_of(soundness.begin(), soundness.end(), [](const auto& one) { return one.suspicious; });
}

namespace {

/// The start that an update of the statistics makes. Throws Error(numerical) when a component is degenerate and the
/// policy does not help.
Start start_from_update(const FamilyPtr& family, Statistics statistics, const std::vector<double>& weights,
                        Source& source, const FitOptions& options) {
  UpdateRule rule = update_rule(options);
  Repairer repairer(source, options);
  UpdateResult result = update(family, statistics, rule, weights);
  if (!result.degenerate.empty() && !repairer.repair(result, family, statistics, rule, weights, nullptr))
    throw Error(ErrorKind::numerical, source.name() + ": at the start, " + describe(result.degenerate) +
                                          "; use a prior (update map) or another start");
  const auto counts = statistics.counts();
  return {State(family, std::move(result), {counts.begin(), counts.end()}), std::move(rule), std::move(repairer)};
}

/// A given mixture as it is; for vb, the posterior of the assignment that it makes.
Start start_from_mixture(const Mixture& start, Source& source, const FitOptions& options) {
  if (options.update != Update::vb) return {State(start), update_rule(options), Repairer(source, options)};
  Statistics statistics =
      e_step(EStepParameters::of(start), {source, options.threads}, {options.assignment, 1, options.seed, 0});
  return start_from_update(start.family_ptr(), std::move(statistics), start.weights(), source, options);
}

}  // namespace

FitResult fit_checked(const Mixture& start, Source& source, const FitOptions& options, const DataCheck& check) {
  return Fit(start_from_mixture(start, source, options), source, options, check).run();
}

FitResult fit(const Mixture& start, Source& source, const FitOptions& options) {
  check_options(start.family(), start.components(), options);
  const DataCheck check = check_data(start.family(), {source, options.threads});
  check_distinct_rows(start.components(), source);
  return fit_checked(start, source, options, check);
}

FitResult fit_responsibilities(const FamilyPtr& family, ConstMatrixView R, Source& source, const FitOptions& options) {
  require(family);
  check_options(*family, R.columns(), options);
  const DataCheck check = check_data(*family, {source, options.threads});
  check_distinct_rows(R.columns(), source);
  Statistics statistics = statistics_of_responsibilities(*family, R, {source, options.threads});
  const std::vector<double> equal_weights(R.columns(), 1 / static_cast<double>(R.columns()));
  return Fit(start_from_update(family, std::move(statistics), equal_weights, source, options), source, options, check)
      .run();
}

}  // namespace mixfam
