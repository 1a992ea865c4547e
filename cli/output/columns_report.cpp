#include "output/columns_report.hpp"

#include "output/parameters_json.hpp"
#include "output/text.hpp"
#include "output/text_table.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <utility>

namespace mixfam::cli {

namespace {

using Json = nlohmann::ordered_json;

/// Of values that are more than these only the number is shown.
constexpr std::size_t most_listed = 20;
constexpr std::size_t width = 80;

bool is_listed(const ColumnSummary& column) {
  return !column.distinct.empty() && column.distinct.size() <= most_listed;
}

/// The label of a code, empty where it has none.
std::string label_of(const ColumnSummary& column, double value) {
  const auto code = static_cast<std::size_t>(value);
  return value >= 0 && code < column.labels.size() ? column.labels[code] : "";
}

std::string value_text(const ColumnSummary& column, double value) {
  const std::string label = label_of(column, value);
  return label.empty() ? format_value(value) : printable(label);
}

std::size_t rows_of(const std::vector<ColumnSummary>& columns) {
  std::size_t rows = 0;
  for (const ColumnSummary& column : columns) rows = std::max(rows, column.rows);
  return rows;
}

std::string summary_table(const std::vector<ColumnSummary>& columns) {
  TextTable table;
  table.add_column("column", TextTable::Align::left);
  table.add_column("type", TextTable::Align::left);
  for (const char* header : {"least", "greatest", "mean", "gaps", "distinct"}) table.add_column(header);
  for (const ColumnSummary& column : columns) {
    if (!column.unreadable.empty()) {
      table.add_row({printable(column.name), "cannot be read"});
      continue;
    }
    const bool ordered = column.labels.empty() && column.has_values();
    const auto number = [&](double value) { return ordered ? format_value(value) : ""; };
    std::string distinct =
        column.distinct.empty() ? fmt::format("> {}", column.most_distinct) : std::to_string(column.distinct.size());
    if (!column.has_values()) distinct = "0";
    table.add_row({printable(column.name), column.has_values() ? column.type() : "", number(column.least),
                   number(column.greatest), number(column.mean), std::to_string(column.gaps), std::move(distinct)});
  }
  return table.str();
}

std::string values_text(const std::vector<ColumnSummary>& columns) {
  std::string text;
  for (const ColumnSummary& column : columns) {
    if (!is_listed(column)) continue;
    std::vector<std::string> values;
    for (const double value : column.distinct) values.push_back(value_text(column, value));
    text += wrapped("  " + printable(column.name) + ": " + joined(values, ", "), width, 4);
  }
  return text.empty() ? "" : "\nValues\n" + text;
}

/// Columns that the same families take stand together.
std::string families_text(const std::vector<ColumnSummary>& columns) {
  std::vector<std::pair<std::vector<std::string>, std::vector<std::string>>> groups;
  for (const ColumnSummary& column : columns) {
    if (!column.unreadable.empty()) continue;
    const auto same =
        std::find_if(groups.begin(), groups.end(), [&](const auto& group) { return group.first == column.families; });
    auto& names =
        (same == groups.end() ? groups.emplace_back(column.families, std::vector<std::string>()) : *same).second;
    names.push_back(printable(column.name));
  }
  std::string text;
  for (const auto& [families, names] : groups)
    text += wrapped("  " + joined(names, ", ") + ": " + (families.empty() ? "none" : joined(families, ", ")), width, 4);
  return text.empty() ? "" : "\nFamilies that take all values, gaps aside\n" + text;
}

std::string failures_text(const std::vector<ColumnSummary>& columns) {
  std::string text;
  for (const ColumnSummary& column : columns)
    if (!column.unreadable.empty())
      text += "  " + printable(column.name) + ": " + printable(column.unreadable, 400) + "\n";
  return text.empty() ? "" : "\nNot read\n" + text;
}

Json finite(double value) { return std::isfinite(value) ? Json(value) : Json(); }

Json column_json(const ColumnSummary& column) {
  if (!column.unreadable.empty()) return {{"name", column.name}, {"unreadable", column.unreadable}};
  // Codes have no order.
  const auto number = [&](double value) { return column.labels.empty() ? finite(value) : Json(); };
  Json json = {{"name", column.name},
               {"type", column.has_values() ? Json(column.type()) : Json()},
               {"gaps", column.gaps},
               {"least", number(column.least)},
               {"greatest", number(column.greatest)},
               {"mean", number(column.mean)},
               {"distinct", column.distinct.empty() && column.has_values() ? Json() : Json(column.distinct.size())},
               {"values", Json()},
               {"families", column.families}};
  if (!is_listed(column)) return json;
  json["values"] = Json::array();
  for (const double value : column.distinct) {
    const std::string label = label_of(column, value);
    json["values"].push_back(label.empty() ? finite(value) : Json(label));
  }
  return json;
}

}  // namespace

std::string columns_report(const std::string& data, const std::vector<ColumnSummary>& columns) {
  return fmt::format("{}: {} row{} x {} column{}\n\n", printable(data, 120), rows_of(columns),
                     rows_of(columns) == 1 ? "" : "s", columns.size(), columns.size() == 1 ? "" : "s") +
         summary_table(columns) + values_text(columns) + families_text(columns) + failures_text(columns);
}

std::string columns_json(const std::string& data, const std::vector<ColumnSummary>& columns) {
  Json json = {{"mixfam", MIXFAM_VERSION}, {"data", data}, {"kind", "columns"}, {"rows", rows_of(columns)}};
  json["columns"] = Json::array();
  for (const ColumnSummary& column : columns) json["columns"].push_back(column_json(column));
  return document_text(json);
}

}  // namespace mixfam::cli
