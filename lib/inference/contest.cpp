#include "inference/contest.hpp"

#include "numerics/special.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

namespace mixfam {

namespace {

/// Objectives closer than this, in nats, are those of one maximum.
constexpr double agreement = 0.01;

/// Below this a suspicious component is singular to within rounding, and no objective speaks for it.
constexpr double singular_eigenvalue = 1e-12;

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

}  // namespace

Contest::Contest(Prefer prefer, double tolerance) : prefer_(prefer), within_(std::max(agreement, 2 * tolerance)) {}

void Contest::enter(std::size_t restart, FitResult result) {
  const Merit merit = merit_of(result, prefer_);
  entries_.push_back({restart, merit});
  if (best_ && !merit.better_than(best_merit_)) return;
  best_.emplace(std::move(result));
  best_merit_ = merit;
  best_restart_ = restart;
}

RestartsResult Contest::result(std::vector<RestartSummary> summaries) && {
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

}  // namespace mixfam
