#include "trace_table.hpp"

#include "text.hpp"
#include "text_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace mixfam::cli {

namespace {

constexpr std::size_t shown_first = 12;
constexpr std::size_t shown_last = 5;

struct Quantity {
  const char* header;
  double TraceEntry::*value;
  std::string (*format)(double);
};

std::vector<Quantity> quantities(const Trace& trace, Update update, Assignment assignment) {
  std::vector<Quantity> list = {{"log likelihood", &TraceEntry::log_likelihood, format_nats}};
  if (update == Update::map) list.push_back({"log prior", &TraceEntry::log_prior, format_nats});
  list.push_back({"ELBO after M", &TraceEntry::elbo_m, format_nats});
  list.push_back({"KL", &TraceEntry::kl, format_small});
  // Of a hard assignment H is 0, and the bound after the E-step is not the log likelihood.
  if (assignment == Assignment::hard) {
    list.push_back({"ELBO after E", &TraceEntry::elbo_e, format_nats});
  } else {
    list.push_back({"H", &TraceEntry::entropy, [](double value) { return fmt::format("{:.4f}", value); }});
  }
  list.push_back({"M-gain", &TraceEntry::gain_m, format_small});
  list.push_back({"E-gain", &TraceEntry::gain_e, format_small});
  const bool verified =
      std::any_of(trace.begin(), trace.end(), [](const TraceEntry& entry) { return !std::isnan(entry.residual); });
  if (verified) list.push_back({"residual", &TraceEntry::residual, format_small});
  return list;
}

void add_entry(TextTable& table, const TraceEntry& entry, const std::vector<Quantity>& list) {
  std::vector<std::string> cells = {std::to_string(entry.iteration)};
  for (const Quantity& quantity : list) cells.push_back(quantity.format(entry.*quantity.value));
  table.add_row(std::move(cells));
}

}  // namespace

std::string trace_table(const Trace& trace, Update update, Assignment assignment) {
  const std::vector<Quantity> list = quantities(trace, update, assignment);
  TextTable table;
  table.add_column("iter");
  for (const Quantity& quantity : list) table.add_column(quantity.header);
  const bool whole = trace.size() <= shown_first + shown_last + 1;
  for (std::size_t t = 0; t < trace.size(); ++t) {
    if (!whole && t == shown_first) {
      t = trace.size() - shown_last;
      table.add_remark(fmt::format("... {} iterations left out (all of them: --trace FILE.csv) ...", t - shown_first));
    }
    add_entry(table, trace[t], list);
  }
  std::string text = table.str();
  for (const TraceEntry& entry : trace)
    for (const std::string& event : entry.events) text += fmt::format("  iteration {}: {}\n", entry.iteration, event);
  return text;
}

}  // namespace mixfam::cli
