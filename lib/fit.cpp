#include <mixfam/error.hpp>
#include <mixfam/fit.hpp>

#include "data_check.hpp"
#include "e_step.hpp"
#include "initialize_checked.hpp"
#include "m_step.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace mixfam {

namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// What sums over the rows may be wrong by, relative to their size.
constexpr double relative_round_off = 1e-12;

double round_off(const TraceEntry& entry, double total_weight) {
  return relative_round_off * std::max({std::abs(entry.objective), std::abs(entry.q), total_weight});
}

/// Aitken's estimate of what the objective would still gain, from its last two gains (McLachlan and Krishnan 2008,
/// section 4.9): with gains falling by a constant ratio a, the rest is gain * a / (1 - a). NaN when they do not fall.
double aitken_remaining_gain(const Trace& trace) {
  if (trace.size() < 3) return nan;
  const auto end = trace.end();
  const double previous = end[-2].objective - end[-3].objective;
  const double last = end[-1].objective - end[-2].objective;
  const double ratio = last / previous;
  return ratio >= 0 && ratio < 1 ? last * ratio / (1 - ratio) : nan;
}

/// The state of one fit: the mixture, the statistics of its last E-step, and the trace.
class Fit {
 public:
  Fit(const Mixture& start, Source& source, const FitOptions& options, const DataCheck& check)
      : source_(source),
        options_(options),
        prior_(options.update == Update::map ? options.prior : Prior{}),
        check_(check),
        mixture_(start) {}

  FitResult run() && {
    e_step_and_record(nan, nan, {});
    while (!verdict_) {
      if (trace_.back().iteration >= options_.max_iterations) {
        finish(Verdict::max_iterations,
               "stopped after " + std::to_string(options_.max_iterations) +
                   " iterations, before the tolerance was reached; allow more (max-iterations)");
      } else {
        iterate();
      }
    }
    return {std::move(mixture_), *verdict_,       std::move(message_),
            std::move(trace_),   remaining_gain_, check_.total_weight};
  }

 private:
  /// An M-step from the statistics at hand and the E-step that follows it.
  void iterate() {
    MStep step = m_step(mixture_.family_ptr(), statistics_, prior_);
    if (!step.mixture) {
      const std::string what =
          "iteration " + std::to_string(trace_.back().iteration + 1) + ", " + describe(step.degenerate);
      trace_.back().events.push_back("degenerate: " + what);
      finish(Verdict::degenerate, what + "; use a prior (update map), fewer components or another start");
      return;
    }
    const double elbo_m = elbo_of_statistics(statistics_, *step.mixture) + check_.log_base;
    const double defined_kl =
        options_.verify ? kl_by_definition(mixture_, *step.mixture, source_, options_.assignment) : nan;
    mixture_ = std::move(*step.mixture);
    e_step_and_record(elbo_m, defined_kl, {});
    judge();
  }

  void e_step_and_record(double elbo_m, double defined_kl, std::vector<std::string> events) {
    statistics_ = e_step(mixture_, source_, options_.assignment);
    TraceEntry entry;
    entry.iteration = trace_.empty() ? 0 : trace_.back().iteration + 1;
    entry.log_likelihood = statistics_.log_normaliser() + check_.log_base;
    entry.log_prior = options_.update == Update::map ? log_prior(mixture_, prior_) : 0;
    entry.q = statistics_.expected_log_joint() + check_.log_base;
    entry.entropy = statistics_.entropy();
    entry.elbo_e = entry.q + entry.entropy;
    entry.objective = entry.elbo_e + entry.log_prior;
    entry.elbo_m = elbo_m;
    entry.kl = entry.log_likelihood - elbo_m;
    entry.gain_m = trace_.empty() ? nan : elbo_m + entry.log_prior - trace_.back().objective;
    entry.gain_e = entry.elbo_e - elbo_m;
    entry.residual = std::abs(entry.log_likelihood - (elbo_m + defined_kl));
    entry.counts.assign(statistics_.counts().begin(), statistics_.counts().end());
    entry.events = std::move(events);
    trace_.push_back(std::move(entry));
    if (options_.observer && !options_.observer(trace_.back())) finish(Verdict::interrupted, "interrupted");
  }

  /// One signed objective decides.
  void judge() {
    if (verdict_) return;
    const TraceEntry& last = trace_.back();
    const double gain = last.objective - trace_[trace_.size() - 2].objective;
    const double noise = round_off(last, check_.total_weight);
    const double previous_estimate = remaining_gain_;
    remaining_gain_ = std::abs(gain) <= noise ? 0 : aitken_remaining_gain(trace_);
    if (!std::isfinite(last.objective)) {
      finish(Verdict::degenerate, "iteration " + std::to_string(last.iteration) + ": the objective is not finite");
    } else if (gain < -noise) {
      finish(Verdict::decreased, "the objective fell by " + std::to_string(-gain) + " nats in iteration " +
                                     std::to_string(last.iteration) + ", more than round-off explains");
    } else if (remaining_gain_ == 0 ||
               (remaining_gain_ < options_.tolerance && previous_estimate < options_.tolerance)) {
      finish(Verdict::converged, "converged after " + std::to_string(last.iteration) + " iterations");
    }
  }

  void finish(Verdict verdict, std::string message) {
    verdict_ = verdict;
    message_ = std::move(message);
  }

  Source& source_;
  const FitOptions& options_;
  Prior prior_;
  DataCheck check_;
  Mixture mixture_;
  Statistics statistics_;
  Trace trace_;
  double remaining_gain_ = nan;
  std::optional<Verdict> verdict_;
  std::string message_;
};

void check_options(const Family& family, const FitOptions& options) {
  if (!(options.tolerance >= 0))
    throw Error(ErrorKind::usage, "tolerance is " + std::to_string(options.tolerance) + " (must be >= 0)");
  if (options.update == Update::map) check_prior(family, options.prior);
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

const char* to_string(Update update) { return update == Update::ml ? "ml" : "map"; }

const char* to_string(Assignment assignment) { return assignment == Assignment::soft ? "soft" : "hard"; }

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

double FitResult::aic() const { return -2 * log_likelihood() + 2 * static_cast<double>(mixture.free_parameters()); }

double FitResult::bic() const {
  return -2 * log_likelihood() + static_cast<double>(mixture.free_parameters()) * std::log(total_weight);
}

double FitResult::icl() const {
  return -2 * trace.back().q + static_cast<double>(mixture.free_parameters()) * std::log(total_weight);
}

FitResult fit(const Mixture& start, Source& source, const FitOptions& options) {
  check_options(start.family(), options);
  const DataCheck check = check_data(start.family(), source);
  check_distinct_rows(start.components(), source);
  return Fit(start, source, options, check).run();
}

RestartsResult fit_restarts(const FamilyPtr& family, std::size_t components, Source& source,
                            const RestartsOptions& restarts, const FitOptions& options) {
  if (components == 0) throw Error(ErrorKind::usage, "a mixture needs at least one component");
  if (restarts.restarts == 0) throw Error(ErrorKind::usage, "at least one start is needed");
  check_options(*family, options);
  const DataCheck check = check_data(*family, source);
  check_distinct_rows(components, source);

  std::optional<FitResult> best;
  std::size_t best_restart = 0;
  std::vector<RestartSummary> summaries;
  for (std::size_t restart = 0; restart < restarts.restarts; ++restart) {
    if (restarts.observer) restarts.observer(restart);
    try {
      const Prior prior = options.update == Update::map ? options.prior : Prior{};
      const Mixture start =
          initialize_checked(family, components, source, {restarts.start, restarts.seed, restart, prior});
      FitResult result = Fit(start, source, options, check).run();
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
