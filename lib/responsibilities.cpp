#include "responsibilities.hpp"

#include <mixfam/error.hpp>

#include "blocks.hpp"
#include "total_statistics.hpp"

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

void check_row(ConstMatrixView R, std::size_t n) {
  double sum = 0;
  for (std::size_t k = 0; k < R.columns(); ++k) {
    if (!(R(n, k) >= 0))
      throw Error(ErrorKind::data, "responsibilities: row " + std::to_string(n) + ", component " + std::to_string(k) +
                                       " is " + std::to_string(R(n, k)) + " (must be >= 0)");
    sum += R(n, k);
  }
  if (!(std::abs(sum - 1) <= responsibility_sum_tolerance))
    throw Error(ErrorKind::data,
                "responsibilities: row " + std::to_string(n) + " sums to " + std::to_string(sum) + " (must be 1)");
}

}  // namespace

Statistics statistics_of_responsibilities(const Family& family, ConstMatrixView R, const Rows& rows) {
  check_shape(R, rows.source);
  const Statistics total = total_statistics(family, rows);
  Statistics zero(R.columns(), family.statistic_size(), family.origin_size());
  for (std::size_t k = 0; k < R.columns(); ++k)
    std::copy(total.origins().row(0).begin(), total.origins().row(0).end(), zero.origins().row(k).begin());
  const auto add = [&](const DataBlock& block, Statistics& leaf) {
    std::vector<double> buffer(block.x.rows * R.columns());
    const auto r = MatrixView::column_major(buffer.data(), block.x.rows, R.columns());
    for (std::size_t n = 0; n < block.x.rows; ++n) {
      const double weight = block.weights ? block.weights[n] : 1;
      if (weight == 0) continue;
      check_row(R, block.first_row + n);
      for (std::size_t k = 0; k < R.columns(); ++k) r(n, k) = R(block.first_row + n, k) * weight;
    }
    for (std::size_t k = 0; k < R.columns(); ++k)
      for (std::size_t n = 0; n < block.x.rows; ++n) {
        leaf.counts()[k] += r(n, k);
        leaf.total_weight() += r(n, k);
      }
    family.accumulate(block.x, r, leaf.origins(), leaf.sums());
  };
  return sum_over_blocks(Rows(rows.source, rows.threads, &family), zero, [&add] { return add; });
}

}  // namespace mixfam
