#include "output/result_json.hpp"

#include "as_typed.hpp"
#include "output/components_json.hpp"
#include "output/parameters_json.hpp"
#include "output/trace_json.hpp"
#include "weights_names.hpp"

#include <mixfam/registry.hpp>

#include <nlohmann/json.hpp>

#include <optional>
#include <utility>

namespace mixfam::cli {

namespace {

using Json = nlohmann::ordered_json;

template <class T>
Json optional_json(const std::optional<T>& value) {
  return value ? Json(*value) : Json();
}

Json slice_json(const std::optional<Slice>& slice) {
  if (!slice) return {};
  return {{"begin", optional_json(slice->begin)}, {"end", optional_json(slice->end)}, {"step", slice->step}};
}

Json missing_json(const Missing& missing) {
  if (missing.value) return *missing.value;
  return missing.allowed ? "nan" : "refuse";
}

/// All options in effect.
Json options(const FitOutcome& outcome) {
  const FitRequest& request = outcome.request;
  const FitOptions& options = outcome.options;
  Json json = {{"data", outcome.file + ":" + outcome.path},
               {"columns", outcome.columns.names},
               {"raw", request.raw},
               {"transpose", request.transpose},
               {"family", request.family},
               {"components", Registry::count_components(request.family, request.components)},
               {"start", request.start},
               {"restarts", request.restarts},
               {"prefer", to_string(request.prefer)},
               {"seed", request.seed},
               {"update", to_string(options.update)},
               {"assign", to_string(options.assignment)},
               {"weights", options.freeze.weights ? fixed_weights_name : to_string(options.prior.weights)},
               {"freeze", request.freeze},
               {"tolerance", options.tolerance},
               {"max_iterations", options.max_iterations},
               {"temperature", options.temperature},
               {"cooling", options.cooling},
               {"batch_rows", options.batch_rows},
               {"forgetting", options.forgetting},
               {"accelerate", to_string(options.accelerate)},
               {"degenerate", to_string(options.degenerate)},
               {"keep_saddle", options.keep_saddle},
               {"verify", options.verify},
               {"merge_rows", request.merge_rows},
               {"select_rows", slice_json(request.rows)},
               {"split", optional_json(request.split)},
               {"part", request.split ? Json(to_string(request.part.value_or(SplitPart::train))) : Json()},
               {"row_weights", optional_json(request.row_weights)},
               {"labels", optional_json(request.labels)},
               {"missing", missing_json(request.missing)}};
  if (outcome.has_prior()) json["prior"] = prior_json(options);
  return json;
}

Json data(const FitOutcome& outcome) {
  Json json = {
      {"file", outcome.file}, {"path", outcome.path}, {"rows", outcome.rows}, {"columns", outcome.columns.names}};
  if (outcome.distinct_rows) json["distinct_rows"] = *outcome.distinct_rows;
  const Json categories = categories_json(outcome.columns);
  if (!categories.empty()) json["categories"] = categories;
  return json;
}

Json soundness_json(const std::vector<ComponentSoundness>& soundness) {
  Json list = Json::array();
  for (const ComponentSoundness& one : soundness)
    list.push_back({{"rows_per_parameter", one.rows_per_parameter},
                    {"data_eigenvalue", one.data_eigenvalue},
                    {"components_eigenvalue", one.components_eigenvalue},
                    {"suspicious", one.suspicious}});
  return list;
}

Json restarts(const RestartsResult& runs) {
  Json list = Json::array();
  for (const RestartSummary& run : runs.restarts) {
    Json json = {{"restart", run.restart}, {"seed", run.seed}};
    json["verdict"] = run.verdict ? Json(to_string(*run.verdict)) : Json();
    json["objective"] = run.objective;
    json["log_likelihood"] = run.log_likelihood;
    json["iterations"] = run.iterations;
    json["suspicious"] = run.suspicious;
    json["message"] = as_typed(run.message);
    list.push_back(std::move(json));
  }
  return list;
}

}  // namespace

std::string result_json(const FitOutcome& outcome) {
  const FitResult& best = outcome.best();
  Json json = {{"mixfam", MIXFAM_VERSION}};
  json["data"] = data(outcome);
  json["rows_used"] = outcome.summary.rows_used;
  json["total_weight"] = outcome.summary.total_weight;
  json["missing_cells"] = outcome.summary.missing_cells();
  json["labelled_rows"] = outcome.summary.labelled_rows;
  if (!outcome.label_names.empty()) json["labels"] = outcome.label_names;
  json["family"] = best.mixture.groups().spec();
  json["components"] = components_json(best.mixture, best.posterior);
  json["soundness"] = soundness_json(best.soundness);
  json["update"] = to_string(outcome.request.update);
  json["assign"] = to_string(outcome.request.assignment);
  if (outcome.has_prior()) json["prior"] = prior_json(outcome.options);
  json["seed"] = outcome.request.seed;
  json["instruction_set"] = best.instruction_set;
  json["verdict"] = to_string(outcome.verdict());
  json["message"] = outcome.message();
  json["suspicious"] = best.suspicious();
  json["remaining_gain"] = best.remaining_gain;
  json["iterations"] = best.iterations();
  json["log_likelihood"] = best.log_likelihood();
  json["log_prior"] = best.trace.back().log_prior;
  json["objective"] = best.objective();
  json["parameters_count"] = best.free_parameters;
  json["aic"] = best.aic();
  json["bic"] = best.bic();
  json["icl"] = best.icl();
  json["best_restart"] = outcome.runs.best_restart;
  json["agreeing_restarts"] = outcome.runs.agreeing;
  json["restarts"] = restarts(outcome.runs);
  json["options"] = options(outcome);
  json["trace"] = trace_json(best.trace);
  return document_text(json);
}

std::string options_json(const FitOutcome& outcome) {
  Json json = options(outcome);
  json["rows"] = outcome.rows;
  if (outcome.distinct_rows) json["distinct_rows"] = *outcome.distinct_rows;
  json["best_restart"] = outcome.runs.best_restart;
  json["instruction_set"] = outcome.best().instruction_set;
  json["verdict"] = to_string(outcome.verdict());
  json["message"] = outcome.message();
  json["suspicious"] = outcome.best().suspicious();
  return compact_text(json);
}

}  // namespace mixfam::cli
