#include "inference/start/row_sample.hpp"

#include "data/reduce.hpp"
#include "family/total_statistics.hpp"

#include <algorithm>
#include <numeric>

namespace mixfam {

namespace {

/// Numbers of the rows of one leaf behind those of another.
struct Appended {
  std::vector<double> values;
  bool last = false;  ///< rows that follow append nothing

  bool complete() const { return last; }
  Appended& operator+=(const Appended& other) {
    if (complete()) return *this;
    values.insert(values.end(), other.values.begin(), other.values.end());
    last = other.last;
    return *this;
  }
};

void pack(const Appended& appended, std::vector<double>& message) {
  message.push_back(appended.last);
  message.insert(message.end(), appended.values.begin(), appended.values.end());
}
void unpack(ConstVectorView numbers, Appended& appended) {
  appended.last = numbers[0] != 0;
  appended.values.assign(numbers.begin() + 1, numbers.end());
}

/// For each leaf the number of its first row among those of positive weight, and how many there are in all behind.
std::vector<std::size_t> number_rows(const Rows& rows, bool weighted) {
  std::vector<std::size_t> first(leaves_of(rows.source.rows()) + 1);
  if (weighted) {
    // Pairs of a leaf and how many such rows one of its blocks has.
    const Appended counts = reduce(rows, Appended{}, [](const DataBlock& block, Appended& leaf) {
      const auto count = std::count_if(block.weights, block.weights + block.x.rows, [](double w) { return w > 0; });
      const std::size_t number = block.first_row / leaf_rows;
      leaf.values.insert(leaf.values.end(), {static_cast<double>(number), static_cast<double>(count)});
    });
    for (std::size_t i = 0; i < counts.values.size(); i += 2)
      first[static_cast<std::size_t>(counts.values[i]) + 1] += static_cast<std::size_t>(counts.values[i + 1]);
  } else {
    for (std::size_t leaf = 1; leaf < first.size(); ++leaf)
      first[leaf] = std::min(leaf * leaf_rows, rows.source.rows()) - (leaf - 1) * leaf_rows;
  }
  std::partial_sum(first.begin(), first.end(), first.begin());
  return first;
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

/// The rows of the given numbers among those of positive weight: their values, and the weight behind.
std::vector<double> rows_of_numbers(const std::vector<std::size_t>& numbers, const std::vector<std::size_t>& first,
                                    const Rows& rows) {
  // Workers visit the blocks of a leaf in order.
  const auto add = [&, at = first.size(), number = std::size_t{0}](const DataBlock& block, Appended& leaf) mutable {
    if (block.first_row / leaf_rows != at) {
      at = block.first_row / leaf_rows;
      number = first[at];
    }
    auto next = std::lower_bound(numbers.begin(), numbers.end(), number);
    for (std::size_t n = 0; n < block.x.rows && next != numbers.end(); ++n) {
      const double weight = block.weights ? block.weights[n] : 1;
      if (!(weight > 0) || number++ != *next) continue;
      for (std::size_t j = 0; j < block.x.column_count; ++j) leaf.values.push_back(block.x.column(j)[n]);
      leaf.values.push_back(weight);
      leaf.last = ++next == numbers.end();
    }
  };
  return reduce(rows, Appended{}, add).values;
}

}  // namespace

RowSample draw_sample(const Rows& rows, std::size_t most, Random& random) {
  RowSample sample;
  sample.columns = rows.source.columns();
  sample.has_gaps = rows.source.has_gaps();
  sample.weighted = first_row(rows).weighted;
  const std::vector<std::size_t> first = number_rows(rows, sample.weighted);
  const std::vector<std::size_t> numbers = draw_numbers(first.back(), most, random);
  sample.all = numbers.size() == first.back();
  const std::vector<double> drawn = rows_of_numbers(numbers, first, rows);
  sample.values.resize(numbers.size() * sample.columns);
  const double* next = drawn.data();
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    for (std::size_t j = 0; j < sample.columns; ++j) sample.values[j * numbers.size() + i] = *next++;
    sample.weights.push_back(*next++);
  }
  return sample;
}

RowSample thinned(const RowSample& sample, std::size_t most, Random& random) {
  if (sample.rows() <= most) return sample;
  const std::vector<std::size_t> numbers = draw_numbers(sample.rows(), most, random);
  RowSample result;
  result.columns = sample.columns;
  result.has_gaps = sample.has_gaps;
  result.weighted = sample.weighted;
  result.values.reserve(numbers.size() * sample.columns);
  for (const std::size_t n : numbers) result.weights.push_back(sample.weights[n]);
  for (std::size_t j = 0; j < sample.columns; ++j)
    for (const std::size_t n : numbers) result.values.push_back(sample.view()(n, j));
  return result;
}

}  // namespace mixfam
