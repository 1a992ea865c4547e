#include <mixfam/error.hpp>
#include <mixfam/fit.hpp>

#include "data/blocks.hpp"
#include "data/copied_rows.hpp"
#include "family/total_statistics.hpp"
#include "inference/contest.hpp"
#include "inference/fit_checked.hpp"
#include "inference/start/initialize_checked.hpp"
#include "model/update.hpp"
#include "numerics/streams.hpp"

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <limits>
#include <map>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

namespace mixfam {

namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// Fits run side by side only where the rows and the statistics of one take less than this: what a core's own cache
/// holds.
constexpr std::size_t small_bytes = std::size_t{4} << 20;

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

/// The first start has the seed that was given, so that one start of any seed is the first of several.
std::uint64_t seed_of(std::uint64_t seed, std::size_t restart) {
  constexpr std::uint64_t as_many = std::uint64_t{1} << 32;  // short enough to be typed
  return restart == 0 ? seed : stream(Stream::restart, seed, restart)() % as_many;
}

/// What all restarts have in common.
struct RestartTask {
  const Groups& groups;
  const RestartsOptions& restarts;
  const FitOptions& options;
  const DataCheck& check;
  const Statistics& total;
};

/// What became of one restart.
struct Outcome {
  RestartSummary summary;
  std::optional<FitResult> result;
  std::exception_ptr failure;  ///< ends all restarts
};

/// Makes the restarts on one or several threads. Whatever ends them, an answer of the observer or an exception, has
/// the effect that it has when they are made one after another: all before it are made, and none after it counts.
class RestartQueue {
 public:
  RestartQueue(const RestartTask& task, std::size_t workers)
      : task_(task),
        end_(task.restarts.restarts),
        window_(tasks_ahead(workers)),
        contest_(task.restarts.prefer, task.options.tolerance) {}

  void work(Source& source, std::size_t threads) {
    while (const auto restart = begin()) end(*restart, run(*restart, source, threads));
  }

  RestartsResult result() && {
    if (failure_) std::rethrow_exception(failure_);
    if (contest_.empty())
      throw Error(ErrorKind::numerical, task_.restarts.restarts == 1
                                            ? summaries_.front().message
                                            : "every start failed; the first: " + summaries_.front().message);
    return std::move(contest_).result(std::move(summaries_));
  }

 private:
  /// The next restart. Outcomes wait for those before them, so that restarts must not run far ahead.
  std::optional<std::size_t> begin() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return next_ >= end_ || next_ < ended_ + window_; });
    if (next_ >= end_) return std::nullopt;
    const std::size_t restart = next_++;
    try {
      if (task_.restarts.observer) task_.restarts.observer(restart);
    } catch (...) {
      fail(restart, std::current_exception());
      return std::nullopt;
    }
    return restart;
  }

  Outcome run(std::size_t restart, Source& source, std::size_t threads) {
    const std::uint64_t seed = seed_of(task_.restarts.seed, restart);
    try {
      FitOptions own = task_.options;
      own.seed = seed_of(own.seed, restart);
      own.threads = threads;
      own.observer = [this](const FitState& state) { return observe(state); };
      const InitializeOptions initial{task_.restarts.start,
                                      seed,
                                      0,
                                      update_rule(own.update, own.prior, own.seed).prior,
                                      threads,
                                      own.assignment,
                                      own.update,
                                      own.freeze.weights};
      const Mixture start = initialize_checked(task_.groups, source, initial, task_.total);
      FitResult result = fit_checked(start, source, own, task_.check, restart);
      RestartSummary summary = summarise(restart, seed, result);
      return {std::move(summary), std::move(result), nullptr};
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::numerical) return {{}, std::nullopt, std::current_exception()};
      return {{restart, seed, std::nullopt, error.what(), nan, nan, 0, false}, std::nullopt, nullptr};
    } catch (...) {
      return {{}, std::nullopt, std::current_exception()};
    }
  }

  /// Asks the observer for all fits, one after another.
  Observe observe(const FitState& state) {
    const std::lock_guard lock(mutex_);
    if (state.restart() >= end_) return Observe::stop_fit;
    if (!task_.options.observer) return Observe::go_on;
    const Observe answer = task_.options.observer(state);
    if (answer == Observe::stop_all) end_at(state.restart());
    return answer;
  }

  void end(std::size_t restart, Outcome outcome) {
    const std::lock_guard lock(mutex_);
    if (outcome.failure) {
      fail(restart, outcome.failure);
    } else {
      waiting_.emplace(restart, std::move(outcome));
    }
    take_in_order();
  }

  void take_in_order() {
    for (auto ready = waiting_.find(ended_); ready != waiting_.end(); ready = waiting_.find(++ended_)) {
      Outcome outcome = std::move(ready->second);
      waiting_.erase(ready);
      if (ended_ >= end_) continue;
      summaries_.push_back(outcome.summary);
      if (outcome.result) contest_.enter(ended_, std::move(*outcome.result));
      try {
        if (task_.restarts.ended) task_.restarts.ended(summaries_.back());
      } catch (...) {
        fail(ended_, std::current_exception());
      }
    }
    changed_.notify_all();
  }

  void fail(std::size_t restart, std::exception_ptr failure) {
    if (restart >= end_) return;
    failure_ = std::move(failure);
    failed_ = restart;
    end_at(restart);
  }

  /// No restart after this one counts, nor what one of them threw.
  void end_at(std::size_t restart) {
    end_ = std::min(end_, restart + 1);
    if (failed_ >= end_) failure_ = nullptr;
    changed_.notify_all();
  }

  const RestartTask& task_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t next_ = 0;
  std::size_t ended_ = 0;  // all before this one have
  std::size_t end_;
  std::size_t window_;
  std::map<std::size_t, Outcome> waiting_;
  std::vector<RestartSummary> summaries_;
  Contest contest_;
  std::exception_ptr failure_;
  std::size_t failed_ = 0;
};

/// How many fits run side by side, each on one thread: as many as there are threads where a fit of its own has too few
/// rows for them.
std::size_t fits_side_by_side(const RestartTask& task, Source& source) {
  const std::size_t fits = std::min(thread_count(task.options.threads), task.restarts.restarts);
  const std::size_t alone = Rows(source, task.options.threads).threads;
  const std::size_t bytes =
      sizeof(double) * (source.rows() * source.columns() + task.groups.statistics().buffer().size());
  return fits > alone && bytes <= small_bytes ? fits : 1;
}

void run_side_by_side(RestartQueue& queue, Source& source, std::size_t fits) {
  const CopiedRows rows(source);
  const auto work = [&] {
    CopiedSource own(rows);
    queue.work(own, 1);
  };
  std::vector<std::jthread> helpers;
  try {
    while (helpers.size() + 1 < fits) helpers.emplace_back(work);
  } catch (const std::system_error&) {  // fewer threads do the same work
  }
  work();
}

}  // namespace

RestartsResult fit_restarts(const FamilyPtr& family, std::size_t components, Source& source,
                            const RestartsOptions& restarts, const FitOptions& options) {
  return fit_restarts(Groups(family, components), source, restarts, options);
}

RestartsResult fit_restarts(const Groups& groups, Source& source, const RestartsOptions& restarts,
                            const FitOptions& options) {
  if (restarts.restarts == 0) throw Error(ErrorKind::usage, "at least one start is needed");
  if (options.keep_saddle) throw Error(ErrorKind::usage, "`keep_saddle` is for a start that is given, not drawn");
  const Rows rows(source, options.threads);
  const DataCheck check = check_input(groups, rows, options);
  if (options.freeze.needs_start())
    throw Error(ErrorKind::usage, "only parameters of a start that is given can be frozen, not of one that is drawn");
  const Statistics total = total_statistics(groups, rows);

  const RestartTask task{groups, restarts, options, check, total};
  const std::size_t fits = fits_side_by_side(task, source);
  RestartQueue queue(task, fits);
  if (fits > 1) {
    run_side_by_side(queue, source, fits);
  } else {
    queue.work(source, options.threads);
  }
  return std::move(queue).result();
}

}  // namespace mixfam
