#include "fit_report.hpp"

#include "parameter_table.hpp"
#include "text.hpp"
#include "text_table.hpp"
#include "trace_table.hpp"

#include <fmt/format.h>

#include <cmath>

namespace mixfam::cli {

namespace {

constexpr std::size_t shown_names = 60;  // characters

std::string plural(std::size_t count, const std::string& noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string method(const FitRequest& request) {
  return fmt::format(
      "{}, {}", request.assignment == Assignment::soft ? "EM (soft assignment)" : "classification EM (hard assignment)",
      request.update == Update::ml ? "maximum likelihood" : "posterior mode (MAP)");
}

std::string head(const FitOutcome& outcome) {
  const FitRequest& request = outcome.request;
  std::string text = fmt::format("data    {}:{}\n", printable(outcome.file, 80), printable(outcome.path));
  text +=
      fmt::format("        {} x {} ({})\n", plural(outcome.rows, "row"), plural(outcome.column_names.size(), "column"),
                  printable(joined(outcome.column_names, ", "), shown_names));
  text += fmt::format("model   {} of {}\n", plural(request.components, "component"),
                      outcome.best().mixture.family().spec());
  text += fmt::format("method  {}\n", method(request));
  text += fmt::format("start   {}, seed {}", printable(request.start, 80), request.seed);
  if (request.restarts > 1) text += fmt::format(", best of {}", plural(request.restarts, "start"));
  return text + "\n";
}

std::string legend(const FitRequest& request) {
  std::string text = "  log likelihood = ELBO after M + KL";
  if (request.assignment == Assignment::soft) text += " = Q + H";
  return text + ", H the entropy of the assignment; gains in nats\n";
}

std::string restarts_table(const RestartsResult& runs, bool with_prior) {
  TextTable table;
  table.add_column("start");
  table.add_column("verdict", TextTable::Align::left);
  table.add_column("iterations");
  table.add_column("log likelihood");
  if (with_prior) table.add_column("objective");
  table.add_column("", TextTable::Align::left);
  for (const RestartSummary& run : runs.restarts) {
    std::vector<std::string> cells = {std::to_string(run.restart), run.verdict ? to_string(*run.verdict) : "failed",
                                      run.verdict ? std::to_string(run.iterations) : "",
                                      run.verdict ? format_nats(run.log_likelihood) : ""};
    if (with_prior) cells.push_back(run.verdict ? format_nats(run.objective) : "");
    const bool sound = run.verdict && *run.verdict != Verdict::degenerate;
    cells.push_back(run.restart == runs.best_restart ? "best" : sound ? "" : printable(run.message, 50));
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
  if (outcome.request.update == Update::map) table.add_row({"log prior", format_nats(best.trace.back().log_prior)});
  if (best.objective() != best.log_likelihood()) table.add_row({"objective", format_nats(best.objective())});
  table.add_row({"parameters", std::to_string(best.mixture.free_parameters())});
  table.add_row({"AIC", format_nats(best.aic())});
  table.add_row({"BIC", format_nats(best.bic())});
  table.add_row({"ICL", format_nats(best.icl())});
  if (!std::isnan(best.remaining_gain)) table.add_row({"remaining gain", format_small(best.remaining_gain)});
  return table.str();
}

}  // namespace

std::string verdict_sentence(const FitResult& result) {
  const std::string verdict = to_string(result.verdict);
  return result.message.rfind(verdict, 0) == 0 ? result.message : verdict + ": " + result.message;
}

std::string fit_report(const FitOutcome& outcome) {
  const FitRequest& request = outcome.request;
  const FitResult& best = outcome.best();
  std::string text = head(outcome);
  if (request.update == Update::map)
    text += "\nPrior\n" + prior_table(outcome.prior, best.mixture.family(), outcome.column_names);
  text +=
      request.restarts > 1 ? fmt::format("\nIterations of start {}\n", outcome.runs.best_restart) : "\nIterations\n";
  text += trace_table(best.trace, request.update, request.assignment) + legend(request);
  if (outcome.runs.restarts.size() > 1)
    text += "\nStarts\n" + restarts_table(outcome.runs, request.update == Update::map);
  text += "\nComponents\n" + components_table(best.mixture, outcome.column_names);
  text += "\nResult\n" + figures(outcome);
  return text + fmt::format("\n{}\n", verdict_sentence(best));
}

}  // namespace mixfam::cli
