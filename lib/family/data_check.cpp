#include "family/data_check.hpp"

#include <mixfam/detail/observed_cells.hpp>
#include <mixfam/error.hpp>

#include "data/reduce.hpp"
#include "numerics/plural.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <set>
#include <vector>

namespace mixfam {

namespace {

/// Whether all values are inside, for the intervals that most supports are.
bool all_inside(const Support& support, const double* x, std::size_t rows) {
  if (support.open || !support.values.empty()) return false;
  const double lower = std::max(support.lower, std::numeric_limits<double>::lowest());
  const double upper = std::min(support.upper, std::numeric_limits<double>::max());
  std::size_t inside = 0;
  for (std::size_t n = 0; n < rows; ++n) inside += (x[n] >= lower) & (x[n] <= upper);
  if (inside < rows || !support.integer) return inside == rows;
  return std::all_of(x, x + rows, [](double value) { return value == std::floor(value); });
}

std::string value_text(double x) {
  char text[32];
  std::snprintf(text, sizeof text, "%.10g", x);
  return text;
}

std::string advice_for(double x) {
  return std::isnan(x) ? "remove such rows, or let NaN stand for a missing value (`missing = nan`)"
                       : "remove or replace such rows before fitting";
}

void check_values(const Family& family, const Source& source, const DataBlock& block) {
  bool inside = true;
  for (std::size_t j = 0; j < block.x.column_count; ++j)
    inside = inside && all_inside(family.support(j), block.x.column(j), block.x.rows);
  if (inside) return;
  for (std::size_t n = 0; n < block.x.rows; ++n) {
    if (block.weights && block.weights[n] == 0) continue;
    for (std::size_t j = 0; j < block.x.column_count; ++j) {
      const double x = block.x.column(j)[n];
      const Support& support = family.support(j);
      if (support.contains(x) || block.x.is_missing(n, j)) continue;
      const std::string cell = describe_cell(source, block.first_row + n, j) + ": " + value_text(x);
      if (!std::isfinite(x)) throw Error(ErrorKind::data, cell + " is not a finite number; " + advice_for(x));
      throw Error(ErrorKind::data,
                  cell + " is outside the support of '" + family.factor_of(j).name() + "' (" + support.rule + ")");
    }
  }
}

/// Labels have no order and no distances, so that their codes are no numbers to families of numbers.
void check_labels(const Family& family, const Source& source) {
  constexpr std::size_t shown = 5;
  const auto& all = source.category_labels();
  for (std::size_t j = 0; j < all.size(); ++j) {
    if (all[j].empty() || family.support(j).labels_allowed) continue;
    std::string labels;
    for (std::size_t v = 0; v < std::min(all[j].size(), shown); ++v) labels += (v == 0 ? "" : ", ") + all[j][v];
    if (all[j].size() > shown) labels += ", ..";
    throw Error(ErrorKind::data, source.name() + ", " + describe_column(source, j) + " holds labels (" + labels +
                                     "), which '" + family.factor_of(j).spec() +
                                     "' would take for numbers; use categorical for this column");
  }
}

/// Rows of which no two are the same, up to as many as are wanted. Infinity stands for a missing cell: NaN has no
/// order.
struct DistinctRows {
  std::size_t wanted;
  std::set<std::vector<double>> rows;

  bool complete() const { return rows.size() >= wanted; }
  DistinctRows& operator+=(const DistinctRows& other) {
    for (const auto& row : other.rows)
      if (!complete()) rows.insert(row);
    return *this;
  }
};

void pack(const DistinctRows& distinct, std::vector<double>& message) {
  if (distinct.rows.empty()) return;
  message.push_back(static_cast<double>(distinct.rows.begin()->size()));
  for (const auto& row : distinct.rows) message.insert(message.end(), row.begin(), row.end());
}
void unpack(ConstVectorView numbers, DistinctRows& distinct) {
  if (numbers.empty()) return;
  const auto columns = static_cast<std::size_t>(numbers[0]);
  for (std::size_t i = 1; i < numbers.size(); i += columns) {
    const ConstVectorView row = numbers.part(i, columns);
    distinct.rows.emplace(row.begin(), row.end());
  }
}

}  // namespace

std::string describe_row(const Source& source, std::size_t row) {
  return source.name() + " row " + std::to_string(source.row_number(row));
}

std::string describe_column(const Source& source, std::size_t column) {
  const auto& names = source.column_names();
  return describe_column(column, column < names.size() ? names[column] : "");
}

std::string describe_column(std::size_t column, const std::string& name) {
  return "column " + std::to_string(column) + (name.empty() ? "" : " (\"" + name + "\")");
}

std::string describe_cell(const Source& source, std::size_t row, std::size_t column) {
  return describe_row(source, row) + ", " + describe_column(source, column);
}

namespace {

/// "(1, 2.5, ..)"
std::string values_text(const Block& x, std::size_t n) {
  constexpr std::size_t shown = 8;
  std::string text;
  for (std::size_t j = 0; j < std::min(x.column_count, shown); ++j)
    text += (j == 0 ? "" : ", ") + value_text(x.column(j)[n]);
  return "(" + text + (x.column_count > shown ? ", ..)" : ")");
}

/// For each row log h of the family that gives it most.
void greatest_log_base(const Groups& groups, const Block& x, std::vector<double>& out, std::vector<double>& one) {
  out.assign(x.rows, 0);
  groups.family(0).add_log_base(x, out);
  for (std::size_t g = 1; g < groups.size(); ++g) {
    one.assign(x.rows, 0);
    groups.family(g).add_log_base(x, one);
    for (std::size_t n = 0; n < x.rows; ++n) out[n] = std::max(out[n], one[n]);
  }
}

}  // namespace

namespace {

/// Sums of a check: of log h, of the weight of all rows and of the informative ones; how many cells are missing, and in
/// each column how many are not.
struct CheckSums {
  explicit CheckSums(std::size_t columns) : totals{std::vector<double>(4 + columns)} {}
  explicit CheckSums(Totals sums) : totals(std::move(sums)) {}
  double& log_base() { return totals.values[0]; }
  double& weight() { return totals.values[1]; }
  double& informative_weight() { return totals.values[2]; }
  double& missing_cells() { return totals.values[3]; }
  double& observed(std::size_t j) { return totals.values[4 + j]; }

  Totals totals;
};

void check_labels(const Groups& groups, const Source& source, const DataBlock& block) {
  for (std::size_t n = 0; block.labels && n < block.x.rows; ++n) {
    if (block.weights && block.weights[n] == 0) continue;
    const std::int32_t label = block.labels[n];
    if (label != unlabelled && !(label >= 0 && static_cast<std::size_t>(label) < groups.components()))
      throw Error(ErrorKind::data, describe_row(source, block.first_row + n) + " has the label " +
                                       std::to_string(label) + " (must be a component from 0 to " +
                                       std::to_string(groups.components() - 1) + ", or -1 where it is not known)");
  }
}

}  // namespace

DataCheck check_data(const Groups& groups, const Rows& rows) {
  Source& source = rows.source;
  if (groups.columns() != source.columns())
    throw Error(ErrorKind::usage, source.name() + " has " + plural(source.columns(), "column") + ", but '" +
                                      groups.spec() + "' models " + std::to_string(groups.columns()));
  for (std::size_t g = 0; g < groups.size(); ++g) check_labels(groups.family(g), source);
  const CheckSums zero(source.columns());
  const auto add = [&, log_base = std::vector<double>(), buffer = std::vector<double>()](const DataBlock& block,
                                                                                         Totals& leaf) mutable {
    for (std::size_t g = 0; g < groups.size(); ++g) check_values(groups.family(g), source, block);
    check_labels(groups, source, block);
    greatest_log_base(groups, block.x, log_base, buffer);
    CheckSums sums(std::move(leaf));
    for (std::size_t n = 0; n < block.x.rows; ++n) {
      const double weight = block.weights ? block.weights[n] : 1;
      if (weight == 0) continue;
      if (log_base[n] == -std::numeric_limits<double>::infinity())
        throw Error(ErrorKind::data, describe_row(source, block.first_row + n) + " " + values_text(block.x, n) +
                                         " has probability 0 under '" + groups.spec() +
                                         "' whatever its parameters; remove or replace such rows, or choose components "
                                         "that can have produced them");
      const std::size_t missing = detail::count_missing(block.x, n);
      const bool labelled = block.labels && block.labels[n] != unlabelled;
      sums.log_base() += weight * log_base[n];
      sums.weight() += weight;
      if (missing < block.x.column_count || labelled) sums.informative_weight() += weight;
      sums.missing_cells() += static_cast<double>(missing);
      for (std::size_t j = 0; missing < block.x.column_count && j < block.x.column_count; ++j)
        sums.observed(j) += !block.x.is_missing(n, j);
    }
    leaf = std::move(sums.totals);
  };
  CheckSums sums(reduce(rows, zero.totals, add));
  for (std::size_t j = 0; sums.weight() > 0 && j < source.columns(); ++j)
    if (sums.observed(j) == 0)
      throw Error(ErrorKind::data,
                  source.name() + ", " + describe_column(source, j) + " is missing in all rows; leave it out");
  const DataCheck check{groups.size() == 1 ? sums.log_base() : 0, sums.weight(), sums.informative_weight(),
                        sums.missing_cells()};
  if (!(check.total_weight > 0))
    throw Error(ErrorKind::data, source.name() + ": all row weights are 0 (there must be a row to fit)");
  return check;
}

void check_distinct_rows(std::size_t components, const Rows& rows) {
  const auto add = [row = std::vector<double>()](const DataBlock& block, DistinctRows& leaf) mutable {
    row.resize(block.x.column_count);
    for (std::size_t n = 0; n < block.x.rows && !leaf.complete(); ++n) {
      if (block.weights && block.weights[n] == 0) continue;
      for (std::size_t j = 0; j < row.size(); ++j)
        row[j] = block.x.is_missing(n, j) ? std::numeric_limits<double>::infinity() : block.x.column(j)[n];
      leaf.rows.insert(row);
    }
  };
  const std::size_t distinct = reduce(rows, DistinctRows{components, {}}, add).rows.size();
  if (distinct < components)
    throw Error(ErrorKind::data, rows.source.name() + ": " + plural(components, "component") + ", but only " +
                                     plural(distinct, "distinct row") + "; ask for fewer components");
}

}  // namespace mixfam
