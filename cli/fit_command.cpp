#include "commands.hpp"

#include "fit_options.hpp"
#include "fit_outcome.hpp"
#include "fit_report.hpp"
#include "interrupt.hpp"
#include "memory_budget.hpp"
#include "output_file.hpp"
#include "prior_file.hpp"
#include "progress.hpp"
#include "rehearsed.hpp"
#include "result_json.hpp"
#include "standard_streams.hpp"
#include "trace_csv.hpp"

#include <mixfam/cached_source.hpp>
#include <mixfam/error.hpp>
#include <mixfam/hdf5.hpp>
#include <mixfam/initialize.hpp>
#include <mixfam/merged_source.hpp>
#include <mixfam/registry.hpp>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <thread>
#include <utility>

namespace mixfam::cli {

namespace {

namespace fs = std::filesystem;

[[noreturn]] void refuse(const std::string& message) { throw Error(ErrorKind::usage, message); }

bool same_file(const std::string& a, const std::string& b) {
  std::error_code ignored;
  return fs::weakly_canonical(a, ignored) == fs::weakly_canonical(b, ignored);
}

/// Options that contradict each other, before anything is read.
void check_request(const FitRequest& request) {
  if (request.starts_from_file() && request.restarts > 1)
    refuse("--restarts needs random starts, but --start " + request.start + " is a file, which gives one");
  const bool looks_like_word = request.start.find_first_of("./") == std::string::npos;
  if (request.starts_from_file() && looks_like_word && !fs::exists(request.start))
    refuse("--start = " + request.start + ": must be kmeans++, random or the name of a file");
  if (request.output && request.trace && same_file(*request.output, *request.trace))
    refuse("--output and --trace name the same file");
  if (request.output) check_writable(*request.output);
  if (request.trace) check_writable(*request.trace);
}

/// A result must not take the place of what it was made from.
void check_not_overwritten(const FitRequest& request, const Hdf5Source& source) {
  for (const auto& target : {request.output, request.trace})
    if (target && same_file(*target, source.file())) refuse(*target + " holds the data and would be overwritten");
}

std::vector<std::string> names_of_columns(const Source& source) {
  if (!source.column_names().empty()) return source.column_names();
  std::vector<std::string> names;
  for (std::size_t j = 0; j < source.columns(); ++j) names.push_back(std::to_string(j));
  return names;
}

Prior choose_prior(const FitRequest& request, const FamilyPtr& family, Source& source) {
  const std::string choice = request.prior.value_or(request.update == Update::ml ? "flat" : "default");
  if (choice != "default" && choice != "flat") return read_prior(choice, *family, request.weights);
  Prior prior = choice == "default" ? default_prior(family, request.components, source) : Prior();
  if (request.weights && *request.weights != prior.weights) {
    prior.weights = *request.weights;
    prior.concentration = {1};
  }
  return prior;
}

void check_components(const FitRequest& request, std::size_t in_file, const std::string& what) {
  if (in_file == request.components) return;
  throw Error(ErrorKind::data, request.start + ":" + what + " holds " + std::to_string(in_file) +
                                   " components, but --components is " + std::to_string(request.components));
}

StartFileKind kind_of_start(const FitRequest& request) {
  return rehearsed(request.start, [&] { return start_file_kind(request.start); });
}

FitResult fit_from_file(const FitRequest& request, const FamilyPtr& family, Source& source, const FitOptions& options) {
  if (kind_of_start(request) == StartFileKind::model) {
    const Mixture start = rehearsed(
        request.start, [&] { return load_start(request.start, family, Registry::builtin(), source.column_names()); });
    check_components(request, start.components(), "/weights");
    return fit(start, source, options);
  }
  if (request.merge_rows)
    refuse("--merge-rows cannot begin with the responsibilities of " + request.start + ", which belong to single rows");
  const Responsibilities responsibilities =
      rehearsed(request.start, [&] { return load_responsibilities(request.start); });
  check_components(request, responsibilities.components, "/responsibilities");
  return fit_responsibilities(family, responsibilities.view(), source, options);
}

RestartsResult as_only_restart(FitResult result, std::uint64_t seed) {
  RestartSummary summary;
  summary.seed = seed;
  summary.verdict = result.verdict;
  summary.message = result.message;
  summary.objective = result.objective();
  summary.log_likelihood = result.log_likelihood();
  summary.iterations = result.iterations();
  summary.suspicious = result.suspicious();
  return {std::move(result), 0, 1, {summary}};
}

RestartsResult run_fit(const FitRequest& request, const FamilyPtr& family, Source& source, FitOptions options) {
  Progress progress(request.restarts, request.quiet);
  options.observer = [&](const TraceEntry& entry, const Mixture&) {
    progress.iteration(entry);
    return !interrupted();
  };
  if (request.starts_from_file()) {
    progress.begin(0);
    return as_only_restart(fit_from_file(request, family, source, options), request.seed);
  }
  RestartsOptions restarts;
  restarts.start = request.start == "random" ? Start::random_rows : Start::kmeans_plus_plus;
  restarts.restarts = request.restarts;
  restarts.seed = request.seed;
  restarts.prefer = request.prefer;
  restarts.observer = [&](std::size_t restart) { progress.begin(restart); };
  return fit_restarts(family, request.components, source, restarts, options);
}

ExitStatus status_of(const FitOutcome& outcome) {
  if (outcome.interrupted) return ExitStatus::interrupted;
  return outcome.best().verdict == Verdict::degenerate ? ExitStatus::numerical : ExitStatus::done;
}

/// A word on standard error about every outcome that is not plain success.
void complain_about(const FitOutcome& outcome) {
  const FitRequest& request = outcome.request;
  const bool unsaved = status_of(outcome) != ExitStatus::done && (request.output || request.trace);
  const std::string note = unsaved ? "; nothing was saved" : "";
  if (outcome.interrupted) {
    complain("interrupted; the result is that of the iterations so far" + note);
  } else if (outcome.best().verdict == Verdict::max_iterations && is_sampling(outcome.options)) {
    return;  // as many iterations as were asked for
  } else if (outcome.best().verdict != Verdict::converged) {
    complain(verdict_sentence(outcome.best()) + note);
  } else if (outcome.best().suspicious()) {
    complain("warning: " + outcome.best().message);
  }
}

/// Iterations from which extrapolation is worth mentioning: fits of clusters that lie apart need fewer.
constexpr std::size_t slow_iterations = 200;

/// A word of advice after a fit that plain steps made slow.
void advise(const FitOutcome& outcome) {
  const FitOptions& options = outcome.options;
  const bool could_accelerate = options.assignment == Assignment::soft && options.update != Update::sampled &&
                                options.batch_rows == 0 && options.temperature == 1;
  if (outcome.request.quiet || outcome.interrupted || !could_accelerate || outcome.is_accelerated()) return;
  if (outcome.best().iterations() > slow_iterations)
    complain("hint: " + std::to_string(outcome.best().iterations()) +
             " iterations are many; --accelerate anderson usually needs far fewer");
}

void save(const FitOutcome& outcome) {
  const FitRequest& request = outcome.request;
  const FitResult& best = outcome.best();
  if (request.output) {
    SavedModel model{best.mixture, request.seed, options_json(outcome), best.trace};
    model.category_labels = outcome.category_labels;
    model.posterior = best.posterior;
    save_model(*request.output, model);
  }
  if (request.trace) write_atomically(*request.trace, trace_csv(outcome));
}

/// Hands out everything there is even where one of the ways is blocked: a long computation is not thrown away.
ExitStatus deliver(const FitOutcome& outcome) {
  ExitStatus status = status_of(outcome);
  const auto attempt = [&](auto action) {
    try {
      action();
    } catch (const Error& error) {
      complain(error.what());
      status = exit_status(error.kind());
    }
  };
  if (status == ExitStatus::done) attempt([&] { save(outcome); });
  attempt([&] { print(outcome.request.json ? result_json(outcome) : fit_report(outcome)); });
  complain_about(outcome);
  advise(outcome);
  return status;
}

/// Responsibilities are read as a whole.
std::size_t bytes_of_start(const FitRequest& request, const Hdf5Source& file) {
  const bool responsibilities = request.starts_from_file() && kind_of_start(request) == StartFileKind::responsibilities;
  return responsibilities ? file.rows() * request.components * sizeof(double) : 0;
}

/// A word about rows that are read again and again.
void note_streaming(const CacheOptions& cache, const Hdf5Source& file) {
  const std::size_t kept = cache.cache_bytes / file.row_bytes();
  if (kept >= file.rows()) return;
  complain("note: " + std::to_string(kept) + " of " + std::to_string(file.rows()) +
           " rows are kept in memory, the others are read in every pass (--memory)");
}

}  // namespace

ExitStatus fit_command(const FitRequest& request) {
  check_request(request);
  FitOptions options = fit_options(request);
  catch_interrupt();
  Hdf5Options hdf5_options;
  hdf5_options.columns = request.columns;
  hdf5_options.rehearse = true;
  Hdf5Source file(request.data, hdf5_options);
  check_not_overwritten(request, file);
  for (const std::string& warning : file.warnings()) complain("warning: " + warning);
  const std::size_t threads = request.threads > 0 ? request.threads : std::max(1U, std::thread::hardware_concurrency());
  const FitSize size{request.components, threads, bytes_of_start(request, file)};
  CacheOptions cache = plan_memory(request.memory, file, nullptr, size);
  std::optional<MergedSource> merged;
  std::optional<CachedSource> cached;
  if (request.merge_rows) {
    merged.emplace(file, request.memory.value_or(MergedSource::default_memory_limit));
  } else {
    cached.emplace(file, cache);
  }
  const auto source = [&]() -> Source& { return merged ? static_cast<Source&>(*merged) : *cached; };
  const FamilyPtr family = Registry::builtin().make(request.family, file.columns(), file.column_names(), &source());
  if (const CacheOptions plan = plan_memory(request.memory, file, family, size);
      cached && plan.cache_bytes < cache.cache_bytes) {
    cache = plan;
    cached.emplace(file, cache);
  }
  if (cached && !request.quiet) note_streaming(cache, file);
  options.prior = choose_prior(request, family, source());
  RestartsResult runs = run_fit(request, family, source(), options);
  ColumnLabels columns = column_labels(*family, names_of_columns(file), file.category_labels());
  const std::optional<std::size_t> distinct_rows = merged ? std::optional(merged->rows()) : std::nullopt;
  return deliver({request, std::move(options), file.file(), file.path(), file.rows(), distinct_rows, std::move(columns),
                  file.category_labels(), std::move(runs), interrupted()});
}

}  // namespace mixfam::cli
