#include "output/components_json.hpp"

#include "output/parameters_json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdint>

namespace mixfam::cli {

namespace {

using Json = nlohmann::ordered_json;

Json row_json(const ParameterTable& table, std::size_t k) { return parameters_json(table.schema(k), table.row(k)); }

Json posterior_json(const Posterior& posterior, std::size_t k) {
  return {{"weight",
           {{"mean", posterior.weight_mean[k]},
            {"lower", posterior.weight_lower[k]},
            {"upper", posterior.weight_upper[k]},
            {"concentration", posterior.concentration.empty() ? Json() : Json(posterior.concentration[k])}}},
          {"hyperparameters", row_json(posterior.hyperparameters, k)},
          {"mean", row_json(posterior.mean, k)},
          {"mode", row_json(posterior.mode, k)},
          {"lower", row_json(posterior.lower, k)},
          {"upper", row_json(posterior.upper, k)},
          {"level", posterior.level}};
}

}  // namespace

Json components_json(const Mixture& mixture, const std::optional<Posterior>& posterior) {
  Json list = Json::array();
  for (std::size_t k = 0; k < mixture.components(); ++k) {
    Json component = {{"weight", mixture.weights()[k]},
                      {"family", mixture.groups().family_of(k).spec()},
                      {"parameters", row_json(mixture.parameters(), k)}};
    if (posterior) component["posterior"] = posterior_json(*posterior, k);
    list.push_back(std::move(component));
  }
  return list;
}

Json categories_json(const ColumnLabels& columns) {
  Json list = Json::array();
  for (const auto& categories : columns.categories) {
    Json texts = Json::array();
    for (const Category& category : categories)
      texts.push_back(category.label.empty() ? Json(static_cast<std::int64_t>(category.code)) : Json(category.label));
    list.push_back(std::move(texts));
  }
  const bool any = std::any_of(list.begin(), list.end(), [](const Json& texts) { return !texts.empty(); });
  return any ? list : Json::array();
}

}  // namespace mixfam::cli
