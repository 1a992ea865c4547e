#include "output/trace_table.hpp"

#include "output/terminal.hpp"
#include "output/text.hpp"
#include "output/text_table.hpp"

#include <fmt/format.h>

#include <unistd.h>
#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
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

/// What rounding of the sums over the rows leaves of a difference between them is shown as 0.
double rounded(double difference, const TraceEntry& entry) {
  constexpr double relative_rounding = 16 * std::numeric_limits<double>::epsilon();
  const double size = std::max({std::abs(entry.objective), std::abs(entry.q), 1.0});
  return std::abs(difference) <= relative_rounding * size ? 0 : difference;
}

/// A difference between bounds.
Quantity difference(const char* header, double TraceEntry::*value) {
  return {header, [value](const Trace& trace, std::size_t t) { return rounded(trace[t].*value, trace[t]); },
          format_small};
}

std::string format_entropy(double value) { return fmt::format("{:.4f}", value); }

double gain(const Trace& trace, std::size_t t) {
  return t == 0 ? std::nan("") : rounded(trace[t].objective - trace[t - 1].objective, trace[t]);
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
    list.push_back(difference("KL", &TraceEntry::kl));
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
    list.push_back(difference("M-gain", &TraceEntry::gain_m));
    list.push_back(difference("E-gain", &TraceEntry::gain_e));
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
    return "  ELBO = E[log p(X|Z)] + E[log p(Z)] + H - KL weights - KL components, H of q(Z); in nats";
  if (options.batch_rows > 0) return "  each line after a pass of batches; gains of the objective, in nats";
  std::string text = "  log likelihood = ELBO after M + KL";
  if (outcome.increases_log_likelihood() && options.temperature == 1) text += " = Q + H";
  if (options.assignment == Assignment::soft) text += ", H the entropy of the assignment";
  return text + "; gains in nats";
}

/// What happened on the way; the same again and again in one line.
std::string events_text(const Trace& trace) {
  struct Event {
    std::string text;
    std::vector<std::size_t> iterations;
  };
  std::vector<Event> events;
  for (const TraceEntry& entry : trace) {
    for (const std::string& text : entry.events) {
      const auto same =
          std::find_if(events.begin(), events.end(), [&](const Event& event) { return event.text == text; });
      if (same != events.end()) {
        same->iterations.push_back(entry.iteration);
      } else {
        events.push_back({text, {entry.iteration}});
      }
    }
  }
  std::string text;
  for (const Event& event : events) {
    const std::size_t count = event.iterations.size();
    const std::string when = count == 1 ? fmt::format("iteration {}", event.iterations.front())
                                        : fmt::format("iterations {} to {}, in {} of them", event.iterations.front(),
                                                      event.iterations.back(), count);
    text += wrapped("  " + when + ": " + event.text, terminal_width(STDOUT_FILENO), 4);
  }
  return text;
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
  return table.str(terminal_width(STDOUT_FILENO), 1) + events_text(trace);
}

std::string trace_legend(const FitOutcome& outcome) {
  std::string marks;
  if (outcome.has_marks()) marks += "  * extrapolated";
  if (outcome.is_accelerated()) marks += "; a number that is missing was a trial that gained nothing";
  if (outcome.has_marks()) marks += '\n';
  return wrapped(legend_of_columns(outcome), terminal_width(STDOUT_FILENO), 4) + marks;
}

}  // namespace mixfam::cli
