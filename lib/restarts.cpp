#include <mixfam/error.hpp>
#include <mixfam/fit.hpp>

#include "data_check.hpp"
#include "fit_checked.hpp"
#include "initialize_checked.hpp"
#include "require_family.hpp"
#include "streams.hpp"
#include "total_statistics.hpp"
#include "update.hpp"

#include <limits>

namespace mixfam {

namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

bool better(const FitResult& a, const FitResult& b) {
  const bool a_sound = a.verdict != Verdict::degenerate;
  const bool b_sound = b.verdict != Verdict::degenerate;
  return a_sound != b_sound ? a_sound : a.objective() > b.objective();
}

RestartSummary summarise(std::size_t restart, const FitResult& result) {
  return {restart, result.verdict, result.message, result.objective(), result.log_likelihood(), result.iterations()};
}

}  // namespace

RestartsResult fit_restarts(const FamilyPtr& family, std::size_t components, Source& source,
                            const RestartsOptions& restarts, const FitOptions& options) {
  if (restarts.restarts == 0) throw Error(ErrorKind::usage, "at least one start is needed");
  require(family);
  if (options.keep_saddle) throw Error(ErrorKind::usage, "`keep_saddle` is for a start that is given, not drawn");
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
                                      options.threads};
      const Mixture start = initialize_checked(family, components, source, initial, total);
      FitOptions own = options;
      if (restart > 0) own.seed = stream(Stream::restart, options.seed, restart)();
      FitResult result = fit_checked(start, source, own, check);
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
