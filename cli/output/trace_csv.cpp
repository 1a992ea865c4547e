#include "output/trace_csv.hpp"

#include "output/text.hpp"

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

}  // namespace

std::string trace_csv(const FitOutcome& outcome) {
  std::string text = outcome.has_marks() ? "iteration,accelerated" : "iteration";
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
