#include "family/responsibilities.hpp"

#include <mixfam/error.hpp>

#include "data/reduce.hpp"
#include "family/native_types.hpp"
#include "family/pack_statistics.hpp"
#include "family/total_statistics.hpp"
#include "numerics/plural.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace mixfam {

namespace {

constexpr double responsibility_sum_tolerance = 1e-6;

void check_shape(ConstMatrixView R, const Source& source) {
  if (R.rows() != source.rows() || R.columns() == 0)
    throw Error(ErrorKind::data, "responsibilities of " + plural(R.rows(), "row") + " and " +
                                     plural(R.columns(), "component") + " for " + source.name() + " with " +
                                     plural(source.rows(), "row"));
}

void check_row(ConstMatrixView R, std::size_t n, const std::string& where) {
  double sum = 0;
  for (std::size_t k = 0; k < R.columns(); ++k) {
    if (!(R(n, k) >= 0))
      throw Error(ErrorKind::data, where + ": row " + std::to_string(n) + ", component " + std::to_string(k) + " is " +
                                       std::to_string(R(n, k)) + " (must be >= 0)");
    sum += R(n, k);
  }
  if (!(std::abs(sum - 1) <= responsibility_sum_tolerance))
    throw Error(ErrorKind::data,
                where + ": row " + std::to_string(n) + " sums to " + std::to_string(sum) + " (must be 1)");
}

/// r_nk of a row times its weight: 0 for a row of weight 0, whatever it holds.
double weighted(ConstMatrixView R, const DataBlock& block, std::size_t n, std::size_t k) {
  if (!block.weights) return R(block.first_row + n, k);
  return block.weights[n] > 0 ? R(block.first_row + n, k) * block.weights[n] : 0;
}

/// Of the rows of positive weight.
void check_responsibilities(ConstMatrixView R, const Rows& rows) {
  visit_blocks(rows, [&](const DataBlock& block) {
    for (std::size_t n = 0; n < block.x.rows; ++n)
      if (!block.weights || block.weights[n] > 0) check_row(R, block.first_row + n, "responsibilities");
  });
}

}  // namespace

void check_responsibilities(ConstMatrixView R, const std::string& where) {
  for (std::size_t n = 0; n < R.rows(); ++n) check_row(R, n, where);
}

namespace {

/// The mean of each component's rows, K x D; the first row of the data where it has none.
std::vector<std::vector<double>> mean_rows(ConstMatrixView R, const Rows& rows) {
  const std::vector<double> row = first_row(rows).values;
  const std::size_t columns = row.size();
  const std::size_t size = 2 * columns;
  // For each component the sum of its rows about the first row of the data, and how many have each column behind.
  const auto add = [&](const DataBlock& block, Totals& leaf) {
    for (std::size_t k = 0; k < R.columns(); ++k)
      for (std::size_t n = 0; n < block.x.rows; ++n) {
        const double r = weighted(R, block, n, k);
        for (std::size_t j = 0; j < columns; ++j) {
          if (block.x.is_missing(n, j)) continue;
          leaf.values[k * size + columns + j] += r;
          leaf.values[k * size + j] += r * (block.x.column(j)[n] - row[j]);
        }
      }
  };
  const Totals total = reduce(rows, Totals{std::vector<double>(R.columns() * size)}, add);
  std::vector<std::vector<double>> means(R.columns(), row);
  for (std::size_t k = 0; k < R.columns(); ++k)
    for (std::size_t j = 0; j < columns; ++j)
      if (const double count = total.values[k * size + columns + j]; count > 0)
        means[k][j] += total.values[k * size + j] / count;
  return means;
}

/// Each origin lies at the mean of the component's rows, so that nothing cancels in the statistics about it.
Statistics zero_about_means(const Groups& groups, ConstMatrixView R, const Rows& rows) {
  Statistics zero = groups.statistics();
  std::vector<std::vector<double>> means;
  for (std::size_t k = 0; k < groups.components(); ++k) {
    if (zero.origin(k).empty()) continue;
    if (means.empty()) means = mean_rows(R, rows);
    std::ranges::copy(origin_at_row(groups.family_of(k), means[k]), zero.origin(k).begin());
  }
  return zero;
}

/// Responsibilities times sum_k log h_k, of rows that only some groups have a density for.
double expected_log_base(const Groups& groups, const Block& x, ConstMatrixView R, std::vector<double>& log_h) {
  double sum = 0;
  for (std::size_t g = 0; g < groups.size(); ++g) {
    log_h.assign(x.rows, 0);
    groups.family(g).add_log_base(x, log_h);
    for (std::size_t k = groups.first(g); k < groups.end(g); ++k)
      for (std::size_t n = 0; n < x.rows; ++n)
        if (R(n, k) > 0) sum += R(n, k) * log_h[n];
  }
  return sum;
}

}  // namespace

Statistics statistics_of_responsibilities(const Groups& groups, ConstMatrixView R, const Rows& rows) {
  check_shape(R, rows.source);
  check_responsibilities(R, rows);
  const auto add = [&, workspace = Workspace(), log_h = std::vector<double>()](const DataBlock& block,
                                                                               Statistics& leaf) mutable {
    Workspace::Frame frame(workspace);
    const auto r = MatrixView::column_major(frame.take(block.x.rows * R.columns()), block.x.rows, R.columns());
    for (std::size_t k = 0; k < R.columns(); ++k)
      for (std::size_t n = 0; n < block.x.rows; ++n) {
        r(n, k) = weighted(R, block, n, k);
        leaf.counts()[k] += r(n, k);
        leaf.total_weight() += r(n, k);
      }
    for (std::size_t g = 0; g < groups.size(); ++g)
      groups.family(g).accumulate(block.x, r.column_range(groups.first(g), groups.components(g)), leaf.origins(g),
                                  leaf.sums(g), workspace);
    if (groups.size() > 1) leaf.expected_log_base() += expected_log_base(groups, block.x, r, log_h);
  };
  return reduce(native_rows(rows, groups), zero_about_means(groups, R, rows), add);
}

}  // namespace mixfam
