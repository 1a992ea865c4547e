#include "trace_csv.hpp"

#include "text.hpp"

#include <fmt/format.h>

#include <cmath>

namespace mixfam::cli {

namespace {

struct Quantity {
  const char* name;
  double TraceEntry::*value;
};

constexpr Quantity quantities[] = {{"log_likelihood", &TraceEntry::log_likelihood},
                                   {"log_prior", &TraceEntry::log_prior},
                                   {"objective", &TraceEntry::objective},
                                   {"q", &TraceEntry::q},
                                   {"entropy", &TraceEntry::entropy},
                                   {"elbo_e", &TraceEntry::elbo_e},
                                   {"elbo_m", &TraceEntry::elbo_m},
                                   {"kl", &TraceEntry::kl},
                                   {"gain_m", &TraceEntry::gain_m},
                                   {"gain_e", &TraceEntry::gain_e},
                                   {"residual", &TraceEntry::residual}};

/// As many digits as it takes to read the same number back.
std::string exact(double value) { return std::isnan(value) ? "" : fmt::format("{}", value); }

void append(std::string& line, const std::string& cell) {
  line += ',';
  line += cell;
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
  add_text("family", best.mixture.family().spec());
  add("components", best.mixture.components());
  add("update", to_string(request.update));
  add("assign", to_string(request.assignment));
  add_text("start", request.start);
  add("seed", request.seed);
  add("restart", outcome.runs.best_restart);
  add("tolerance", request.tolerance);
  add("max_iterations", request.max_iterations);
  add("verdict", to_string(best.verdict));
  return text;
}

}  // namespace

std::string trace_csv(const FitOutcome& outcome) {
  std::string text = header(outcome);
  text += "iteration";
  for (const Quantity& quantity : quantities) text += fmt::format(",{}", quantity.name);
  for (std::size_t k = 0; k < outcome.best().mixture.components(); ++k) text += fmt::format(",count_{}", k);
  text += ",events\n";
  for (const TraceEntry& entry : outcome.best().trace) {
    text += std::to_string(entry.iteration);
    for (const Quantity& quantity : quantities) append(text, exact(entry.*quantity.value));
    for (const double count : entry.counts) append(text, exact(count));
    append(text, quoted(entry.events));
    text += '\n';
  }
  return text;
}

}  // namespace mixfam::cli
