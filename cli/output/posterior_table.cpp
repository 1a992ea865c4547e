#include "output/posterior_table.hpp"

#include "output/dense_matrix.hpp"
#include "output/digits.hpp"
#include "output/terminal.hpp"
#include "output/text.hpp"
#include "output/text_table.hpp"

#include <fmt/format.h>

#include <unistd.h>
#include <algorithm>
#include <cmath>
#include <vector>

namespace mixfam::cli {

namespace {

constexpr std::size_t shown_columns = 8;
constexpr std::size_t shown_categories = 8;
constexpr std::size_t shown_lines = 64;
constexpr std::size_t widest_name = 16;

/// One number of a field: where it stands in the row of a table, and what it is called.
struct Entry {
  std::size_t place;
  std::string name;
  std::string column;
};

std::vector<Entry> matrix_entries(const Field& field, const std::vector<std::string>& columns) {
  if (field.form == MatrixForm::spherical) return {{0, field.name + " (diagonal)", ""}};
  std::vector<Entry> entries;
  const std::size_t stride = field.form == MatrixForm::dense ? field.dimension + 1 : 1;
  for (std::size_t j = 0; j < std::min(columns.size(), shown_columns); ++j)
    entries.push_back({j * stride, field.name + " (diagonal)", columns[j]});
  return entries;
}

std::vector<Entry> entries_of(const Field& field, const Family& family, const ColumnLabels& labels) {
  const std::vector<std::size_t> columns = columns_of(field, family);
  std::vector<std::string> names;
  for (const std::size_t j : columns) names.push_back(printable(labels.names[j], widest_name));
  if (is_matrix(field)) return matrix_entries(field, names);
  std::vector<Entry> entries;
  const bool by_column = !field.shape.empty() && field.shape.front() == columns.size();
  const std::size_t depth = by_column ? field.size() / columns.size() : field.size();
  for (std::size_t j = 0; j < (by_column ? std::min(columns.size(), shown_columns) : 1); ++j) {
    const auto& categories = labels.categories[columns[j]];
    const std::size_t values = by_column && depth > 1 && !categories.empty() ? categories.size() : depth;
    for (std::size_t i = 0; i < std::min(values, shown_categories); ++i)
      entries.push_back({j * depth + i, depth == 1 ? field.name : field.name + "[" + value_name(categories, i) + "]",
                         by_column ? names[j] : ""});
  }
  return entries;
}

/// Mean, mode and interval of one number, as exact as the interval is narrow.
std::vector<std::string> cells_of(double mean, double mode, double lower, double upper) {
  const int digits = digits_for(std::max(std::abs(lower), std::abs(upper)), upper - lower);
  std::vector<std::string> cells;
  for (const double value : {mean, mode, lower, upper})
    cells.push_back(std::isnan(value) ? "" : format_digits(value, digits));
  return cells;
}

}  // namespace

std::string posterior_table(const Posterior& posterior, const Groups& groups, const ColumnLabels& columns) {
  TextTable table;
  for (const char* header : {"component", "parameter", "column"}) table.add_column(header, TextTable::Align::left);
  table.add_column("mean");
  table.add_column("mode");
  table.add_column(fmt::format("{:g} %", 50 * (1 - posterior.level)));
  table.add_column(fmt::format("{:g} %", 50 * (1 + posterior.level)));
  std::size_t lines = 0;
  std::size_t left_out = 0;
  const auto add = [&](std::vector<std::string> cells, const std::vector<std::string>& numbers) {
    cells.insert(cells.end(), numbers.begin(), numbers.end());
    if (lines++ < shown_lines) {
      table.add_row(std::move(cells));
    } else {
      ++left_out;
    }
  };
  for (std::size_t k = 0; k < posterior.mean.components(); ++k) {
    const Schema& schema = posterior.mean.schema(k);
    const Family& family = groups.family_of(k);
    add({std::to_string(k), "weight", ""},
        cells_of(posterior.weight_mean[k], std::nan(""), posterior.weight_lower[k], posterior.weight_upper[k]));
    for (std::size_t f = 0; f < schema.fields().size(); ++f) {
      if (!schema.fields()[f].is_shown()) continue;
      for (const Entry& entry : entries_of(schema.fields()[f], family, columns)) {
        const std::size_t place = schema.offset(f) + entry.place;
        add({"", entry.name, entry.column}, cells_of(posterior.mean.row(k)[place], posterior.mode.row(k)[place],
                                                     posterior.lower.row(k)[place], posterior.upper.row(k)[place]));
      }
    }
  }
  if (left_out > 0) table.add_remark(fmt::format("... {} lines left out (all of them: --json) ...", left_out));
  if (groups.columns() > shown_columns)
    table.add_remark(
        fmt::format("... of {} columns the first {} (all of them: --json) ...", groups.columns(), shown_columns));
  return table.str(terminal_width(STDOUT_FILENO), 3);
}

}  // namespace mixfam::cli
