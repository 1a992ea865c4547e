#include "commands.hpp"

#include "column_summary.hpp"
#include "output/column_labels.hpp"
#include "output/columns_report.hpp"
#include "output/components_json.hpp"
#include "output/parameter_table.hpp"
#include "output/parameters_json.hpp"
#include "output/posterior_table.hpp"
#include "output/text.hpp"
#include "output/text_table.hpp"
#include "output/trace_json.hpp"
#include "rehearsed.hpp"
#include "standard_streams.hpp"

#include <mixfam/error.hpp>
#include <mixfam/hdf5.hpp>
#include <mixfam/registry.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <numeric>
#include <optional>
#include <utility>

namespace mixfam::cli {

namespace {

using Json = nlohmann::ordered_json;
using Objects = std::vector<Hdf5Object>;

/// A model file names its format at the root; a start file made by hand may not, and is shown as what it is: data sets.
bool is_model(const Objects& objects) {
  return std::any_of(objects.begin(), objects.end(), [](const Hdf5Object& object) {
    return object.path == "/" &&
           std::any_of(object.attributes.begin(), object.attributes.end(), [](const auto& attribute) {
             return attribute.first == "format" && attribute.second.rfind("mixfam", 0) == 0;
           });
  });
}

Json options_of(const SavedModel& model) {
  if (!model.options_json) return Json::object();
  Json options = Json::parse(*model.options_json, nullptr, /*allow_exceptions=*/false);
  return options.is_object() ? options : Json::object();
}

/// The names that the columns had when the model was fitted, else their numbers.
std::vector<std::string> column_names(const Json& options, std::size_t columns) {
  std::vector<std::string> names;
  const auto found = options.find("columns");
  if (found != options.end() && found->is_array() && found->size() == columns) {
    for (const Json& name : *found) names.push_back(name.is_string() ? name.get<std::string>() : name.dump());
  } else {
    for (std::size_t j = 0; j < columns; ++j) names.push_back(std::to_string(j));
  }
  return names;
}

ColumnLabels labels_of(const SavedModel& model) {
  const Groups& groups = model.mixture.groups();
  return column_labels(groups, column_names(options_of(model), groups.columns()), model.category_labels);
}

std::string model_json(const std::string& file, const SavedModel& model) {
  const Mixture& mixture = model.mixture;
  Json json = {{"mixfam", MIXFAM_VERSION}, {"file", file}, {"kind", "model"}, {"family", mixture.groups().spec()}};
  json["components"] = components_json(mixture, model.posterior);
  const ColumnLabels columns = labels_of(model);
  json["columns"] = columns.names;
  if (const Json categories = categories_json(columns); !categories.empty()) json["categories"] = categories;
  json["seed"] = model.seed ? Json(*model.seed) : Json();
  json["options"] = options_of(model);
  json["trace"] = trace_json(model.trace);
  return document_text(json);
}

std::string model_text(const std::string& file, const SavedModel& model) {
  const Mixture& mixture = model.mixture;
  const Json options = options_of(model);
  std::string text = fmt::format("{}: a model, {} component{} of {}\n", printable(file, 80), mixture.components(),
                                 mixture.components() == 1 ? "" : "s", mixture.groups().spec());
  text += "\nComponents\n" + components_table(mixture, labels_of(model));
  if (model.posterior) text += "\nPosterior\n" + posterior_table(*model.posterior, mixture.groups(), labels_of(model));
  if (!model.trace.empty()) {
    const TraceEntry& last = model.trace.back();
    text += fmt::format("\nTrace\n  {} iterations, objective from {} to {}\n", last.iteration,
                        format_nats(model.trace.front().objective), format_nats(last.objective));
  }
  text += "\nOptions\n";
  if (model.seed && !options.contains("seed")) text += fmt::format("  seed  {}\n", *model.seed);
  TextTable table;
  table.add_column("", TextTable::Align::left);
  table.add_column("", TextTable::Align::left);
  for (const auto& [name, value] : options.items())
    table.add_row({printable(name), printable(value.is_string() ? value.get<std::string>() : value.dump(), 70)});
  return text + table.str();
}

Json object_json(const Hdf5Object& object) {
  Json attributes = Json::object();
  for (const auto& [name, value] : object.attributes) attributes[name] = value;
  return {{"path", object.path},           {"kind", object.kind},         {"type", object.type},
          {"shape", object.shape},         {"layout", object.layout},     {"columns", object.columns},
          {"eligible", object.eligible},   {"obstacle", object.obstacle}, {"meaning", object.meaning},
          {"auxiliary", object.auxiliary}, {"attributes", attributes}};
}

std::string data_json(const std::string& file, const Objects& objects) {
  Json json = {{"mixfam", MIXFAM_VERSION}, {"file", file}, {"kind", "data"}, {"objects", Json::array()}};
  for (const Hdf5Object& object : objects) json["objects"].push_back(object_json(object));
  return document_text(json);
}

std::string object_details(const Hdf5Object& object) {
  std::string text;
  if (!object.columns.empty()) text += fmt::format("      columns: {}\n", printable(joined(object.columns, ", "), 80));
  for (const auto& [name, value] : object.attributes) {
    const bool shown_as_columns = !object.columns.empty() && (name == "columns" || name == "names");
    if (!shown_as_columns) text += fmt::format("      {} = {}\n", printable(name), printable(value, 80));
  }
  if (!object.meaning.empty()) text += fmt::format("      read as: {}\n", printable(object.meaning, 160));
  if (!object.obstacle.empty()) text += fmt::format("      cannot be read: {}\n", printable(object.obstacle, 300));
  return text;
}

/// Where there are several, the largest is what most come for.
std::string largest_text(const std::string& file, const Objects& objects) {
  const auto values = [](const Hdf5Object& object) {
    return object.eligible ? std::accumulate(object.shape.begin(), object.shape.end(), 1.0, std::multiplies<>()) : 0.0;
  };
  const auto largest = std::max_element(
      objects.begin(), objects.end(), [&](const Hdf5Object& a, const Hdf5Object& b) { return values(a) < values(b); });
  return fmt::format("\n  The largest: {}:{}\n", printable(file, 80), printable(largest->path));
}

std::string data_text(const std::string& file, const Objects& objects) {
  const auto eligible =
      std::count_if(objects.begin(), objects.end(), [](const Hdf5Object& object) { return object.eligible; });
  std::string text = fmt::format("{}: {} data set{} that `mixfam fit` can read (marked *)\n\n", printable(file, 80),
                                 eligible, eligible == 1 ? "" : "s");
  std::size_t hidden = 0;
  for (const Hdf5Object& object : objects) {
    // Of what the user names nothing is hidden.
    if (object.auxiliary && !objects.front().auxiliary) {
      ++hidden;
      continue;
    }
    std::string line = fmt::format("  {} {}  {}", object.eligible ? "*" : " ", printable(object.path), object.kind);
    for (const std::string& part : {object.type, shape_text(object.shape), object.layout})
      if (!part.empty()) line.append(", ").append(printable(part, 80));
    text += line + "\n" + object_details(object);
  }
  if (eligible > 1 && std::filesystem::exists(file)) text += largest_text(file, objects);
  if (hidden > 0)
    text += fmt::format("\n  {} left out: indices, scales and parts of others (all of them: --json)\n", hidden);
  return text;
}

std::string description(const DescribeRequest& request) {
  const Objects objects = list_hdf5(request.file);
  // Behind a path, be it "/", stands what a file consists of.
  std::error_code ignored;
  const bool is_file = std::filesystem::exists(request.file, ignored);
  if (!is_file || !is_model(objects))
    return request.json ? data_json(request.file, objects) : data_text(request.file, objects);
  const SavedModel model = load_model(request.file, Registry::builtin());
  return request.json ? model_json(request.file, model) : model_text(request.file, model);
}

/// The columns of the table that is named or the only one that can be; none where it is no table.
std::vector<std::string> columns_of_table(const std::string& location) {
  const Objects objects = rehearsed(location, [&] { return list_hdf5(location); });
  std::vector<std::string> columns;
  std::size_t candidates = 0;
  for (const Hdf5Object& object : objects) {
    if (!object.eligible || (object.auxiliary && !objects.front().auxiliary)) continue;
    ++candidates;
    if (object.type.rfind("compound", 0) == 0) columns = object.columns;
  }
  return candidates == 1 ? columns : std::vector<std::string>();
}

Hdf5Source opened(const std::string& location, std::vector<std::string> columns) {
  Hdf5Options options;
  options.columns = std::move(columns);
  options.rehearse = true;
  return Hdf5Source(location, options);
}

/// Of a table each column alone, where some cannot be read.
std::vector<ColumnSummary> summaries_one_by_one(const std::string& location, const std::vector<std::string>& names) {
  std::vector<ColumnSummary> columns;
  for (const std::string& name : names) {
    try {
      Hdf5Source source = opened(location, {name});
      columns.push_back(summarise_columns(source).front());
    } catch (const Error& error) {
      ColumnSummary& column = columns.emplace_back();
      column.name = name;
      column.unreadable = error.what();
    }
  }
  return columns;
}

std::string description_of_columns(const DescribeRequest& request) {
  const std::vector<std::string> names = columns_of_table(request.file);
  std::optional<Hdf5Source> source;
  try {
    source.emplace(opened(request.file, names));
  } catch (const Error&) {
    if (names.empty()) throw;
  }
  const std::string data = source ? source->name() : request.file;
  const auto columns = source ? summarise_columns(*source) : summaries_one_by_one(request.file, names);
  return request.json ? columns_json(data, columns) : columns_report(data, columns);
}

}  // namespace

ExitStatus describe_command(const DescribeRequest& request) {
  if (request.columns) {
    print(description_of_columns(request));
    return ExitStatus::done;
  }
  print(rehearse_hdf5(request.file, [&] { return description(request); }));
  return ExitStatus::done;
}

}  // namespace mixfam::cli
