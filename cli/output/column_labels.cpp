#include "output/column_labels.hpp"

#include "output/text.hpp"

#include <fmt/format.h>

#include <cmath>
#include <numeric>
#include <utility>

namespace mixfam::cli {

namespace {

/// The codes that a column of categories may hold, in the order of the parameters.
std::vector<double> codes_of(const Support& support) {
  if (!support.labels_allowed || !std::isfinite(support.upper - support.lower)) return {};
  if (!support.values.empty()) return support.values;
  std::vector<double> codes;
  for (double code = support.lower; code <= support.upper; ++code) codes.push_back(code);
  return codes;
}

/// Those of the first family that sees categories there.
std::vector<double> codes_of(const Groups& groups, std::size_t column) {
  for (std::size_t g = 0; g < groups.size(); ++g)
    if (auto codes = codes_of(groups.family(g).support(column)); !codes.empty()) return codes;
  return {};
}

}  // namespace

std::string Category::text() const { return label.empty() ? fmt::format("{}", code) : label; }

ColumnLabels column_labels(const Groups& groups, std::vector<std::string> names,
                           const std::vector<std::vector<std::string>>& labels) {
  ColumnLabels result{std::move(names), std::vector<std::vector<Category>>(groups.columns())};
  for (std::size_t j = 0; j < groups.columns(); ++j) {
    for (const double code : codes_of(groups, j)) {
      const bool labelled = j < labels.size() && code < static_cast<double>(labels[j].size());
      result.categories[j].push_back({code, labelled ? labels[j][static_cast<std::size_t>(code)] : ""});
    }
  }
  return result;
}

std::vector<std::size_t> columns_of(const Field& field, const Family& family) {
  if (!field.columns.empty()) return field.columns;
  std::vector<std::size_t> all(family.columns());
  std::iota(all.begin(), all.end(), std::size_t{0});
  return all;
}

std::string value_name(const std::vector<Category>& categories, std::size_t i) {
  constexpr std::size_t widest = 16;
  return i < categories.size() ? printable(categories[i].text(), widest) : std::to_string(i);
}

}  // namespace mixfam::cli
