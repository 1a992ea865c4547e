#include "model/degeneracy.hpp"

#include "numerics/plural.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>

namespace mixfam {

namespace {

/// Lists in messages end here.
constexpr std::size_t most_listed = 6;

using Combination = std::vector<ColumnTerm>;
using Names = std::vector<std::string>;

/// `2 ("c")`
std::string numbered(std::size_t column, const Names& names) {
  const std::string number = std::to_string(column);
  return column < names.size() ? number + " (\"" + names[column] + "\")" : number;
}

/// `c` in a formula.
std::string symbol(std::size_t column, const Names& names) {
  return column < names.size() ? names[column] : "x" + std::to_string(column);
}

/// `column 2 ("c")` or `columns 0 ("a"), 2 ("c") and 7 others`
std::string listed(const std::string& what, const std::vector<std::size_t>& numbers, const Names& names) {
  std::string text = what + (numbers.size() == 1 ? " " : "s ");
  const std::size_t shown = numbers.size() > most_listed ? most_listed - 1 : numbers.size();
  for (std::size_t i = 0; i < shown; ++i) {
    const bool last = i + 1 == numbers.size();
    text += (i == 0 ? "" : last ? " and " : ", ") + numbered(numbers[i], names);
  }
  if (shown < numbers.size()) text += " and " + plural(numbers.size() - shown, "other");
  return text;
}

/// `a - 2 b`
std::string formula(const Combination& terms, const Names& names) {
  std::string text;
  for (const auto& [column, factor] : terms) {
    text += text.empty() ? (factor < 0 ? "-" : "") : (factor < 0 ? " - " : " + ");
    char number[32];
    std::snprintf(number, sizeof number, "%.4g", std::abs(factor));
    if (number != std::string("1")) text += number + std::string(" ");
    text += symbol(column, names);
  }
  return text;
}

std::string collinear(const Combination& terms, const Names& names) {
  std::vector<std::size_t> columns;
  for (const ColumnTerm& term : terms) columns.push_back(term.column);
  std::string text = listed("column", columns, names) + " are collinear";
  if (terms.size() <= most_listed) text += ": " + formula(terms, names) + " is constant";
  return text;
}

/// Columns without any variance together, then the first of the other relations.
std::string describe_constant(const std::vector<Combination>& combinations, const Names& names) {
  std::vector<std::size_t> constant;
  std::vector<const Combination*> relations;
  for (const Combination& terms : combinations) {
    if (terms.size() == 1) {
      constant.push_back(terms.front().column);
    } else {
      relations.push_back(&terms);
    }
  }
  std::string text;
  if (!constant.empty())
    text = listed("column", constant, names) + (constant.size() == 1 ? " is constant" : " are constant");
  if (relations.empty()) return text;
  text += (text.empty() ? "" : ", ") + collinear(*relations.front(), names);
  if (relations.size() > 1) text += ", and so are others in " + std::to_string(relations.size() - 1) + " more ways";
  return text;
}

}  // namespace

std::string Reason::describe(const std::vector<std::string>& column_names) const {
  std::string result = column ? "column " + numbered(*column, column_names) + ": " + text : text;
  if (!constant.empty()) result += ": " + describe_constant(constant, column_names) + " on the rows left to it";
  return result;
}

std::string describe(const std::vector<Degeneracy>& degenerate, const Source& source) {
  // Components with the same reason, in the order of the first of each.
  std::vector<std::pair<std::string, std::vector<std::size_t>>> reasons;
  bool of_several_columns = false;
  for (const Degeneracy& one : degenerate) {
    const std::string reason = one.reason.describe(source.column_names());
    const auto same = std::find_if(reasons.begin(), reasons.end(), [&](const auto& r) { return r.first == reason; });
    if (same == reasons.end()) {
      reasons.push_back({reason, {one.component}});
    } else {
      same->second.push_back(one.component);
    }
    of_several_columns |= !one.reason.column;
  }
  std::string text;
  for (const auto& [reason, components] : reasons)
    text += (text.empty() ? "" : "; ") + listed("component", components, {}) + ": " + reason;
  if (of_several_columns && source.rows() <= source.columns())
    text += std::string("; there ") + (source.rows() == 1 ? "is" : "are") + " only " + plural(source.rows(), "row") +
            " for " + plural(source.columns(), "column");
  return text;
}

std::string remedy(const std::vector<Degeneracy>& degenerate, const Groups& groups, const Prior& prior) {
  for (const Degeneracy& one : degenerate)
    if (!one.reason.cure.empty()) return one.reason.cure;
  if (!groups.has_prior()) return "use fewer components, another start or another family";
  if (prior.components) return "use the default prior (`prior = default`)";
  return "use a prior (`update = map`, `prior = default`)";
}

}  // namespace mixfam
