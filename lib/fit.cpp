#include <mixfam/error.hpp>
#include <mixfam/fit.hpp>

#include "accelerate.hpp"
#include "data_check.hpp"
#include "e_step.hpp"
#include "initialize_checked.hpp"
#include "kernels/kernels.hpp"
#include "reseed.hpp"
#include "responsibilities.hpp"
#include "stepwise.hpp"
#include "streams.hpp"
#include "total_statistics.hpp"
#include "update.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace mixfam {

namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// What sums over the rows may be wrong by, relative to their size: a fall of more is no rounding.
constexpr double relative_round_off = 1e-12;

/// What Q from densities and Q from statistics may differ by, relative to the sums: the precision of an ill-conditioned
/// covariance has few digits.
constexpr double self_check_tolerance = 1e-8;

/// Gains of less than this, relative to the sums, are rounding alone.
constexpr double relative_noise = 16 * std::numeric_limits<double>::epsilon();

/// Reseeding is given up after this many for each component.
constexpr std::size_t reseeds_per_component = 10;

/// An extrapolation outside the domain is halved this many times before a plain step takes its place.
constexpr int halvings = 6;

/// The size of the sums over the rows that the objective is made of.
double scale_of(const TraceEntry& entry, const DataCheck& check) {
  return std::max({std::abs(entry.objective), std::abs(entry.q), check.total_weight}) + std::abs(check.log_base);
}

/// Aitken's estimate of what the objective would still gain, from its last gains (McLachlan and Krishnan 2008, section
/// 4.9): with gains falling by a constant ratio a, the rest is gain * a / (1 - a). The ratio grows towards its limit
/// while a slow direction emerges, so it is carried on by twice its last growth. NaN while gains do not fall.
double aitken_remaining_gain(const Trace& trace) {
  if (trace.size() < 4) return nan;
  const auto end = trace.end();
  const auto gain = [&](std::ptrdiff_t back) { return end[-back].objective - end[-back - 1].objective; };
  const double ratio = gain(1) / gain(2);
  const double growth = std::max(0.0, ratio - gain(2) / gain(3));
  const double limit = ratio + 2 * growth;
  return ratio >= 0 && limit < 1 ? gain(1) * limit / (1 - limit) : nan;
}

double sum_of(ConstVectorView values) { return std::accumulate(values.begin(), values.end(), 0.0); }

double weighted_log(ConstVectorView counts, const std::vector<double>& log_weights) {
  double sum = 0;
  for (std::size_t k = 0; k < counts.size(); ++k) sum += counts[k] * log_weights[k];
  return sum;
}

/// Parameters, or their posterior, with all that an E-step and a trace entry need of them.
struct State {
  State(const FamilyPtr& family, UpdateResult result, std::vector<double> counts)
      : mixture(family, result.weights, result.theta),
        parameters(e_step_parameters(family, result)),
        log_weights(std::move(result.log_weights)),
        hyperparameters(std::move(result.hyperparameters)),
        update_counts(std::move(counts)) {}
  explicit State(const Mixture& start)
      : mixture(start), parameters(EStepParameters::of(start)), log_weights(parameters.log_weights) {}

  Mixture mixture;
  EStepParameters parameters;
  std::vector<double> log_weights;                // without the constants of posteriors
  std::optional<ParameterTable> hyperparameters;  // vb
  std::vector<double> update_counts;              // N_k that made the state; empty at a given start
};

/// What separates the bound of a state from Q + H: for vb KL(q(w) || p(w)) and KL(q(theta_k) || p(theta_k)).
struct Penalty {
  double weights = 0;
  std::vector<double> components;

  double total() const { return weights + sum_of(components); }
};

Penalty penalty_of(const State& state, const Prior& prior) {
  Penalty penalty;
  if (!state.hyperparameters) return penalty;
  penalty.weights = weights_kl(state.update_counts, prior);
  penalty.components.resize(state.hyperparameters->components());
  state.mixture.family().add_kl_to_prior(state.hyperparameters->view(), prior.components->row(0), penalty.components);
  return penalty;
}

/// What made a state, seen from the entry of the trace before it.
struct Step {
  double elbo = nan;  ///< ELBO(q_{t-1}, theta_t)
  double kl = nan;    ///< KL(q_{t-1} || p(Z | X, theta_t)) by its definition
  bool accelerated = false;
};

/// One fit: the state, the statistics of its last E-step, and the trace.
class Fit {
 public:
  Fit(State start, Source& source, const FitOptions& options, const DataCheck& check)
      : source_(source), options_(options), rule_(update_rule(options)), check_(check), state_(std::move(start)) {
    if (options.accelerate != Acceleration::none) accelerator_.emplace(options.accelerate, family());
  }

  FitResult run() && {
    record({});
    while (!verdict_) {
      if (iteration() > options_.max_iterations) {
        finish(Verdict::max_iterations,
               stops_by_itself() ? "stopped after " + std::to_string(options_.max_iterations) +
                                       " iterations, before the tolerance was reached; allow more (max-iterations)"
                                 : "made " + std::to_string(options_.max_iterations) + " iterations");
      } else {
        iterate();
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
    const bool repaired = !result.degenerate.empty();
    if (repaired && !repair(result)) return;
    if (repaired && accelerator_) accelerator_->restart();
    // A component that keeps its parameters leaves the bound where it was: such a step is a partial M-step.
    const bool begun_anew = repaired && options_.degenerate != DegeneratePolicy::keep;
    State next(family(), std::move(result), {statistics_.counts().begin(), statistics_.counts().end()});
    const Step step = begun_anew ? Step{} : step_to(next);
    state_ = std::move(next);
    record(step);
    judge(begun_anew);
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
      TraceEntry entry = measure(*next, *statistics, step);
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
    StepwiseResult pass = stepwise_pass(state_.parameters, state_.mixture, std::move(statistics_), source_,
                                        {options_.batch_rows, options_.forgetting, steps_, check_.total_weight}, rule_,
                                        assignment_rule(iteration()));
    steps_ = pass.steps;
    if (!pass.last.degenerate.empty()) {
      degenerate(pass.last.degenerate);
      return;
    }
    state_ = State(family(), std::move(pass.last), std::move(pass.counts));
    record({});
    judge(true);
  }

  const FamilyPtr& family() const { return state_.mixture.family_ptr(); }

  void record(const Step& step) {
    statistics_ = e_step(state_.parameters, rows(), assignment_rule(iteration()));
    push(measure(state_, statistics_, step));
  }

  /// The entry of the trace for a state and the statistics of the E-step at it.
  TraceEntry measure(const State& state, const Statistics& statistics, const Step& step) const {
    TraceEntry entry;
    entry.iteration = iteration();
    entry.accelerated = step.accelerated;
    const AssignmentRule assignment = assignment_rule(entry.iteration);
    const Penalty penalty = penalty_of(state, rule_.prior);
    const double bound = statistics.log_normaliser() + check_.log_base - penalty.total();
    entry.log_likelihood = is_vb() ? nan : bound;
    entry.log_prior = options_.update == Update::map || options_.update == Update::sampled
                          ? log_prior(state.mixture, rule_.prior)
                          : 0;
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
    if (!std::isfinite(last.objective)) {
      finish(Verdict::degenerate, "iteration " + std::to_string(last.iteration) + ": the objective is not finite");
      return;
    }
    const double gain = last.objective - before.objective;
    const double scale = scale_of(last, check_);
    const double previous_estimate = remaining_gain_;
    if (options_.batch_rows > 0) {
      remaining_gain_ = std::abs(gain);
    } else if (begun_anew || before.temperature != 1) {
      remaining_gain_ = nan;
      return;
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

  /// Applies the policy for degenerate components; false when the fit ends here.
  bool repair(UpdateResult& result) {
    switch (options_.degenerate) {
      case DegeneratePolicy::error:
        break;
      case DegeneratePolicy::reseed:
        if (reseeds_ >= reseeds_per_component * state_.mixture.components()) break;
        reseeds_ += result.degenerate.size();
        reseed(result, *family(), source_, rule_);
        return note_repair("reseeded", result);
      case DegeneratePolicy::drop:
        if (!drop(result, rule_.prior)) break;
        return note_repair("dropped", result);
      case DegeneratePolicy::keep:
        keep(result, state_.mixture);
        return note_repair("kept", result);
    }
    degenerate(result.degenerate);
    return false;
  }

  bool note_repair(const std::string& what, const UpdateResult& result) {
    events_.push_back(what + ": " + describe(result.degenerate));
    return true;
  }

  void degenerate(const std::vector<Degeneracy>& components) {
    const std::string what = "iteration " + std::to_string(iteration()) + ", " + describe(components);
    trace_.back().events.push_back("degenerate: " + what);
    finish(Verdict::degenerate, what + "; use a prior (update map), fewer components or another start");
  }

  void finish(Verdict verdict, std::string message) {
    verdict_ = verdict;
    message_ = std::move(message);
  }

  FitResult result() {
    std::optional<Posterior> posterior;
    if (options_.update != Update::ml && rule_.prior.components)
      posterior = make_posterior(family(), statistics_, rule_.prior);
    const double log_likelihood =
        is_vb() ? e_step(EStepParameters::of(state_.mixture), rows(), {}).log_normaliser() + check_.log_base
                : trace_.back().log_likelihood;
    const std::size_t fixed = rule_.prior.weights == WeightsPrior::fixed ? state_.mixture.components() - 1 : 0;
    const std::size_t free_parameters = state_.mixture.free_parameters() - fixed;
    return {std::move(state_.mixture), *verdict_,       std::move(message_),
            std::move(trace_),         remaining_gain_, check_.total_weight,
            std::move(posterior),      log_likelihood,  free_parameters,
            kernels().instruction_set};
  }

  Source& source_;
  const FitOptions& options_;
  UpdateRule rule_;
  DataCheck check_;
  State state_;
  Statistics statistics_;
  Trace trace_;
  std::vector<std::string> events_;
  std::optional<Accelerator> accelerator_;
  std::size_t rejected_ = 0;  // extrapolations since the last entry of the trace
  std::size_t reseeds_ = 0;
  std::size_t steps_ = 0;  // stepwise updates made
  double remaining_gain_ = nan;
  std::optional<Verdict> verdict_;
  std::string message_;
};

/// A given mixture as a start: for vb, the posterior of the assignment that it makes.
State start_from(const Mixture& start, Source& source, const FitOptions& options) {
  if (options.update != Update::vb) return State(start);
  const Statistics statistics =
      e_step(EStepParameters::of(start), {source, options.threads}, {options.assignment, 1, options.seed, 0});
  return State(start.family_ptr(), update(start.family_ptr(), statistics, update_rule(options), start.weights()),
               {statistics.counts().begin(), statistics.counts().end()});
}

void check_proper_prior(const Family& family, const FitOptions& options) {
  const std::string method = to_string(options.update);
  if (family.hyperparameters().empty())
    throw Error(ErrorKind::usage,
                "'" + family.spec() + "' has no conjugate prior, which update " + method + " needs; use update ml");
  if (!options.prior.components)
    throw Error(ErrorKind::usage, "update " + method + " needs a prior on the parameters; use the default prior");
  const auto h = options.prior.components->row(0);
  if (!family.log_partition(ConstMatrixView::row_major(h.data(), 1, h.size())))
    throw Error(ErrorKind::usage,
                "update " + method + " needs a proper prior, but that on the parameters has no finite integral");
}

void check_options(const Family& family, std::size_t components, const FitOptions& options) {
  const auto require = [](bool holds, const std::string& what) {
    if (!holds) throw Error(ErrorKind::usage, what);
  };
  require(components > 0, "a mixture needs at least one component");
  require(options.tolerance >= 0, "tolerance is " + std::to_string(options.tolerance) + " (must be >= 0)");
  require(options.temperature >= 1, "temperature is " + std::to_string(options.temperature) + " (must be >= 1)");
  require(options.cooling > 0 && options.cooling < 1,
          "cooling is " + std::to_string(options.cooling) + " (must be between 0 and 1)");
  require(options.temperature == 1 || options.assignment == Assignment::soft,
          "a temperature needs soft assignment: a hard or sampled one has none");
  const bool accelerated = options.accelerate != Acceleration::none;
  const std::string method = to_string(options.accelerate);
  require(!accelerated || (options.assignment == Assignment::soft && options.update != Update::sampled),
          "acceleration '" + method +
              "' needs soft assignment and update ml, map or vb: hard or sampled steps have no "
              "limit that one could extrapolate to");
  require(!accelerated || options.temperature == 1,
          "acceleration '" + method + "' cannot be combined with a temperature, which changes the map in each step");
  require(!accelerated || options.batch_rows == 0,
          "acceleration '" + method + "' needs updates of the whole data; leave out the batches");
  require(options.forgetting > 0.5 && options.forgetting <= 1,
          "forgetting is " + std::to_string(options.forgetting) + " (must be in (0.5, 1])");
  require(options.prior.weights != WeightsPrior::stick_breaking || options.update == Update::vb,
          "stick-breaking weights are for update vb");
  require(options.update == Update::ml || !family.hyperparameters().empty() || !options.prior.components,
          "'" + family.spec() + "' has no conjugate prior; use update ml");
  check_prior(family, components, options.prior);
  if (options.update == Update::vb || options.update == Update::sampled) check_proper_prior(family, options);
}

bool better(const FitResult& a, const FitResult& b) {
  const bool a_sound = a.verdict != Verdict::degenerate;
  const bool b_sound = b.verdict != Verdict::degenerate;
  return a_sound != b_sound ? a_sound : a.objective() > b.objective();
}

RestartSummary summarise(std::size_t restart, const FitResult& result) {
  return {restart, result.verdict, result.message, result.objective(), result.log_likelihood(), result.iterations()};
}

}  // namespace

const char* to_string(Update update) {
  switch (update) {
    case Update::ml:
      return "ml";
    case Update::map:
      return "map";
    case Update::vb:
      return "vb";
    case Update::sampled:
      return "sampled";
  }
  return "";
}

const char* to_string(Assignment assignment) {
  switch (assignment) {
    case Assignment::soft:
      return "soft";
    case Assignment::hard:
      return "hard";
    case Assignment::sampled:
      return "sampled";
  }
  return "";
}

const char* to_string(Acceleration acceleration) {
  switch (acceleration) {
    case Acceleration::none:
      return "none";
    case Acceleration::squarem:
      return "squarem";
    case Acceleration::anderson:
      return "anderson";
  }
  return "";
}

const char* to_string(DegeneratePolicy policy) {
  switch (policy) {
    case DegeneratePolicy::error:
      return "error";
    case DegeneratePolicy::reseed:
      return "reseed";
    case DegeneratePolicy::drop:
      return "drop";
    case DegeneratePolicy::keep:
      return "keep";
  }
  return "";
}

const char* to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::converged:
      return "converged";
    case Verdict::max_iterations:
      return "max_iterations";
    case Verdict::decreased:
      return "decreased";
    case Verdict::degenerate:
      return "degenerate";
    case Verdict::interrupted:
      return "interrupted";
  }
  return "";
}

double FitResult::aic() const { return -2 * log_likelihood() + 2 * static_cast<double>(free_parameters); }

double FitResult::bic() const {
  return -2 * log_likelihood() + static_cast<double>(free_parameters) * std::log(total_weight);
}

double FitResult::icl() const {
  const TraceEntry& last = trace.back();
  const double log_joint = std::isnan(last.log_likelihood) ? log_likelihood() - last.entropy : last.q;
  return -2 * log_joint + static_cast<double>(free_parameters) * std::log(total_weight);
}

FitResult fit(const Mixture& start, Source& source, const FitOptions& options) {
  check_options(start.family(), start.components(), options);
  const DataCheck check = check_data(start.family(), {source, options.threads});
  check_distinct_rows(start.components(), source);
  return Fit(start_from(start, source, options), source, options, check).run();
}

FitResult fit_responsibilities(const FamilyPtr& family, ConstMatrixView R, Source& source, const FitOptions& options) {
  check_options(*family, R.columns(), options);
  const DataCheck check = check_data(*family, {source, options.threads});
  check_distinct_rows(R.columns(), source);
  const Statistics statistics = statistics_of_responsibilities(*family, R, {source, options.threads});
  const std::vector<double> equal_weights(R.columns(), 1 / static_cast<double>(R.columns()));
  UpdateResult start = update(family, statistics, update_rule(options), equal_weights);
  if (!start.degenerate.empty())
    throw Error(ErrorKind::numerical, source.name() + ": at the start, " + describe(start.degenerate) +
                                          "; use a prior (update map) or other responsibilities");
  State state(family, std::move(start), {statistics.counts().begin(), statistics.counts().end()});
  return Fit(std::move(state), source, options, check).run();
}

RestartsResult fit_restarts(const FamilyPtr& family, std::size_t components, Source& source,
                            const RestartsOptions& restarts, const FitOptions& options) {
  if (restarts.restarts == 0) throw Error(ErrorKind::usage, "at least one start is needed");
  check_options(*family, components, options);
  const DataCheck check = check_data(*family, {source, options.threads});
  check_distinct_rows(components, source);
  const Statistics total = total_statistics(*family, {source, options.threads});

  std::optional<FitResult> best;
  std::size_t best_restart = 0;
  std::vector<RestartSummary> summaries;
  for (std::size_t restart = 0; restart < restarts.restarts; ++restart) {
    if (restarts.observer) restarts.observer(restart);
    try {
      const InitializeOptions initial{restarts.start, restarts.seed, restart, update_rule(options).prior,
                                      options.threads, options.assignment};
      const Mixture start = initialize_checked(family, components, source, initial, total);
      FitOptions own = options;
      if (restart > 0) own.seed = stream(Stream::restart, options.seed, restart)();
      FitResult result = Fit(start_from(start, source, own), source, own, check).run();
      summaries.push_back(summarise(restart, result));
      const bool interrupted = result.verdict == Verdict::interrupted;
      if (!best || better(result, *best)) {
        best.emplace(std::move(result));
        best_restart = restart;
      }
      if (interrupted) break;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::numerical) throw;
      summaries.push_back({restart, std::nullopt, error.what(), nan, nan, 0});
    }
  }
  if (!best)
    throw Error(ErrorKind::numerical, restarts.restarts == 1
                                          ? summaries.front().message
                                          : "every start failed; the first: " + summaries.front().message);
  return {std::move(*best), best_restart, std::move(summaries)};
}

}  // namespace mixfam
