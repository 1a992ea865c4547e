#include "total_statistics.hpp"

#include "blocks.hpp"

#include <algorithm>

namespace mixfam {

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

std::vector<double> mean_row(Source& source) {
  std::vector<double> first;
  const MeanRow zero{0, std::vector<double>(source.columns())};
  const MeanRow total = sum_over_blocks(source, zero, [&](const DataBlock& block, MeanRow& leaf) {
    if (first.empty())
      for (std::size_t j = 0; j < block.x.column_count; ++j) first.push_back(block.x.column(j)[0]);
    for (std::size_t n = 0; n < block.x.rows; ++n) {
      const double weight = block.weights ? block.weights[n] : 1;
      leaf.weight += weight;
      for (std::size_t j = 0; j < first.size(); ++j) leaf.sum[j] += weight * (block.x.column(j)[n] - first[j]);
    }
  });
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

Statistics total_statistics(const Family& family, Source& source, ConstVectorView origin) {
  Statistics zero(1, family.statistic_size(), family.origin_size());
  std::copy(origin.begin(), origin.end(), zero.origins().data());
  std::vector<double> ones(block_rows, 1);
  return sum_over_blocks(source, zero, [&](const DataBlock& block, Statistics& leaf) {
    const double* weights = block.weights ? block.weights : ones.data();
    for (std::size_t n = 0; n < block.x.rows; ++n) leaf.total_weight() += weights[n];
    leaf.counts()[0] = leaf.total_weight();
    family.accumulate(block.x, ConstMatrixView::column_major(weights, block.x.rows, 1), leaf.origins(), leaf.sums());
  });
}

Statistics total_statistics(const Family& family, Source& source) {
  if (family.origin_size() == 0) return total_statistics(family, source, {});
  return total_statistics(family, source, origin_at_row(family, mean_row(source)));
}

}  // namespace mixfam
