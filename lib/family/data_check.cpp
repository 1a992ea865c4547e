#include "family/data_check.hpp"

#include <mixfam/error.hpp>

#include "data/blocks.hpp"

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
      if (support.contains(x)) continue;
      char value[32];
      std::snprintf(value, sizeof value, "%.10g", x);
      const std::string cell = describe_cell(source, block.first_row + n, j) + ": " + value;
      if (!std::isfinite(x))
        throw Error(ErrorKind::data, cell + " is not a finite number; remove or replace such rows before fitting");
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

struct Sums {
  DataCheck check;
  Sums& operator+=(const Sums& other) {
    check.log_base += other.check.log_base;
    check.total_weight += other.check.total_weight;
    return *this;
  }
};

}  // namespace

std::string describe_row(const Source& source, std::size_t row) {
  return source.name() + " row " + std::to_string(source.row_number(row));
}

std::string describe_column(const Source& source, std::size_t column) {
  const auto& names = source.column_names();
  return "column " + std::to_string(column) + (column < names.size() ? " (\"" + names[column] + "\")" : "");
}

std::string describe_cell(const Source& source, std::size_t row, std::size_t column) {
  return describe_row(source, row) + ", " + describe_column(source, column);
}

DataCheck check_data(const Family& family, const Rows& rows) {
  Source& source = rows.source;
  if (family.columns() != source.columns())
    throw Error(ErrorKind::usage, source.name() + " has " + std::to_string(source.columns()) + " columns, but '" +
                                      family.spec() + "' models " + std::to_string(family.columns()));
  check_labels(family, source);
  const auto add = [&](const DataBlock& block, Sums& leaf) {
    check_values(family, source, block);
    std::vector<double> log_base(block.x.rows);
    family.add_log_base(block.x, log_base);
    for (std::size_t n = 0; n < block.x.rows; ++n) {
      const double weight = block.weights ? block.weights[n] : 1;
      if (weight == 0) continue;
      if (log_base[n] == -std::numeric_limits<double>::infinity())
        throw Error(ErrorKind::data, describe_row(source, block.first_row + n) + " has probability 0 under '" +
                                         family.spec() + "' whatever its parameters");
      leaf.check.log_base += weight * log_base[n];
      leaf.check.total_weight += weight;
    }
  };
  const auto sums = sum_over_blocks(rows, Sums{}, [&add] { return add; });
  if (!(sums.check.total_weight > 0))
    throw Error(ErrorKind::data, source.name() + ": all row weights are 0 (there must be a row to fit)");
  return sums.check;
}

void check_distinct_rows(std::size_t components, Source& source) {
  std::set<std::vector<double>> distinct;
  for_each_block(source, [&](const DataBlock& block) {
    std::vector<double> row(block.x.column_count);
    for (std::size_t n = 0; n < block.x.rows && distinct.size() < components; ++n) {
      if (block.weights && block.weights[n] == 0) continue;
      for (std::size_t j = 0; j < row.size(); ++j) row[j] = block.x.column(j)[n];
      distinct.insert(row);
    }
    return distinct.size() < components;
  });
  if (distinct.size() < components)
    throw Error(ErrorKind::data, source.name() + ": " + std::to_string(components) + " components, but only " +
                                     std::to_string(distinct.size()) + " distinct rows; ask for fewer components");
}

}  // namespace mixfam
