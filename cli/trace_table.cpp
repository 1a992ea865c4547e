#include "trace_table.hpp"

#include "text.hpp"
#include "text_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <vector>

namespace mixfam::cli {

namespace {

constexpr std::size_t shown_first = 12;
constexpr std::size_t shown_last = 5;

struct Quantity {
  const char* header;
  std::function<double(const Trace&, std::size_t)> value;
  std::string (*format)(double);
};

Quantity field(const char* header, double TraceEntry::*value, std::string (*format)(double)) {
  return {header, [value](const Trace& trace, std::size_t t) { return trace[t].*value; }, format};
}

std::string format_entropy(double value) { return fmt::format("{:.4f}", value); }

double gain(const Trace& trace, std::size_t t) {
  return t == 0 ? std::nan("") : trace[t].objective - trace[t - 1].objective;
}

double kl_of_components(const Trace& trace, std::size_t t) {
  return std::accumulate(trace[t].kl_components.begin(), trace[t].kl_components.end(), 0.0);
}

std::vector<Quantity> terms_of_variational_bayes() {
  return {field("ELBO", &TraceEntry::elbo_e, format_nats),
          field("E[log p(X|Z)]", &TraceEntry::expected_log_x, format_nats),
          field("E[log p(Z)]", &TraceEntry::expected_log_z, format_nats),
          field("H", &TraceEntry::entropy, format_entropy),
          field("KL weights", &TraceEntry::kl_weights, format_nats),
          {"KL components", kl_of_components, format_nats},
          {"gain", gain, format_small}};
}

std::vector<Quantity> terms_of_likelihood(const FitOutcome& outcome) {
  // With batches no M-step is made from the whole data, so that it has no bound of its own.
  const bool in_batches = outcome.options.batch_rows > 0;
  std::vector<Quantity> list = {field("log likelihood", &TraceEntry::log_likelihood, format_nats)};
  if (outcome.has_prior()) list.push_back(field("log prior", &TraceEntry::log_prior, format_nats));
  if (!in_batches) {
    list.push_back(field("ELBO after M", &TraceEntry::elbo_m, format_nats));
    list.push_back(field("KL", &TraceEntry::kl, format_small));
  }
  // Of a hard or sampled assignment H is 0, and the bound after the E-step is not the log likelihood.
  if (outcome.options.assignment == Assignment::soft) {
    list.push_back(field("H", &TraceEntry::entropy, format_entropy));
  } else {
    list.push_back(field("ELBO after E", &TraceEntry::elbo_e, format_nats));
  }
  if (in_batches) {
    list.push_back({"gain", gain, format_small});
  } else {
    list.push_back(field("M-gain", &TraceEntry::gain_m, format_small));
    list.push_back(field("E-gain", &TraceEntry::gain_e, format_small));
  }
  return list;
}

std::vector<Quantity> quantities(const FitOutcome& outcome) {
  const Trace& trace = outcome.best().trace;
  auto list = outcome.options.update == Update::vb ? terms_of_variational_bayes() : terms_of_likelihood(outcome);
  if (outcome.options.temperature > 1) list.push_back(field("T", &TraceEntry::temperature, format_value));
  const bool verified =
      std::any_of(trace.begin(), trace.end(), [](const TraceEntry& entry) { return !std::isnan(entry.residual); });
  if (verified) list.push_back(field("residual", &TraceEntry::residual, format_small));
  return list;
}

/// The number of the iteration, with a mark of its own width for extrapolations.
std::string name_of(const TraceEntry& entry, bool marks) {
  return std::to_string(entry.iteration) + (entry.accelerated ? "*" : marks ? " " : "");
}

void add_entry(TextTable& table, const Trace& trace, std::size_t t, const std::vector<Quantity>& list, bool marks) {
  std::vector<std::string> cells = {name_of(trace[t], marks)};
  for (const Quantity& quantity : list) cells.push_back(quantity.format(quantity.value(trace, t)));
  table.add_row(std::move(cells));
}

std::string legend_of_columns(const FitOutcome& outcome) {
  const FitOptions& options = outcome.options;
  if (options.update == Update::vb)
    return "  ELBO = E[log p(X|Z)] + E[log p(Z)] + H - KL weights - KL components, H of q(Z); in nats\n";
  if (options.batch_rows > 0) return "  each line after a pass of batches; gains of the objective, in nats\n";
  std::string text = "  log likelihood = ELBO after M + KL";
  if (outcome.increases_log_likelihood() && options.temperature == 1) text += " = Q + H";
  if (options.assignment == Assignment::soft) text += ", H the entropy of the assignment";
  return text + "; gains in nats\n";
}

}  // namespace

std::string trace_table(const FitOutcome& outcome) {
  const Trace& trace = outcome.best().trace;
  const std::vector<Quantity> list = quantities(outcome);
  TextTable table;
  table.add_column("iter");
  for (const Quantity& quantity : list) table.add_column(quantity.header);
  const bool whole = trace.size() <= shown_first + shown_last + 1;
  for (std::size_t t = 0; t < trace.size(); ++t) {
    if (!whole && t == shown_first) {
      t = trace.size() - shown_last;
      table.add_remark(fmt::format("... {} iterations left out (all of them: --trace FILE.csv) ...", t - shown_first));
    }
    add_entry(table, trace, t, list, outcome.has_marks());
  }
  std::string text = table.str();
  for (const TraceEntry& entry : trace)
    for (const std::string& event : entry.events) text += fmt::format("  iteration {}: {}\n", entry.iteration, event);
  return text;
}

std::string trace_legend(const FitOutcome& outcome) {
  std::string text = legend_of_columns(outcome);
  if (outcome.has_marks()) text += "  * extrapolated";
  if (outcome.is_accelerated()) text += "; a number that is missing was a trial that gained nothing";
  if (outcome.has_marks()) text += '\n';
  return text;
}

}  // namespace mixfam::cli
