#include "result_json.hpp"

#include "parameters_json.hpp"
#include "trace_json.hpp"

#include <nlohmann/json.hpp>

#include <utility>

namespace mixfam::cli {

namespace {

using Json = nlohmann::ordered_json;

Json options(const FitOutcome& outcome) {
  const FitRequest& request = outcome.request;
  Json json = {{"data", outcome.file + ":" + outcome.path},
               {"columns", outcome.column_names},
               {"family", request.family},
               {"components", request.components},
               {"start", request.start},
               {"restarts", request.restarts},
               {"seed", request.seed},
               {"update", to_string(request.update)},
               {"assign", to_string(request.assignment)},
               {"tolerance", request.tolerance},
               {"max_iterations", request.max_iterations},
               {"verify", request.verify}};
  if (request.update == Update::map) json["prior"] = prior_json(outcome.prior);
  return json;
}

Json components(const Mixture& mixture) {
  Json list = Json::array();
  for (std::size_t k = 0; k < mixture.components(); ++k) {
    const ParameterTable& table = mixture.parameters();
    list.push_back({{"weight", mixture.weights()[k]}, {"parameters", parameters_json(table.schema(), table.row(k))}});
  }
  return list;
}

Json restarts(const RestartsResult& runs) {
  Json list = Json::array();
  for (const RestartSummary& run : runs.restarts) {
    Json json = {{"restart", run.restart}};
    json["verdict"] = run.verdict ? Json(to_string(*run.verdict)) : Json();
    json["objective"] = run.objective;
    json["log_likelihood"] = run.log_likelihood;
    json["iterations"] = run.iterations;
    json["message"] = run.message;
    list.push_back(std::move(json));
  }
  return list;
}

}  // namespace

std::string result_json(const FitOutcome& outcome) {
  const FitResult& best = outcome.best();
  Json json = {{"mixfam", MIXFAM_VERSION}};
  json["data"] = {
      {"file", outcome.file}, {"path", outcome.path}, {"rows", outcome.rows}, {"columns", outcome.column_names}};
  json["family"] = best.mixture.family().spec();
  json["components"] = components(best.mixture);
  json["update"] = to_string(outcome.request.update);
  json["assign"] = to_string(outcome.request.assignment);
  if (outcome.request.update == Update::map) json["prior"] = prior_json(outcome.prior);
  json["seed"] = outcome.request.seed;
  json["verdict"] = to_string(best.verdict);
  json["message"] = best.message;
  json["remaining_gain"] = best.remaining_gain;
  json["iterations"] = best.iterations();
  json["log_likelihood"] = best.log_likelihood();
  json["log_prior"] = best.trace.back().log_prior;
  json["objective"] = best.objective();
  json["parameters_count"] = best.mixture.free_parameters();
  json["aic"] = best.aic();
  json["bic"] = best.bic();
  json["icl"] = best.icl();
  json["best_restart"] = outcome.runs.best_restart;
  json["restarts"] = restarts(outcome.runs);
  json["options"] = options(outcome);
  json["trace"] = trace_json(best.trace);
  return document_text(json);
}

std::string options_json(const FitOutcome& outcome) { return compact_text(options(outcome)); }

}  // namespace mixfam::cli
