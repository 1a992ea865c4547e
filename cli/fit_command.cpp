#include "commands.hpp"

#include "as_typed.hpp"
#include "data_summary.hpp"
#include "delivery.hpp"
#include "fit_data.hpp"
#include "fit_files.hpp"
#include "fit_options.hpp"
#include "fit_outcome.hpp"
#include "interrupt.hpp"
#include "memory_budget.hpp"
#include "output/text.hpp"
#include "prior_file.hpp"
#include "progress.hpp"
#include "rehearsed.hpp"
#include "standard_streams.hpp"

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

/// Options that contradict each other, before anything is read.
void check_request(const FitRequest& request) {
  if (request.starts_from_file() && request.restarts > 1)
    refuse("--restarts needs random starts, but --start " + request.start + " is a file, which gives one");
  const bool looks_like_word = request.start.find_first_of("./") == std::string::npos;
  std::error_code ignored;
  if (request.starts_from_file() && looks_like_word && !fs::exists(request.start, ignored))
    refuse("--start = " + printable(request.start) + ": must be kmeans++, random or the name of a file");
  check_files(request);
}

std::vector<std::string> names_of_columns(const Source& source) {
  if (!source.column_names().empty()) return source.column_names();
  std::vector<std::string> names;
  for (std::size_t j = 0; j < source.columns(); ++j) names.push_back(std::to_string(j));
  return names;
}

void choose_prior(const FitRequest& request, const Groups& groups, Source& source, FitOptions& options) {
  if (const auto file = request.prior_file()) {
    PriorFile read = read_prior(*file, groups, request.weights);
    options.prior = std::move(read.prior);
    options.freeze.weights = options.freeze.weights || read.fixed_weights;
    return;
  }
  const std::string choice = request.prior.value_or(request.update == Update::ml ? "flat" : "default");
  Prior& prior = options.prior;
  prior = choice == "default" ? default_prior(groups, source) : Prior();
  if (!request.weights || *request.weights == to_string(prior.weights)) return;
  prior.weights = from_string<WeightsPrior>(*request.weights).value_or(WeightsPrior::dirichlet);
  prior.concentration = {1};
}

void check_components(const FitRequest& request, std::size_t components, std::size_t in_file, const std::string& what) {
  if (in_file == components) return;
  throw Error(ErrorKind::data, request.start + ":" + what + " holds " + std::to_string(in_file) + " components, but " +
                                   (request.components ? "--components is " : "--family makes ") +
                                   std::to_string(components));
}

StartFileKind kind_of_start(const FitRequest& request) {
  return rehearsed(request.start, [&] { return start_file_kind(request.start); });
}

FitResult fit_from_file(const FitRequest& request, const Groups& groups, Source& source, const FitOptions& options) {
  if (kind_of_start(request) == StartFileKind::model) {
    const Mixture start = rehearsed(request.start, [&] {
      check_components(request, groups.components(), start_components(request.start), "/weights");
      return load_start(request.start, groups, Registry::builtin(), source.column_names());
    });
    return fit(start, source, options);
  }
  if (request.merge_rows)
    refuse("--merge-rows cannot begin with the responsibilities of " + request.start + ", which belong to single rows");
  const Responsibilities responsibilities =
      rehearsed(request.start, [&] { return load_responsibilities(request.start); });
  check_components(request, groups.components(), responsibilities.components, "/responsibilities");
  return fit_responsibilities(groups, responsibilities.view(), source, options);
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

RestartsResult run_fit(const FitRequest& request, const Groups& groups, Source& source, FitOptions options,
                       Progress& progress) {
  progress.expect(request.restarts, options);
  options.observer = [&](const FitState& state) {
    progress.iteration(state.restart(), state.last_entry());
    return interrupting_signal() == 0 ? Observe::go_on : Observe::stop_all;
  };
  if (request.starts_from_file()) {
    progress.begin(0);
    return as_only_restart(fit_from_file(request, groups, source, options), request.seed);
  }
  RestartsOptions restarts;
  restarts.start = from_string<Start>(request.start).value();
  restarts.restarts = request.restarts;
  restarts.seed = request.seed;
  restarts.prefer = request.prefer;
  restarts.observer = [&](std::size_t restart) { progress.begin(restart); };
  restarts.ended = [&](const RestartSummary& one) { progress.end(one.restart); };
  return fit_restarts(groups, source, restarts, options);
}

/// Responsibilities are read as a whole.
std::size_t bytes_of_start(const FitRequest& request, std::size_t components, std::size_t rows) {
  const bool responsibilities = request.starts_from_file() && kind_of_start(request) == StartFileKind::responsibilities;
  return responsibilities ? rows * components * sizeof(double) : 0;
}

/// A word about rows that are read again and again.
void note_streaming(const CacheOptions& cache, const RowsSize& rows) {
  const std::size_t kept = cache.cache_bytes / rows.row_bytes;
  if (kept >= rows.rows) return;
  complain("note: " + std::to_string(kept) + " of " + std::to_string(rows.rows) +
           " rows are kept in memory, the others are read in every pass (--memory)");
}

}  // namespace

ExitStatus fit_command(const FitRequest& request) {
  check_request(request);
  const std::size_t components = Registry::count_components(request.family, request.components);
  FitOptions options = fit_options(request);
  catch_interrupts("finishing this iteration");
  Progress progress(request.quiet);
  progress.say("reading " + printable(request.data, 200));
  FitData data(request, components);
  const Hdf5Source& file = data.file();
  check_files_of_data(request, data);
  progress.clear();
  for (const std::string& warning : file.warnings()) complain("warning: " + as_typed(warning));
  const RowsSize rows{file.name(), data.source().rows(), file.columns(), data.row_bytes(), data.reading_bytes()};
  const std::size_t wanted = request.threads > 0 ? request.threads : std::max(1U, std::thread::hardware_concurrency());
  const std::size_t threads = std::min(wanted, rows.rows / pass_granularity + 1);
  const FitSize size{components, threads, bytes_of_start(request, components, rows.rows) + data.held_bytes()};
  CacheOptions cache = plan_memory(request.memory, rows, nullptr, size);
  std::optional<MergedSource> merged;
  std::optional<CachedSource> cached;
  if (!request.merge_rows) cached.emplace(data.source(), cache);
  const DataSummary summary = summarize(cached ? static_cast<Source&>(*cached) : data.source());
  refuse_gaps(data.source(), summary);
  if (request.merge_rows) merged.emplace(data.source(), request.memory.value_or(MergedSource::default_memory_limit));
  const auto source = [&]() -> Source& { return merged ? static_cast<Source&>(*merged) : *cached; };
  const Groups groups = Registry::builtin().make_groups(request.family, request.components, file.columns(),
                                                        file.column_names(), &source());
  if (const CacheOptions plan = plan_memory(request.memory, rows, &groups, size);
      cached && plan.cache_bytes < cache.cache_bytes) {
    cache = plan;
    cached.emplace(data.source(), cache);
  }
  if (cached && !request.quiet) note_streaming(cache, rows);
  choose_prior(request, groups, source(), options);
  RestartsResult runs = run_fit(request, groups, source(), options, progress);
  progress.end();
  ColumnLabels columns = column_labels(groups, names_of_columns(file), file.category_labels());
  const std::optional<std::size_t> distinct_rows = merged ? std::optional(merged->rows()) : std::nullopt;
  return deliver({request, std::move(options), file.file(), file.path(), rows.rows, distinct_rows, summary,
                  data.label_names(), std::move(columns), file.category_labels(), std::move(runs),
                  interrupting_signal()});
}

}  // namespace mixfam::cli
