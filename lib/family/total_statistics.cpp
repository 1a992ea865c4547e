#include "family/total_statistics.hpp"

#include "data/reduce.hpp"
#include "family/native_types.hpp"
#include "family/one_row.hpp"
#include "family/pack_statistics.hpp"

#include <algorithm>

namespace mixfam {

namespace {

/// Whatever the first block holds.
struct FirstBlock {
  FirstRow row;

  bool complete() const { return !row.values.empty(); }
  FirstBlock& operator+=(const FirstBlock& other) {
    if (!complete()) row = other.row;
    return *this;
  }
};

void pack(const FirstBlock& first, std::vector<double>& message) {
  message.push_back(first.row.weighted);
  message.insert(message.end(), first.row.values.begin(), first.row.values.end());
}
void unpack(ConstVectorView numbers, FirstBlock& first) {
  first.row = {{numbers.begin() + 1, numbers.end()}, numbers[0] != 0};
}

}  // namespace

FirstRow first_row(const Rows& rows) {
  Rows alone = rows;
  alone.threads = 1;
  return reduce(alone, FirstBlock{},
                [](const DataBlock& block, FirstBlock& leaf) {
                  if (leaf.complete()) return;
                  for (std::size_t j = 0; j < block.x.column_count; ++j)
                    leaf.row.values.push_back(block.x.column(j)[0]);
                  leaf.row.weighted = block.weights != nullptr;
                })
      .row;
}

namespace {

std::vector<double> mean_row(const Rows& rows) {
  std::vector<double> mean = first_row(rows).values;
  const std::size_t columns = mean.size();
  // About the first row of the data, and the weight behind.
  const auto add = [&mean, columns](const DataBlock& block, Totals& leaf) {
    for (std::size_t n = 0; n < block.x.rows; ++n) leaf.values[columns] += block.weights ? block.weights[n] : 1;
    for (std::size_t j = 0; j < columns; ++j) {
      const double* column = block.x.column(j);
      double sum = 0;
      for (std::size_t n = 0; n < block.x.rows; ++n)
        sum += (block.weights ? block.weights[n] : 1) * (column[n] - mean[j]);
      leaf.values[j] += sum;
    }
  };
  const Totals total = reduce(rows, Totals{std::vector<double>(columns + 1)}, add);
  for (std::size_t j = 0; j < columns; ++j) mean[j] += total.values[j] / total.values[columns];
  return mean;
}

}  // namespace

std::vector<double> origin_at_row(const Family& family, ConstVectorView row) {
  std::vector<double> origin(family.origin_size());
  family.origin_at(OneRow(row).block(), origin);
  return origin;
}

namespace {

Statistics total_statistics_about(const Statistics& zero, const Groups& groups, const Rows& rows) {
  const std::vector<double> ones(block_rows, 1);
  const auto add = [&, workspace = Workspace()](const DataBlock& block, Statistics& leaf) mutable {
    const double* weights = block.weights ? block.weights : ones.data();
    for (std::size_t n = 0; n < block.x.rows; ++n) leaf.total_weight() += weights[n];
    for (std::size_t g = 0; g < groups.size(); ++g) {
      leaf.counts()[g] = leaf.total_weight();
      groups.family(g).accumulate(block.x, ConstMatrixView::column_major(weights, block.x.rows, 1), leaf.origins(g),
                                  leaf.sums(g), workspace);
    }
  };
  return reduce(native_rows(rows, groups), zero, add);
}

}  // namespace

Statistics total_statistics(const Groups& groups, const Rows& rows) {
  const Groups singles = groups.singles();
  Statistics zero = singles.statistics();
  std::vector<double> mean;
  for (std::size_t g = 0; g < groups.size(); ++g) {
    if (zero.origin_size(g) == 0) continue;
    if (mean.empty()) mean = mean_row(rows);
    std::ranges::copy(origin_at_row(groups.family(g), mean), zero.origin(g).begin());
  }
  return total_statistics_about(zero, singles, rows);
}

}  // namespace mixfam
