#include <mixfam/error.hpp>
#include <mixfam/fit.hpp>

#include "family/data_check.hpp"
#include "family/require_family.hpp"
#include "family/responsibilities.hpp"
#include "inference/accelerate.hpp"
#include "inference/climb.hpp"
#include "inference/fit_checked.hpp"
#include "inference/measure.hpp"
#include "inference/reseed.hpp"
#include "inference/second_look.hpp"
#include "inference/soundness.hpp"
#include "inference/state.hpp"
#include "inference/stepwise.hpp"
#include "inference/stopping.hpp"
#include "kernels/kernels.hpp"
#include "model/e_step.hpp"
#include "model/update.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

namespace mixfam {

namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// Saddles are left so many times; a fit that comes to rest at yet another one ends there.
constexpr std::size_t most_saddles = 10;

/// An extrapolation outside the domain is halved this many times before a plain step takes its place.
constexpr int halvings = 6;

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
    begin();
    while (!verdict_) {
      if (iteration() > options_.max_iterations) {
        finish(Verdict::max_iterations,
               stops_by_itself()
                   ? "stopped after " + std::to_string(options_.max_iterations) +
                         " iterations, before the tolerance was reached; allow more (`max_iterations`)" + faster()
                   : "made " + std::to_string(options_.max_iterations) + " iterations");
      } else {
        try_iteration();
      }
    }
    return result();
  }

 private:
  /// What to say to somebody who waits for plain steps.
  std::string faster() const {
    const bool could = options_.assignment == Assignment::soft && options_.batch_rows == 0 &&
                       options_.temperature == 1 && options_.accelerate == Acceleration::none;
    return could ? " or take longer steps (`accelerate = anderson`)" : "";
  }

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
    UpdateResult result = update(family(), last_.image, rule_, state_.mixture.weights());
    if (accelerator_) {
      if (extrapolate(result)) return;
      accelerator_->move_to_image();
    }
    std::vector<double> counts(last_.image.counts().begin(), last_.image.counts().end());
    UpdateRule rule = rule_;
    bool begun_anew = false;
    if (!result.degenerate.empty()) {
      Statistics repaired = last_.image;
      if (!repair(result, repaired, rule, state_)) return;
      counts.assign(repaired.counts().begin(), repaired.counts().end());
      // A component that keeps its parameters leaves the bound where it was: such a step is a partial M-step.
      begun_anew = repairer_.begins_anew();
      if (accelerator_) accelerator_->restart();
    }
    State next(family(), std::move(result), std::move(counts));
    const Step step = begun_anew ? Step{} : step_to(next);
    if (std::isinf(step.elbo))
      throw Error(ErrorKind::numerical,
                  "the prior takes away all that is left of a value in a component; use a prior "
                  "with counts of at least 1");
    advance(std::move(next), std::move(rule), step, begun_anew);
  }

  /// Tries to go further than the given update of the statistics at hand. False when that is to be made instead:
  /// nothing better is known, or it was tried without success.
  bool extrapolate(const UpdateResult& plain) {
    if (!plain.degenerate.empty() || rejected_ > 0) return false;
    accelerator_->evaluated(last_.image, e_step_parameters(family(), plain));
    if (judge_extrapolations()) return true;
    std::optional<Proposal> proposal = extrapolation();
    if (!proposal) return false;
    std::optional<Trial> trial = attempt(std::move(*proposal));
    if (trial && trial->entry.objective >= trace_.back().objective - relative_noise * scale_of(trial->entry, check_)) {
      accelerator_->move_to(trial->evaluation.point, trial->state.parameters);
      move_to(std::move(*trial));
      judge();
      return true;
    }
    accelerator_->rejected();
    ++rejected_;
    return true;
  }

  /// A state off the path of the iterations: the update of a point that is no image.
  struct Proposal {
    Statistics point;
    State state;
  };

  /// A proposal with the E-step at it, which the fit may move to.
  struct Trial {
    Evaluation evaluation;
    State state;
    TraceEntry entry;
  };

  /// None where the point has no sound update, or one that excludes a value that rows of a component have.
  std::optional<Proposal> propose(Statistics point) {
    auto result = update_if_sound(family(), point, rule_, state_.mixture.weights());
    if (!result) return std::nullopt;
    State state(family(), std::move(*result), {point.counts().begin(), point.counts().end()});
    if (!std::isfinite(elbo_at(state))) return std::nullopt;
    return Proposal{std::move(point), std::move(state)};
  }

  /// The farthest one on the way of the extrapolation.
  std::optional<Proposal> extrapolation() {
    double length = 1;
    for (int i = 0; i <= halvings; ++i, length /= 2) {
      std::optional<Statistics> point = accelerator_->extrapolate(length);
      if (!point) return std::nullopt;
      if (auto proposal = propose(std::move(*point))) return proposal;
    }
    accelerator_->left_domain();
    return std::nullopt;
  }

  /// None where a row has no density under any component.
  std::optional<Trial> attempt(Proposal proposal) {
    try {
      Step step = step_to(proposal.state);
      step.accelerated = true;
      Statistics statistics = e_step(proposal.state.parameters, rows(), assignment_rule(iteration()));
      TraceEntry entry = measure(proposal.state, statistics, step, rule_.prior);
      return Trial{{std::move(proposal.point), std::move(statistics)}, std::move(proposal.state), std::move(entry)};
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::numerical) throw;
      return std::nullopt;
    }
  }

  void move_to(Trial trial) {
    before_ = {};
    last_ = std::move(trial.evaluation);
    state_ = std::move(trial.state);
    push(std::move(trial.entry));
  }

  /// ELBO(q, next) with the q of the last E-step.
  double elbo_at(const State& next) const {
    return expected_log_joint(last_.image, next.parameters) + last_.image.entropy() + check_.log_base -
           penalty_of(next, rule_.prior).total();
  }

  Step step_to(const State& next) {
    Step step;
    step.elbo = elbo_at(next);
    if (options_.verify)
      step.kl = kl_by_definition(state_.parameters, next.parameters, rows(), assignment_rule(trace_.back().iteration));
    return step;
  }

  /// A pass of stepwise updates, and the E-step that evaluates where it led.
  void stepwise_iteration() {
    State next = state_;
    UpdateRule rule = rule_;
    if (!stepwise_) stepwise_ = Stepwise{last_.image};
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

  void begin() {
    last_.image = e_step(state_.parameters, rows(), assignment_rule(iteration()));
    push(measure(state_, last_.image, {}, rule_.prior));
  }

  /// The E-step at the next state, which becomes the state unless it has no objective.
  void advance(State next, UpdateRule rule, const Step& step, bool begun_anew) {
    Statistics statistics = e_step(next.parameters, rows(), assignment_rule(iteration()));
    TraceEntry entry = measure(next, statistics, step, rule.prior);
    if (!std::isfinite(entry.objective)) throw Error(ErrorKind::numerical, "the objective is not finite");
    const bool cooled = trace_.back().temperature != 1;
    state_ = std::move(next);
    rule_ = std::move(rule);
    before_ = std::move(last_.point);
    last_.point = std::move(last_.image);
    last_.image = std::move(statistics);
    push(std::move(entry));
    if (begun_anew || cooled) begin_estimates();
    judge();
  }

  /// The entry of the trace for a state and the statistics of the E-step at it.
  TraceEntry measure(const State& state, const Statistics& statistics, const Step& step, const Prior& prior) const {
    TraceEntry entry = mixfam::measure(state, statistics, step, trace_.empty() ? nullptr : &trace_.back(),
                                       {options_, prior, check_, assignment_rule(iteration())});
    entry.iteration = iteration();
    entry.events.insert(entry.events.begin(), events_.begin(), events_.end());
    return entry;
  }

  void push(TraceEntry entry) {
    events_.clear();
    rejected_ = 0;
    trace_.push_back(std::move(entry));
    if (options_.observer && !options_.observer(trace_.back(), state_.mixture))
      finish(Verdict::interrupted, "interrupted");
  }

  /// Extrapolations make gains irregular, so that what remains is estimated from the map itself. Whether the iteration
  /// is over with that.
  bool judge_extrapolations() {
    const double previous_estimate = remaining_gain_;
    remaining_gain_ = accelerator_->remaining_gain();
    const bool small = remaining_gain_ < options_.tolerance && previous_estimate < options_.tolerance;
    return small && look_again();
  }

  /// Estimates know nothing of the entries before the last.
  void begin_estimates() {
    first_estimated_ = trace_.size() - 1;
    remaining_gain_ = nan;
  }

  void judge() {
    if (verdict_ || !stops_by_itself()) return;
    const Judgement judgement =
        mixfam::judge({trace_.begin() + static_cast<std::ptrdiff_t>(first_estimated_), trace_.end()}, remaining_gain_,
                      options_, check_);
    remaining_gain_ = judgement.remaining_gain;
    if (judgement.verdict == Verdict::converged) {
      look_again();
    } else if (judgement.verdict) {
      finish(*judgement.verdict, judgement.message);
    }
  }

  /// Whether there are directions that the iterations may not have shown.
  bool is_smooth() const {
    return options_.batch_rows == 0 && options_.assignment == Assignment::soft && state_.mixture.components() > 1;
  }

  /// Before a fit is said to have converged. True where it ended or moved away.
  bool look_again() {
    if (!is_smooth()) return end_converged();
    if (!schedule_.is_due(iteration())) return false;
    const double tolerance = std::max(options_.tolerance, relative_noise * scale_of(trace_.back(), check_));
    const bool has_before = trace_.size() > first_estimated_ + 2 && before_.components() > 0;
    const SecondLook look(state_, last_, has_before ? &before_ : nullptr, rule_, rows(),
                          {tolerance, LookSchedule::most_passes(iteration()), options_.seed, trace_.size()});
    if (look.may_ascend()) {
      auto trial = climb<Trial>(look, {trace_.back().objective, tolerance, std::sqrt(check_.total_weight)},
                                [this](Statistics point) -> std::optional<Trial> {
                                  auto proposal = propose(std::move(point));
                                  if (!proposal) return std::nullopt;
                                  return attempt(std::move(*proposal));
                                });
      if (trial) return leave_saddle(std::move(*trial));
    }
    if (std::isfinite(look.remaining_gain())) remaining_gain_ = std::max(remaining_gain_, look.remaining_gain());
    if (!(remaining_gain_ >= tolerance)) return end_converged();
    schedule_.put_off(iteration(), look, tolerance, accelerator_.has_value());
    return false;
  }

  bool end_converged() {
    std::string message = "converged after " + std::to_string(trace_.back().iteration) + " iterations";
    const double noise = relative_noise * scale_of(trace_.back(), check_);
    if (noise > options_.tolerance)
      message += ", as near as the rounding of the sums over the rows allows: " + nats_text(noise) + " nats";
    finish(Verdict::converged, std::move(message));
    return true;
  }

  /// Goes on from where the objective is higher, or ends the fit.
  bool leave_saddle(Trial trial) {
    const std::string same = describe_equal_components(state_.parameters);
    const std::string what = "a perturbation gains " + nats_text(trial.entry.objective - trace_.back().objective) +
                             " nats" + (same.empty() ? "" : "; " + same);
    if (options_.keep_saddle || saddles_ == most_saddles) {
      finish(Verdict::saddle,
             "saddle after " + std::to_string(trace_.back().iteration) + " iterations, no maximum: " + what +
                 (options_.keep_saddle ? "; go on from there (without `keep_saddle`) or start elsewhere"
                                       : "; it is one of many; start elsewhere"));
      return true;
    }
    if (iteration() > options_.max_iterations) return false;
    ++saddles_;
    trial.entry.events.push_back("left a saddle: " + what);
    move_to(std::move(trial));
    begin_estimates();
    if (accelerator_) accelerator_->restart();
    return true;
  }

  /// Applies the policy for degenerate components to an update of the statistics; false when the fit ends here.
  bool repair(UpdateResult& result, Statistics& statistics, UpdateRule& rule, const State& before) {
    const bool whole = repairer_.repair(result, family(), statistics, rule, before.mixture.weights(), &before);
    for (std::string& event : repairer_.take_events()) events_.push_back(std::move(event));
    if (!whole)
      degenerate("iteration " + std::to_string(iteration()) + ", " + describe(result.degenerate, source_),
                 "; " + remedy(*family(), rule.prior));
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
    const ParameterTable H = posterior_hyperparameters(*family(), last_.image, rule_.prior);
    const std::optional<double> log_partition = family()->log_partition(H.view());
    if (!log_partition || !std::isfinite(*log_partition)) return std::nullopt;
    return make_posterior(family(), last_.image, rule_.prior, state_.mixture.weights());
  }

  FitResult result() {
    std::optional<Posterior> posterior;
    if (options_.update != Update::ml && rule_.prior.components) posterior = proper_posterior();
    const double log_likelihood =
        is_vb() ? e_step(EStepParameters::of(state_.mixture), rows(), {}).log_normaliser() + check_.log_base
                : trace_.back().log_likelihood;
    auto soundness = soundness_of(state_.mixture, last_.image);
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
  Evaluation last_;                   // the state is the update of its point
  Statistics before_;                 // its image is the last point; empty where that is no image
  std::optional<Stepwise> stepwise_;  // with batches
  Trace trace_;
  std::vector<std::string> events_;
  std::optional<Accelerator> accelerator_;
  std::size_t rejected_ = 0;         // extrapolations since the last entry of the trace
  std::size_t saddles_ = 0;          // left
  std::size_t first_estimated_ = 0;  // entry of the trace from which steps follow one another
  LookSchedule schedule_;
  double remaining_gain_ = nan;
  std::optional<Verdict> verdict_;
  std::string message_;
};

/// The start that an update of the statistics makes. Throws Error(numerical) when a component is degenerate and the
/// policy does not help.
Start start_from_update(const FamilyPtr& family, Statistics statistics, const std::vector<double>& weights,
                        Source& source, const FitOptions& options) {
  UpdateRule rule = update_rule(options.update, options.prior, options.seed);
  Repairer repairer(source, options);
  UpdateResult result = update(family, statistics, rule, weights);
  if (!result.degenerate.empty() && !repairer.repair(result, family, statistics, rule, weights, nullptr))
    throw Error(ErrorKind::numerical, source.name() + ": at the start, " + describe(result.degenerate, source) + "; " +
                                          remedy(*family, rule.prior));
  const auto counts = statistics.counts();
  return {State(family, std::move(result), {counts.begin(), counts.end()}), std::move(rule), std::move(repairer)};
}

/// A given mixture as it is; for vb, the posterior of the assignment that it makes.
Start start_from_mixture(const Mixture& start, Source& source, const FitOptions& options) {
  if (options.update != Update::vb)
    return {State(start), update_rule(options.update, options.prior, options.seed), Repairer(source, options)};
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
  check_distinct_rows(start.components(), {source, options.threads});
  return fit_checked(start, source, options, check);
}

FitResult fit_responsibilities(const FamilyPtr& family, ConstMatrixView R, Source& source, const FitOptions& options) {
  require(family);
  check_options(*family, R.columns(), options);
  const DataCheck check = check_data(*family, {source, options.threads});
  check_distinct_rows(R.columns(), {source, options.threads});
  Statistics statistics = statistics_of_responsibilities(*family, R, {source, options.threads});
  const std::vector<double> equal_weights(R.columns(), 1 / static_cast<double>(R.columns()));
  return Fit(start_from_update(family, std::move(statistics), equal_weights, source, options), source, options, check)
      .run();
}

}  // namespace mixfam
