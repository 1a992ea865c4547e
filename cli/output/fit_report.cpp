#include "output/fit_report.hpp"

#include "as_typed.hpp"
#include "output/parameter_table.hpp"
#include "output/posterior_table.hpp"
#include "output/terminal.hpp"
#include "output/text.hpp"
#include "output/text_table.hpp"
#include "output/trace_table.hpp"

#include <fmt/format.h>

#include <unistd.h>
#include <algorithm>
#include <cmath>

namespace mixfam::cli {

namespace {

constexpr std::size_t shown_names = 60;  // characters

std::string plural(std::size_t count, const std::string& noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string phrase_for(Assignment assignment) {
  switch (assignment) {
    case Assignment::soft:
      return "EM (soft assignment)";
    case Assignment::hard:
      return "classification EM (hard assignment)";
    case Assignment::sampled:
      return "stochastic EM (sampled assignment)";
  }
  return "";
}

std::string phrase_for(Update update) {
  switch (update) {
    case Update::ml:
      return "maximum likelihood";
    case Update::map:
      return "posterior mode (MAP)";
    case Update::vb:
      return "variational Bayes";
    case Update::sampled:
      return "parameters drawn from their posterior";
  }
  return "";
}

std::string method(const FitOptions& options) {
  std::string text;
  if (options.update == Update::sampled && options.assignment == Assignment::sampled) {
    text = "Gibbs sampling (sampled assignment and parameters)";
  } else if (options.update == Update::vb) {
    text = fmt::format("variational Bayes ({} assignment)", to_string(options.assignment));
  } else {
    text = fmt::format("{}, {}", phrase_for(options.assignment), phrase_for(options.update));
  }
  if (options.freeze.weights) text += ", fixed weights";
  for (const std::size_t k : options.freeze.components) text += fmt::format(", component {} frozen", k);
  for (const std::string& name : options.freeze.parameters) text += fmt::format(", {} frozen", printable(name));
  if (options.temperature > 1)
    text += fmt::format(", annealed from temperature {} by {}", format_value(options.temperature),
                        format_value(options.cooling));
  if (options.accelerate != Acceleration::none)
    text += fmt::format(", accelerated ({})", to_string(options.accelerate));
  if (options.batch_rows > 0)
    text += fmt::format(", in batches of {} with step (t + 2)^-{}", plural(options.batch_rows, "row"),
                        format_value(options.forgetting));
  return text;
}

/// What rides along with the rows, where there is anything.
std::string annotations(const FitOutcome& outcome) {
  const DataSummary& summary = outcome.summary;
  std::string text;
  if (outcome.request.row_weights)
    text += fmt::format("        {} of weight > 0, total weight {}\n", plural(summary.rows_used, "row"),
                        format_value(summary.total_weight));
  if (outcome.request.missing.allowed)
    text += fmt::format("        {} missing\n", plural(summary.missing_cells(), "cell"));
  if (outcome.request.labels) text += fmt::format("        {} labelled\n", plural(summary.labelled_rows, "row"));
  return text;
}

std::string head(const FitOutcome& outcome) {
  const FitRequest& request = outcome.request;
  std::string text = fmt::format("data    {}:{}\n", printable(outcome.file, 80), printable(outcome.path));
  text +=
      fmt::format("        {} x {} ({})\n", plural(outcome.rows, "row"), plural(outcome.columns.names.size(), "column"),
                  printable(joined(outcome.columns.names, ", "), shown_names));
  if (outcome.distinct_rows) text += fmt::format("        {}\n", plural(*outcome.distinct_rows, "distinct row"));
  text += annotations(outcome);
  text += fmt::format("model   {} of {}\n", plural(outcome.best().mixture.components(), "component"),
                      printable(outcome.best().mixture.groups().spec(), 80));
  text += fmt::format("method  {}\n", method(outcome.options));
  text += fmt::format("start   {}, seed {}", printable(request.start, 80), request.seed);
  if (request.restarts > 1) text += fmt::format(", best of {}", plural(request.restarts, "start"));
  return text + "\n";
}

std::string note_on(const RestartSummary& run, std::size_t best, std::size_t room) {
  const std::string suspicion = run.suspicious ? "may be spurious" : "";
  if (run.restart == best) return run.suspicious ? "best, but " + suspicion : "best";
  if (!run.verdict || *run.verdict == Verdict::degenerate) return printable(as_typed(run.message), room);
  return suspicion;
}

std::string restarts_table(const RestartsResult& runs, bool with_objective) {
  TextTable table;
  table.add_column("start");
  table.add_column("seed");
  table.add_column("verdict", TextTable::Align::left);
  table.add_column("iterations");
  table.add_column("log likelihood");
  if (with_objective) table.add_column("objective");
  table.add_column("", TextTable::Align::left);
  // What the other columns leave of a line.
  constexpr std::size_t least_room = 20;
  const std::size_t taken = with_objective ? 76 : 60;
  const std::size_t room = std::max(terminal_width(STDOUT_FILENO), least_room + taken) - taken;
  for (const RestartSummary& run : runs.restarts) {
    std::vector<std::string> cells = {
        std::to_string(run.restart), std::to_string(run.seed), run.verdict ? to_string(*run.verdict) : "failed",
        run.verdict ? std::to_string(run.iterations) : "", run.verdict ? format_nats(run.log_likelihood) : ""};
    if (with_objective) cells.push_back(run.verdict ? format_nats(run.objective) : "");
    cells.push_back(note_on(run, runs.best_restart, room));
    table.add_row(std::move(cells));
  }
  table.add_remark(fmt::format("{} of {} came to the maximum of start {}", runs.agreeing,
                               plural(runs.restarts.size(), "start"), runs.best_restart));
  return table.str();
}

/// Rows for each component, and how thin it is where it has a covariance.
std::string soundness_table(const FitResult& best) {
  const bool has_covariances = std::any_of(best.soundness.begin(), best.soundness.end(),
                                           [](const auto& one) { return !std::isnan(one.components_eigenvalue); });
  TextTable table;
  table.add_column("component");
  table.add_column("rows");
  table.add_column("rows/parameter");
  if (has_covariances) table.add_column("eigenvalue in data");
  if (has_covariances) table.add_column("in components");
  table.add_column("", TextTable::Align::left);
  const auto number = [](double value) { return std::isnan(value) ? "" : format_value(value); };
  for (std::size_t k = 0; k < best.soundness.size(); ++k) {
    const ComponentSoundness& one = best.soundness[k];
    std::vector<std::string> cells = {std::to_string(k), format_value(best.trace.back().counts[k]),
                                      number(one.rows_per_parameter)};
    if (has_covariances) cells.insert(cells.end(), {number(one.data_eigenvalue), number(one.components_eigenvalue)});
    if (one.suspicious) cells.push_back("may be spurious");
    table.add_row(std::move(cells));
  }
  return table.str();
}

std::string figures(const FitOutcome& outcome) {
  const FitResult& best = outcome.best();
  TextTable table;
  table.add_column("", TextTable::Align::left);
  table.add_column("");
  table.add_row({"log likelihood", format_nats(best.log_likelihood())});
  const bool has_log_prior = outcome.has_prior() && outcome.options.update != Update::vb;
  if (has_log_prior) table.add_row({"log prior", format_nats(best.trace.back().log_prior)});
  if (!outcome.increases_log_likelihood())
    table.add_row({outcome.options.update == Update::vb ? "ELBO" : "objective", format_nats(best.objective())});
  table.add_row({"parameters", std::to_string(best.free_parameters)});
  table.add_row({"AIC", format_nats(best.aic())});
  table.add_row({"BIC", format_nats(best.bic())});
  table.add_row({"ICL", format_nats(best.icl())});
  if (!std::isnan(best.remaining_gain)) table.add_row({"remaining gain", format_small(best.remaining_gain)});
  return table.str();
}

}  // namespace

std::string verdict_sentence(const FitOutcome& outcome) {
  const std::string verdict = to_string(outcome.verdict());
  const std::string message = outcome.message();
  return message.rfind(verdict, 0) == 0 ? message : verdict + ": " + message;
}

std::string fit_report(const FitOutcome& outcome) {
  const FitRequest& request = outcome.request;
  const FitResult& best = outcome.best();
  std::string text = head(outcome);
  if (outcome.has_prior()) text += "\nPrior\n" + prior_table(outcome.options, best.mixture.groups(), outcome.columns);
  text +=
      request.restarts > 1 ? fmt::format("\nIterations of start {}\n", outcome.runs.best_restart) : "\nIterations\n";
  text += trace_table(outcome) + trace_legend(outcome);
  if (outcome.runs.restarts.size() > 1)
    text += "\nStarts\n" + restarts_table(outcome.runs, !outcome.increases_log_likelihood());
  text += request.update == Update::sampled ? "\nComponents, as drawn last\n" : "\nComponents\n";
  text += components_table(best.mixture, outcome.columns, outcome.label_names);
  text += "\nSoundness\n" + soundness_table(best);
  if (best.posterior)
    text += "\nPosterior\n" + posterior_table(*best.posterior, best.mixture.groups(), outcome.columns);
  text += "\nResult\n" + figures(outcome);
  return text + "\n" + wrapped(verdict_sentence(outcome), terminal_width(STDOUT_FILENO), 2);
}

}  // namespace mixfam::cli
