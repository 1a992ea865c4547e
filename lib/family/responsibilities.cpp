#include "family/responsibilities.hpp"

#include <mixfam/error.hpp>

#include "data/blocks.hpp"
#include "family/native_types.hpp"
#include "family/total_statistics.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace mixfam {

namespace {

constexpr double responsibility_sum_tolerance = 1e-6;

void check_shape(ConstMatrixView R, const Source& source) {
  if (R.rows() != source.rows() || R.columns() == 0)
    throw Error(ErrorKind::data, "responsibilities of " + std::to_string(R.rows()) + " rows and " +
                                     std::to_string(R.columns()) + " components for " + source.name() + " with " +
                                     std::to_string(source.rows()) + " rows");
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
  visit_blocks(rows, [&] {
    return [&](const DataBlock& block) {
      for (std::size_t n = 0; n < block.x.rows; ++n)
        if (!block.weights || block.weights[n] > 0) check_row(R, block.first_row + n, "responsibilities");
    };
  });
}

}  // namespace

void check_responsibilities(ConstMatrixView R, const std::string& where) {
  for (std::size_t n = 0; n < R.rows(); ++n) check_row(R, n, where);
}

namespace {

/// Sums of the rows of each component, K x D, about the first row of the data.
struct ComponentRows {
  std::vector<double> counts;
  std::vector<double> sums;
  ComponentRows& operator+=(const ComponentRows& other) {
    for (std::size_t k = 0; k < counts.size(); ++k) counts[k] += other.counts[k];
    for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += other.sums[i];
    return *this;
  }
};

/// Sets each origin to the mean of the component's rows, so that nothing cancels in the statistics about it.
void set_origins(const Family& family, ConstMatrixView R, const Rows& rows, MatrixView origins) {
  std::vector<double> row = first_row(rows.source);
  const std::size_t columns = row.size();
  const ComponentRows zero{std::vector<double>(R.columns()), std::vector<double>(R.columns() * columns)};
  const auto add = [&](const DataBlock& block, ComponentRows& leaf) {
    for (std::size_t k = 0; k < R.columns(); ++k)
      for (std::size_t n = 0; n < block.x.rows; ++n) {
        const double r = weighted(R, block, n, k);
        leaf.counts[k] += r;
        for (std::size_t j = 0; j < columns; ++j) leaf.sums[k * columns + j] += r * (block.x.column(j)[n] - row[j]);
      }
  };
  const ComponentRows total = sum_over_blocks(Rows(rows.source, rows.threads), zero, [&add] { return add; });
  for (std::size_t k = 0; k < R.columns(); ++k) {
    std::vector<double> mean = row;
    for (std::size_t j = 0; total.counts[k] > 0 && j < columns; ++j)
      mean[j] += total.sums[k * columns + j] / total.counts[k];
    const auto origin = origin_at_row(family, mean);
    std::copy(origin.begin(), origin.end(), origins.row(k).begin());
  }
}

}  // namespace

Statistics statistics_of_responsibilities(const Family& family, ConstMatrixView R, const Rows& rows) {
  check_shape(R, rows.source);
  check_responsibilities(R, rows);
  Statistics zero(R.columns(), family.statistic_size(), family.origin_size());
  if (family.origin_size() > 0) set_origins(family, R, rows, zero.origins());
  const auto add = [&](const DataBlock& block, Statistics& leaf) {
    std::vector<double> buffer(block.x.rows * R.columns());
    const auto r = MatrixView::column_major(buffer.data(), block.x.rows, R.columns());
    for (std::size_t k = 0; k < R.columns(); ++k)
      for (std::size_t n = 0; n < block.x.rows; ++n) {
        r(n, k) = weighted(R, block, n, k);
        leaf.counts()[k] += r(n, k);
        leaf.total_weight() += r(n, k);
      }
    family.accumulate(block.x, r, leaf.origins(), leaf.sums());
  };
  return sum_over_blocks(native_rows(rows, family), zero, [&add] { return add; });
}

}  // namespace mixfam
