#include "output/parameters_json.hpp"

#include "output/dense_matrix.hpp"
#include "weights_names.hpp"

#include <nlohmann/json.hpp>

namespace mixfam::cli {

namespace {

using Json = nlohmann::ordered_json;

Json nested_array(const double* values, const std::size_t* shape, std::size_t rank) {
  if (rank == 0) return *values;
  std::size_t stride = 1;
  for (std::size_t axis = 1; axis < rank; ++axis) stride *= shape[axis];
  Json array = Json::array();
  for (std::size_t i = 0; i < shape[0]; ++i) array.push_back(nested_array(values + i * stride, shape + 1, rank - 1));
  return array;
}

Json field_json(const Field& field, ConstVectorView values) {
  if (!is_matrix(field)) return nested_array(values.data(), field.shape.data(), field.shape.size());
  const std::vector<double> matrix = dense_matrix(field, values);
  const std::size_t shape[] = {field.dimension, field.dimension};
  return nested_array(matrix.data(), shape, 2);
}

Json& member(Json& object, const std::string& path) {
  const std::size_t slash = path.find('/');
  if (slash == std::string::npos) return object[path];
  return member(object[path.substr(0, slash)], path.substr(slash + 1));
}

}  // namespace

Json parameters_json(const Schema& schema, ConstVectorView row) {
  Json object = Json::object();
  for (std::size_t f = 0; f < schema.fields().size(); ++f) {
    const Field& field = schema.fields()[f];
    if (!field.is_shown()) continue;
    member(object, field.name) = field_json(field, row.part(schema.offset(f), field.size()));
  }
  return object;
}

Json prior_json(const FitOptions& options) {
  const Prior& prior = options.prior;
  const bool fixed = options.freeze.weights;
  Json weights = {{"prior", fixed ? fixed_weights_name : to_string(prior.weights)}};
  if (!fixed) {
    const bool one_for_all = prior.concentration.size() == 1;
    weights["concentration"] = one_for_all ? Json(prior.concentration.front()) : Json(prior.concentration);
  }
  Json document = {{"weights", weights}};
  document["components"] = Json::object();
  if (!prior.components) return document;
  const ParameterTable& table = *prior.components;
  Json list = Json::array();
  for (std::size_t g = 0; g < table.components(); ++g) list.push_back(parameters_json(table.schema(g), table.row(g)));
  document["components"] = list.size() == 1 ? list.front() : list;
  return document;
}

std::string document_text(const Json& document) {
  return document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string compact_text(const Json& document) { return document.dump(-1, ' ', false, Json::error_handler_t::replace); }

}  // namespace mixfam::cli
