#include "inference/start/row_sample.hpp"

#include "data/reduce.hpp"
#include "family/total_statistics.hpp"

#include <algorithm>
#include <iterator>
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

std::size_t count_labelled(const Rows& rows) {
  const auto add = [](const DataBlock& block, Totals& leaf) {
    for (std::size_t n = 0; block.labels && n < block.x.rows; ++n)
      if (block.labels[n] != unlabelled && !(block.weights && block.weights[n] == 0)) ++leaf.values[0];
  };
  return static_cast<std::size_t>(reduce(rows, Totals{{0}}, add).values[0]);
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

/// The rows of the given numbers among those of positive weight, and all labelled ones if asked for: their values, and
/// the weight and the label behind.
std::vector<double> rows_of_numbers(const std::vector<std::size_t>& numbers, const std::vector<std::size_t>& first,
                                    bool with_labelled, const Rows& rows) {
  // Workers visit the blocks of a leaf in order.
  const auto add = [&, at = first.size(), number = std::size_t{0}](const DataBlock& block, Appended& leaf) mutable {
    if (block.first_row / leaf_rows != at) {
      at = block.first_row / leaf_rows;
      number = first[at];
    }
    auto next = std::lower_bound(numbers.begin(), numbers.end(), number);
    for (std::size_t n = 0; n < block.x.rows && (with_labelled || next != numbers.end()); ++n) {
      const double weight = block.weights ? block.weights[n] : 1;
      if (!(weight > 0)) continue;
      const bool is_drawn = next != numbers.end() && number == *next;
      const std::int32_t label = block.labels ? block.labels[n] : unlabelled;
      ++number;
      if (is_drawn) ++next;
      if (!is_drawn && !(with_labelled && label != unlabelled)) continue;
      for (std::size_t j = 0; j < block.x.column_count; ++j) leaf.values.push_back(block.x.column(j)[n]);
      leaf.values.insert(leaf.values.end(), {weight, static_cast<double>(label)});
      leaf.last = !with_labelled && next == numbers.end();
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
  const std::size_t labelled = count_labelled(rows);
  const std::vector<double> drawn = rows_of_numbers(numbers, first, labelled > 0 && labelled <= most, rows);
  const std::size_t size = drawn.size() / (sample.columns + 2);
  sample.values.resize(size * sample.columns);
  const double* next = drawn.data();
  for (std::size_t i = 0; i < size; ++i) {
    for (std::size_t j = 0; j < sample.columns; ++j) sample.values[j * size + i] = *next++;
    sample.weights.push_back(*next++);
    const auto label = static_cast<std::int32_t>(*next++);
    if (labelled > 0) sample.labels.push_back(label);
  }
  return sample;
}

namespace {

/// Adds the numbers of labelled rows if they are not more than `most`.
void add_labelled(const RowSample& sample, std::size_t most, std::vector<std::size_t>& numbers) {
  std::vector<std::size_t> labelled;
  for (std::size_t n = 0; n < sample.labels.size(); ++n)
    if (sample.labels[n] != unlabelled) labelled.push_back(n);
  if (labelled.size() > most) return;
  std::vector<std::size_t> both;
  std::ranges::set_union(numbers, labelled, std::back_inserter(both));
  numbers = std::move(both);
}

}  // namespace

RowSample thinned(const RowSample& sample, std::size_t most, Random& random) {
  if (sample.rows() <= most) return sample;
  std::vector<std::size_t> numbers = draw_numbers(sample.rows(), most, random);
  add_labelled(sample, most, numbers);
  RowSample result;
  result.columns = sample.columns;
  result.has_gaps = sample.has_gaps;
  result.weighted = sample.weighted;
  result.values.reserve(numbers.size() * sample.columns);
  for (const std::size_t n : numbers) result.weights.push_back(sample.weights[n]);
  if (!sample.labels.empty())
    for (const std::size_t n : numbers) result.labels.push_back(sample.labels[n]);
  for (std::size_t j = 0; j < sample.columns; ++j)
    for (const std::size_t n : numbers) result.values.push_back(sample.view()(n, j));
  return result;
}

}  // namespace mixfam
