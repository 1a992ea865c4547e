#include "commands.hpp"

#include "output/parameters_json.hpp"
#include "output/terminal.hpp"
#include "output/text.hpp"
#include "output/text_table.hpp"
#include "standard_streams.hpp"

#include <mixfam/error.hpp>
#include <mixfam/registry.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <unistd.h>
#include <cmath>
#include <optional>

namespace mixfam::cli {

namespace {

using Json = nlohmann::ordered_json;

/// A family at two widths: extents that follow the number of columns are written "D".
struct Specimen {
  FamilyPtr narrow;
  FamilyPtr wide;  ///< the same as `narrow` for a family of one column only
};

FamilyPtr try_make(const RegistryEntry& entry, std::size_t columns) {
  try {
    Registry registry;
    registry.add(entry);
    return registry.make(entry.example.empty() ? entry.name : entry.example, columns);
  } catch (const Error&) {
    return nullptr;
  }
}

std::optional<Specimen> specimen(const RegistryEntry& entry) {
  // Widths that no fixed extent is likely to have.
  const FamilyPtr narrow = try_make(entry, 11);
  const FamilyPtr wide = try_make(entry, 13);
  if (narrow && wide) return Specimen{narrow, wide};
  if (const FamilyPtr single = try_make(entry, 1)) return Specimen{single, single};
  return std::nullopt;
}

std::vector<std::string> symbolic_shape(const Field& narrow, const Field& wide) {
  std::vector<std::string> shape;
  for (std::size_t axis = 0; axis < narrow.shape.size(); ++axis)
    shape.push_back(narrow.shape[axis] == wide.shape[axis] ? std::to_string(narrow.shape[axis]) : "D");
  return shape;
}

Json schema_json(const Schema& narrow, const Schema& wide) {
  Json list = Json::array();
  for (std::size_t f = 0; f < narrow.fields().size(); ++f) {
    const Field& field = narrow.fields()[f];
    if (!field.is_shown()) continue;
    list.push_back({{"name", field.name},
                    {"shape", symbolic_shape(field, wide.fields()[f])},
                    {"domain", to_string(field.domain)},
                    {"rule", rule_of(field.domain)}});
  }
  return list;
}

Json support_json(const Support& support) {
  const auto bound = [](double value) { return std::isfinite(value) ? Json(value) : Json(); };
  return {{"rule", support.rule},
          {"lower", bound(support.lower)},
          {"upper", bound(support.upper)},
          {"open", support.open},
          {"integer", support.integer}};
}

/// Null for a family without a conjugate prior.
Json prior_json(const Specimen& made) {
  const ConjugatePrior* narrow = made.narrow->prior();
  return narrow ? schema_json(narrow->hyperparameters(), made.wide->prior()->hyperparameters()) : Json();
}

Json family_json(const RegistryEntry& entry) {
  Json json = {{"name", entry.name}, {"summary", entry.summary}, {"options", entry.options}};
  json["example"] = entry.example.empty() ? entry.name : entry.example;
  if (const auto made = specimen(entry)) {
    json["data"] = support_json(made->narrow->support(0));
    json["parameters"] = schema_json(made->narrow->parameters(), made->wide->parameters());
    json["prior"] = prior_json(*made);
  }
  return json;
}

void add_fields(TextTable& table, const std::string& role, const Schema& narrow, const Schema& wide) {
  for (std::size_t f = 0; f < narrow.fields().size(); ++f) {
    const Field& field = narrow.fields()[f];
    if (!field.is_shown()) continue;
    const std::vector<std::string> shape = symbolic_shape(field, wide.fields()[f]);
    table.add_row(
        {f == 0 ? role : "", field.name, shape.empty() ? "one" : joined(shape, " x "), rule_of(field.domain)});
  }
}

std::string family_text(const RegistryEntry& entry) {
  std::string text = wrapped(fmt::format("{}: {}", entry.name, entry.summary), terminal_width(STDOUT_FILENO), 4);
  const auto made = specimen(entry);
  if (!made) return text;
  TextTable table;
  for (std::size_t j = 0; j < 4; ++j) table.add_column("", TextTable::Align::left);
  table.add_row({"data", "x", "", made->narrow->support(0).rule});
  add_fields(table, "parameters", made->narrow->parameters(), made->wide->parameters());
  if (const ConjugatePrior* narrow = made->narrow->prior()) {
    add_fields(table, "prior", narrow->hyperparameters(), made->wide->prior()->hyperparameters());
  } else {
    table.add_row({"prior", "none"});
  }
  text += table.str();
  if (!entry.options.empty())
    text += wrapped("  options     " + joined(entry.options, "; "), terminal_width(STDOUT_FILENO), 14);
  return text;
}

}  // namespace

ExitStatus families_command(const FamiliesRequest& request) {
  const Registry registry = Registry::builtin();
  if (request.json) {
    Json json = {{"mixfam", MIXFAM_VERSION}, {"families", Json::array()}};
    for (const RegistryEntry& entry : registry.entries()) json["families"].push_back(family_json(entry));
    print(document_text(json));
    return ExitStatus::done;
  }
  std::string text =
      wrapped("Families of components over D columns; a product of them is written \"gaussian(a,b) * exponential(c)\".",
              terminal_width(STDOUT_FILENO), 0);
  for (const RegistryEntry& entry : registry.entries()) text.append("\n").append(family_text(entry));
  print(text);
  return ExitStatus::done;
}

}  // namespace mixfam::cli
