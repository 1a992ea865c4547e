#include "trace_csv.hpp"

#include "text.hpp"
#include "weights_prior.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace mixfam::cli {

namespace {

struct ListQuantity {
  const char* name;
  std::vector<double> TraceEntry::*values;
};

constexpr ListQuantity list_quantities[] = {{"kl_component", &TraceEntry::kl_components},
                                            {"count", &TraceEntry::counts}};

/// As many digits as it takes to read the same number back.
std::string exact(double value) { return std::isnan(value) ? "" : fmt::format("{}", value); }

void append(std::string& line, const std::string& cell) {
  line += ',';
  line += cell;
}

/// The most components of any iteration: some may have been dropped on the way.
std::size_t most_components(const Trace& trace) {
  std::size_t most = 0;
  for (const TraceEntry& entry : trace) most = std::max(most, entry.counts.size());
  return most;
}

std::string quoted(const std::vector<std::string>& events) {
  const std::string text = joined(events, "; ");
  if (text.empty()) return text;
  std::string result = "\"";
  for (const char c : text) result += c == '"' ? "\"\"" : std::string(1, c);
  return result + "\"";
}

std::string header(const FitOutcome& outcome) {
  const FitRequest& request = outcome.request;
  const FitResult& best = outcome.best();
  std::string text;
  const auto add = [&](const char* key, const auto& value) { text += fmt::format("# {} = {}\n", key, value); };
  const auto add_text = [&](const char* key, const std::string& value) { add(key, printable(value, value.size())); };
  add("mixfam", MIXFAM_VERSION);
  add_text("data", outcome.file + ":" + outcome.path);
  add("rows", outcome.rows);
  if (outcome.distinct_rows) add("distinct_rows", *outcome.distinct_rows);
  add_text("family", best.mixture.family().spec());
  add("components", best.mixture.components());
  add("update", to_string(request.update));
  add("assign", to_string(request.assignment));
  add_text("start", request.start);
  add("seed", request.seed);
  add("restart", outcome.runs.best_restart);
  if (request.prior) add_text("prior", *request.prior);
  if (outcome.has_prior() || request.weights) add("weights", name_of(outcome.options.prior.weights));
  add("tolerance", outcome.options.tolerance);
  add("max_iterations", outcome.options.max_iterations);
  if (request.temperature) add("temperature", outcome.options.temperature);
  if (request.temperature) add("cooling", outcome.options.cooling);
  if (request.batch_rows) add("batch_rows", outcome.options.batch_rows);
  if (request.batch_rows) add("forgetting", outcome.options.forgetting);
  if (outcome.is_accelerated()) add("accelerate", to_string(outcome.options.accelerate));
  add("degenerate", to_string(outcome.options.degenerate));
  add("instruction_set", best.instruction_set);
  add("verdict", to_string(best.verdict));
  return text;
}

}  // namespace

std::string trace_csv(const FitOutcome& outcome) {
  std::string text = header(outcome);
  text += outcome.has_marks() ? "iteration,accelerated" : "iteration";
  for (const TraceQuantity& quantity : trace_quantities()) text += fmt::format(",{}", quantity.name);
  const std::size_t components = most_components(outcome.best().trace);
  for (const ListQuantity& quantity : list_quantities)
    for (std::size_t k = 0; k < components; ++k) text += fmt::format(",{}_{}", quantity.name, k);
  text += ",events\n";
  for (const TraceEntry& entry : outcome.best().trace) {
    text += std::to_string(entry.iteration);
    if (outcome.has_marks()) append(text, entry.accelerated ? "1" : "0");
    for (const TraceQuantity& quantity : trace_quantities()) append(text, exact(entry.*quantity.value));
    for (const ListQuantity& quantity : list_quantities) {
      const std::vector<double>& values = entry.*quantity.values;
      for (std::size_t k = 0; k < components; ++k) append(text, k < values.size() ? exact(values[k]) : "");
    }
    append(text, quoted(entry.events));
    text += '\n';
  }
  return text;
}

}  // namespace mixfam::cli
