#include "delivery.hpp"

#include "as_typed.hpp"
#include "fit_options.hpp"
#include "output/fit_report.hpp"
#include "output/result_json.hpp"
#include "output/trace_csv.hpp"
#include "standard_streams.hpp"

#include <mixfam/atomic_file.hpp>
#include <mixfam/error.hpp>
#include <mixfam/hdf5.hpp>

#include <exception>
#include <optional>
#include <string>

namespace mixfam::cli {

namespace {

ExitStatus status_of(const FitOutcome& outcome) {
  if (outcome.interrupted()) return status_of_signal(outcome.signal);
  return outcome.best().verdict == Verdict::degenerate ? ExitStatus::numerical : ExitStatus::done;
}

/// Nothing is saved of a fit whose model is not sound, nor of one that has not begun.
bool is_saved(const FitOutcome& outcome) {
  return outcome.has_result() && outcome.best().verdict != Verdict::degenerate;
}

/// The status of a failure of `action`, which is told.
template <class Action>
std::optional<ExitStatus> failure_of(Action action) {
  try {
    action();
    return std::nullopt;
  } catch (const Error& error) {
    complain(as_typed(error.what()));
    return exit_status(error.kind());
  } catch (const std::exception& error) {
    complain(std::string("internal error: ") + error.what());
    return ExitStatus::internal;
  }
}

void save_model_file(const FitOutcome& outcome) {
  const FitResult& best = outcome.best();
  SavedModel model{best.mixture, outcome.request.seed, options_json(outcome), best.trace};
  model.category_labels = outcome.category_labels;
  model.posterior = best.posterior;
  save_model(*outcome.request.output, model);
}

std::string saving_note(const FitOutcome& outcome) {
  const FitRequest& request = outcome.request;
  if (!request.output && !request.trace) return "";
  return is_saved(outcome) ? "" : "; nothing was saved";
}

/// A word on standard error about every outcome that is not plain success.
void complain_about(const FitOutcome& outcome) {
  if (!outcome.has_result()) {
    complain(outcome.message() + ", before the first was done: there is nothing to save");
  } else if (outcome.interrupted()) {
    complain(outcome.message() + "; the result is that of the iterations so far" + saving_note(outcome));
  } else if (outcome.best().verdict == Verdict::max_iterations && is_sampling(outcome.options)) {
    return;  // as many iterations as were asked for
  } else if (outcome.best().verdict != Verdict::converged) {
    complain(verdict_sentence(outcome) + saving_note(outcome));
  } else if (outcome.best().suspicious()) {
    complain("warning: " + outcome.message());
  }
}

/// Iterations from which extrapolation is worth mentioning: fits of clusters that lie apart need fewer.
constexpr std::size_t slow_iterations = 200;

/// A word of advice after a fit that plain steps made slow.
void advise(const FitOutcome& outcome) {
  const FitOptions& options = outcome.options;
  const bool could_accelerate = options.assignment == Assignment::soft && options.update != Update::sampled &&
                                options.batch_rows == 0 && options.temperature == 1;
  if (outcome.request.quiet || outcome.interrupted() || !could_accelerate || outcome.is_accelerated()) return;
  if (outcome.best().iterations() > slow_iterations)
    complain("hint: " + std::to_string(outcome.best().iterations()) +
             " iterations are many; --accelerate anderson usually needs far fewer");
}

}  // namespace

ExitStatus deliver(const FitOutcome& outcome) {
  const FitRequest& request = outcome.request;
  ExitStatus status = status_of(outcome);
  if (is_saved(outcome)) {
    if (request.output) status = failure_of([&] { save_model_file(outcome); }).value_or(status);
    if (request.trace)
      status = failure_of([&] { write_atomically(*request.trace, trace_csv(outcome)); }).value_or(status);
  }
  const auto unprinted = failure_of([&] { print(request.json ? result_json(outcome) : fit_report(outcome)); });
  if (unprinted && status == ExitStatus::done) status = *unprinted;
  complain_about(outcome);
  advise(outcome);
  return status;
}

}  // namespace mixfam::cli
