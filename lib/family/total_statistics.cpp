#include "family/total_statistics.hpp"

#include <mixfam/detail/observed_cells.hpp>

#include "data/reduce.hpp"
#include "family/native_types.hpp"
#include "family/one_row.hpp"
#include "family/pack_statistics.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace mixfam {

namespace {

/// Of each column the first cell that is not missing; NaN until there is one.
struct FirstCells {
  FirstRow row;

  bool complete() const {
    return !row.values.empty() && std::ranges::none_of(row.values, [](double x) { return std::isnan(x); });
  }
  FirstCells& operator+=(const FirstCells& other) {
    if (row.values.empty()) {
      row = other.row;
    } else {
      for (std::size_t j = 0; j < other.row.values.size(); ++j)
        if (std::isnan(row.values[j])) row.values[j] = other.row.values[j];
    }
    return *this;
  }
};

FirstCells first_cells(const DataBlock& block) {
  FirstCells first;
  for (std::size_t j = 0; j < block.x.column_count; ++j) {
    std::size_t n = 0;
    while (n + 1 < block.x.rows && block.x.is_missing(n, j)) ++n;
    first.row.values.push_back(block.x.column(j)[n]);
  }
  first.row.weighted = block.weights != nullptr;
  return first;
}

void pack(const FirstCells& first, std::vector<double>& message) {
  message.push_back(first.row.weighted);
  message.insert(message.end(), first.row.values.begin(), first.row.values.end());
}
void unpack(ConstVectorView numbers, FirstCells& first) {
  first.row = {{numbers.begin() + 1, numbers.end()}, numbers[0] != 0};
}

}  // namespace

FirstRow first_row(const Rows& rows) {
  Rows alone = rows;
  alone.threads = 1;
  return reduce(alone, FirstCells{},
                [](const DataBlock& block, FirstCells& leaf) {
                  if (!leaf.complete()) leaf += first_cells(block);
                })
      .row;
}

namespace {

std::vector<double> mean_row(const Rows& rows) {
  std::vector<double> mean = first_row(rows).values;
  const std::size_t columns = mean.size();
  // About the first row of the data, and the weights of the observed cells behind.
  const auto add = [&mean, columns](const DataBlock& block, Totals& leaf) {
    for (std::size_t j = 0; j < columns; ++j) {
      const double* column = block.x.column(j);
      double sum = 0;
      double count = 0;
      for (std::size_t n = 0; n < block.x.rows; ++n) {
        if (block.x.is_missing(n, j)) continue;
        const double weight = block.weights ? block.weights[n] : 1;
        count += weight;
        sum += weight * (column[n] - mean[j]);
      }
      leaf.values[j] += sum;
      leaf.values[columns + j] += count;
    }
  };
  const Totals total = reduce(rows, Totals{std::vector<double>(2 * columns)}, add);
  for (std::size_t j = 0; j < columns; ++j)
    if (total.values[columns + j] > 0) mean[j] += total.values[j] / total.values[columns + j];
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
    for (std::size_t n = 0; block.x.missing && n < block.x.rows; ++n)
      leaf.missing_cells() += weights[n] * static_cast<double>(detail::count_missing(block.x, n));
    for (std::size_t g = 0; g < groups.size(); ++g) {
      leaf.counts()[g] = leaf.total_weight();
      groups.family(g).accumulate(block.x, ConstMatrixView::column_major(weights, block.x.rows, 1), leaf.origins(g),
                                  leaf.sums(g), workspace);
    }
  };
  return reduce(native_rows(rows, groups), zero, add);
}

}  // namespace

namespace {

/// Of a single component per family: so many steps of EM give the moments of columns that go together, gaps or not.
constexpr std::size_t gap_iterations = 10;

/// Takes for missing cells what each family expects under the estimate from the statistics; false where there is none.
bool expect_gaps(const Groups& singles, const Rows& rows, Statistics& total) {
  std::vector<StepPtr> steps;
  for (std::size_t g = 0; g < singles.size(); ++g) {
    std::vector<double> theta(singles.family(g).parameters().size());
    const auto row = MatrixView::row_major(theta.data(), 1, theta.size());
    Estimates estimates = singles.family(g).mle(std::as_const(total).sums(g), std::as_const(total).origins(g), row);
    if (!estimates.step) return false;
    steps.push_back(std::move(estimates.step));
  }
  Statistics zero = singles.statistics();
  for (std::size_t g = 0; g < singles.size(); ++g)
    std::ranges::copy(steps[g]->origins().row(0), zero.origins(g).row(0).begin());
  const std::vector<double> ones(block_rows, 1);
  const auto add = [&, workspace = Workspace()](const DataBlock& block, Statistics& leaf) mutable {
    const double* weights = block.weights ? block.weights : ones.data();
    const auto R = ConstMatrixView::column_major(weights, block.x.rows, 1);
    for (std::size_t n = 0; n < block.x.rows; ++n) leaf.total_weight() += weights[n];
    for (std::size_t g = 0; g < singles.size(); ++g) {
      Workspace::Frame frame(workspace);
      const Block x = steps[g]->prepare(block.x, frame);
      leaf.counts()[g] = leaf.total_weight();
      if (x.missing) {
        steps[g]->accumulate_observed(x, R, leaf.sums(g), nullptr, workspace);
      } else {
        steps[g]->accumulate(x, R, leaf.sums(g), workspace);
      }
    }
  };
  total = reduce(rows, zero, add);
  return true;
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
  Statistics total = total_statistics_about(zero, singles, rows);
  const bool has_gaps = total.missing_cells() > 0;
  for (std::size_t i = 0; has_gaps && i < gap_iterations; ++i)
    if (!expect_gaps(singles, rows, total)) break;
  return total;
}

}  // namespace mixfam
