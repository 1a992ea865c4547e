#include <mixfam/error.hpp>
#include <mixfam/fit.hpp>

#include "family/data_check.hpp"
#include "family/require_family.hpp"
#include "family/total_statistics.hpp"
#include "inference/fit_checked.hpp"
#include "inference/start/initialize_checked.hpp"
#include "model/update.hpp"
#include "numerics/special.hpp"
#include "numerics/streams.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

namespace mixfam {

namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// Objectives closer than this, in nats, are those of one maximum.
constexpr double agreement = 0.01;

/// Below this a suspicious component is singular to within rounding, and no objective speaks for it.
constexpr double singular_eigenvalue = 1e-12;

/// What decides between fits: the lesser rank, then the greater score.
struct Merit {
  enum class Rank { whole, doubtful, degenerate };
  Rank rank;
  double score;

  bool better_than(const Merit& other) const { return rank != other.rank ? rank < other.rank : score > other.score; }
};

/// log of the number of ways to choose m of n rows.
double log_choices(double n, double m) {
  return special::log_gamma(n + 1) - special::log_gamma(m + 1) - special::log_gamma(std::max(n - m, 0.0) + 1);
}

/// Under Prefer::sound the score is the objective less what suspicious components can have gained by chance: a
/// component that chooses its m rows freely among n finds the best of as many sets as there are, which is worth log
/// C(n, m) nats.
Merit merit_of(const FitResult& result, Prefer prefer) {
  Merit merit{Merit::Rank::whole, result.objective()};
  if (result.verdict == Verdict::decreased || result.verdict == Verdict::saddle) merit.rank = Merit::Rank::doubtful;
  if (result.verdict == Verdict::degenerate) merit.rank = Merit::Rank::degenerate;
  for (std::size_t k = 0; prefer == Prefer::sound && k < result.soundness.size(); ++k) {
    if (!result.soundness[k].suspicious) continue;
    merit.score -= log_choices(result.total_weight, result.trace.back().counts[k]);
    if (!(result.soundness[k].components_eigenvalue > singular_eigenvalue))
      merit.rank = std::max(merit.rank, Merit::Rank::doubtful);
  }
  return merit;
}

RestartSummary summarise(std::size_t restart, std::uint64_t seed, const FitResult& result) {
  return {restart,
          seed,
          result.verdict,
          result.message,
          result.objective(),
          result.log_likelihood(),
          result.iterations(),
          result.suspicious()};
}

/// Chooses among the restarts that yielded a mixture, as they come.
class Contest {
 public:
  Contest(Prefer prefer, double tolerance) : prefer_(prefer), within_(std::max(agreement, 2 * tolerance)) {}

  void enter(std::size_t restart, FitResult result) {
    const Merit merit = merit_of(result, prefer_);
    entries_.push_back({restart, merit});
    if (best_ && !merit.better_than(best_merit_)) return;
    best_.emplace(std::move(result));
    best_merit_ = merit;
    best_restart_ = restart;
  }
  bool empty() const { return !best_; }

  RestartsResult result(std::vector<RestartSummary> summaries) && {
    std::size_t agreeing = 0;
    const RestartSummary* beaten = nullptr;  // of those with a greater objective than the best the greatest
    for (const auto& [restart, merit] : entries_) {
      const RestartSummary& one = summaries[restart];
      const double lead = one.objective - best_->objective();
      agreeing += merit.rank == best_merit_.rank && one.suspicious == best_->suspicious() && std::abs(lead) <= within_;
      if (merit.rank != Merit::Rank::degenerate && lead > within_ &&
          (beaten == nullptr || one.objective > beaten->objective))
        beaten = &one;
    }
    if (beaten != nullptr)
      best_->message += "; start " + std::to_string(beaten->restart) + " (seed " + std::to_string(beaten->seed) +
                        ") has an objective greater by " + std::to_string(beaten->objective - best_->objective()) +
                        ", but " + (beaten->suspicious ? "may be spurious" : to_string(*beaten->verdict));
    return {std::move(*best_), best_restart_, agreeing, std::move(summaries)};
  }

 private:
  struct Entry {
    std::size_t restart;
    Merit merit;
  };

  Prefer prefer_;
  double within_;
  std::vector<Entry> entries_;
  std::optional<FitResult> best_;
  Merit best_merit_{};
  std::size_t best_restart_ = 0;
};

/// The first start has the seed that was given, so that one start of any seed is the first of several.
std::uint64_t seed_of(std::uint64_t seed, std::size_t restart) {
  constexpr std::uint64_t as_many = std::uint64_t{1} << 32;  // short enough to be typed
  return restart == 0 ? seed : stream(Stream::restart, seed, restart)() % as_many;
}

}  // namespace

RestartsResult fit_restarts(const FamilyPtr& family, std::size_t components, Source& source,
                            const RestartsOptions& restarts, const FitOptions& options) {
  if (restarts.restarts == 0) throw Error(ErrorKind::usage, "at least one start is needed");
  require(family);
  if (options.keep_saddle) throw Error(ErrorKind::usage, "`keep_saddle` is for a start that is given, not drawn");
  check_options(*family, components, options);
  const DataCheck check = check_data(*family, {source, options.threads});
  check_distinct_rows(components, {source, options.threads});
  const Statistics total = total_statistics(*family, {source, options.threads});

  Contest contest(restarts.prefer, options.tolerance);
  std::vector<RestartSummary> summaries;
  for (std::size_t restart = 0; restart < restarts.restarts; ++restart) {
    if (restarts.observer) restarts.observer(restart);
    const std::uint64_t seed = seed_of(restarts.seed, restart);
    try {
      const InitializeOptions initial{restarts.start,
                                      seed,
                                      0,
                                      update_rule(options.update, options.prior, options.seed).prior,
                                      options.threads,
                                      options.assignment,
                                      options.update};
      const Mixture start = initialize_checked(family, components, source, initial, total);
      FitOptions own = options;
      own.seed = seed_of(options.seed, restart);
      FitResult result = fit_checked(start, source, own, check);
      summaries.push_back(summarise(restart, seed, result));
      const bool interrupted = result.verdict == Verdict::interrupted;
      contest.enter(restart, std::move(result));
      if (interrupted) break;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::numerical) throw;
      summaries.push_back({restart, seed, std::nullopt, error.what(), nan, nan, 0, false});
    }
  }
  if (contest.empty())
    throw Error(ErrorKind::numerical, restarts.restarts == 1
                                          ? summaries.front().message
                                          : "every start failed; the first: " + summaries.front().message);
  return std::move(contest).result(std::move(summaries));
}

}  // namespace mixfam
