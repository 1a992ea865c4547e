#include "inference/start/row_sample.hpp"

#include "data/blocks.hpp"

#include <algorithm>

namespace mixfam {

namespace {

struct Count {
  std::size_t rows = 0;
  bool weighted = false;
  Count& operator+=(const Count& other) {
    rows += other.rows;
    weighted |= other.weighted;
    return *this;
  }
};

/// The rows of positive weight. Those of a source without weights are known without a pass.
Count count_rows(Source& source, std::size_t threads) {
  bool weighted = false;
  for_each_block(source, [&](const DataBlock& block) {
    weighted = block.weights != nullptr;
    return false;
  });
  if (!weighted) return {source.rows(), false};
  const auto add = [](const DataBlock& block, Count& leaf) {
    leaf.weighted = true;
    for (std::size_t n = 0; n < block.x.rows; ++n) leaf.rows += block.weights[n] > 0;
  };
  return sum_over_blocks(Rows(source, threads), Count{}, [&add] { return add; });
}

std::vector<std::size_t> draw_numbers(std::size_t rows, std::size_t most, Random& random) {
  const std::size_t count = std::min(rows, most);
  std::vector<std::size_t> result(count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t first = i * rows / count;
    const std::size_t last = (i + 1) * rows / count;
    result[i] = last - first > 1 ? first + random.below(last - first) : first;
  }
  return result;
}

}  // namespace

RowSample draw_sample(Source& source, std::size_t most, std::size_t threads, Random& random) {
  const Count count = count_rows(source, threads);
  const std::vector<std::size_t> numbers = draw_numbers(count.rows, most, random);
  RowSample sample;
  sample.columns = source.columns();
  sample.weighted = count.weighted;
  sample.all = numbers.size() == count.rows;
  sample.weights.reserve(numbers.size());
  sample.values.resize(numbers.size() * sample.columns);
  std::size_t seen = 0;
  for_each_block(source, [&](const DataBlock& block) {
    for (std::size_t n = 0; n < block.x.rows && sample.rows() < numbers.size(); ++n) {
      const double weight = block.weights ? block.weights[n] : 1;
      if (!(weight > 0) || seen++ != numbers[sample.rows()]) continue;
      for (std::size_t j = 0; j < sample.columns; ++j)
        sample.values[j * numbers.size() + sample.rows()] = block.x.column(j)[n];
      sample.weights.push_back(weight);
    }
    return sample.rows() < numbers.size();
  });
  return sample;
}

RowSample thinned(const RowSample& sample, std::size_t most, Random& random) {
  if (sample.rows() <= most) return sample;
  const std::vector<std::size_t> numbers = draw_numbers(sample.rows(), most, random);
  RowSample result;
  result.columns = sample.columns;
  result.weighted = sample.weighted;
  result.values.reserve(numbers.size() * sample.columns);
  for (const std::size_t n : numbers) result.weights.push_back(sample.weights[n]);
  for (std::size_t j = 0; j < sample.columns; ++j)
    for (const std::size_t n : numbers) result.values.push_back(sample.view()(n, j));
  return result;
}

}  // namespace mixfam
