#include "family/total_statistics.hpp"

#include "data/blocks.hpp"
#include "family/native_types.hpp"

#include <algorithm>

namespace mixfam {

std::vector<double> first_row(Source& source) {
  std::vector<double> row;
  for_each_block(source, [&](const DataBlock& block) {
    for (std::size_t j = 0; j < block.x.column_count; ++j) row.push_back(block.x.column(j)[0]);
    return false;
  });
  return row;
}

namespace {

struct MeanRow {
  double weight = 0;
  std::vector<double> sum;  // about the first row of the data
  MeanRow& operator+=(const MeanRow& other) {
    weight += other.weight;
    for (std::size_t j = 0; j < sum.size(); ++j) sum[j] += other.sum[j];
    return *this;
  }
};

std::vector<double> mean_row(const Rows& rows) {
  std::vector<double> first = first_row(rows.source);
  const auto add = [&first](const DataBlock& block, MeanRow& leaf) {
    for (std::size_t n = 0; n < block.x.rows; ++n) leaf.weight += block.weights ? block.weights[n] : 1;
    for (std::size_t j = 0; j < first.size(); ++j) {
      const double* column = block.x.column(j);
      double sum = 0;
      for (std::size_t n = 0; n < block.x.rows; ++n)
        sum += (block.weights ? block.weights[n] : 1) * (column[n] - first[j]);
      leaf.sum[j] += sum;
    }
  };
  const MeanRow total = sum_over_blocks(rows, MeanRow{0, std::vector<double>(first.size())}, [&add] { return add; });
  for (std::size_t j = 0; j < first.size(); ++j) first[j] += total.sum[j] / total.weight;
  return first;
}

}  // namespace

std::vector<double> origin_at_row(const Family& family, ConstVectorView row) {
  std::vector<const double*> columns;
  for (const double& value : row) columns.push_back(&value);
  std::vector<double> origin(family.origin_size());
  family.origin_at({columns.data(), columns.size(), 1}, origin);
  return origin;
}

Statistics total_statistics(const Family& family, const Rows& rows, ConstVectorView origin) {
  Statistics zero(1, family.statistic_size(), family.origin_size());
  std::copy(origin.begin(), origin.end(), zero.origins().data());
  const std::vector<double> ones(block_rows, 1);
  const auto add = [&](const DataBlock& block, Statistics& leaf) {
    const double* weights = block.weights ? block.weights : ones.data();
    for (std::size_t n = 0; n < block.x.rows; ++n) leaf.total_weight() += weights[n];
    leaf.counts()[0] = leaf.total_weight();
    family.accumulate(block.x, ConstMatrixView::column_major(weights, block.x.rows, 1), leaf.origins(), leaf.sums());
  };
  return sum_over_blocks(native_rows(rows, family), zero, [&add] { return add; });
}

Statistics total_statistics(const Family& family, const Rows& rows) {
  if (family.origin_size() == 0) return total_statistics(family, rows, {});
  return total_statistics(family, rows, origin_at_row(family, mean_row(rows)));
}

}  // namespace mixfam
