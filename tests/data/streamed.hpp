#pragma once

#include "catch.hpp"

#include <mixfam/mixfam.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

namespace mixfam {

/// Everything that a source hands out, NaN by its bits.
struct Streamed {
  std::vector<std::uint64_t> values;  // bits of doubles, row by row
  std::vector<double> weights;
  std::vector<std::int32_t> labels;
  std::vector<std::size_t> numbers;

  bool operator==(const Streamed&) const = default;
  double value(std::size_t i) const {
    double result = 0;
    std::memcpy(&result, &values[i], sizeof result);
    return result;
  }
  /// Without the rows before `first`.
  Streamed from(std::size_t first, std::size_t columns) const {
    Streamed rest = *this;
    const auto cut = [](auto& list, std::size_t count) {
      list.erase(list.begin(), list.begin() + static_cast<std::ptrdiff_t>(std::min(count, list.size())));
    };
    cut(rest.values, first * columns);
    cut(rest.weights, first);
    cut(rest.labels, first);
    cut(rest.numbers, first);
    return rest;
  }
};

inline double value_of(const Chunk& chunk, std::size_t n, std::size_t j) {
  const auto at =
      static_cast<std::ptrdiff_t>(n) * chunk.row_stride + static_cast<std::ptrdiff_t>(j) * chunk.column_stride;
  switch (chunk.type) {
    case ElementType::uint8:
      return static_cast<const std::uint8_t*>(chunk.data)[at];
    case ElementType::int16:
      return static_cast<const std::int16_t*>(chunk.data)[at];
    case ElementType::float32:
      return static_cast<const float*>(chunk.data)[at];
    default:
      REQUIRE(chunk.type == ElementType::float64);
      return static_cast<const double*>(chunk.data)[at];
  }
}

/// The rows from `row` on, asked for by granularities in turn; checks what a source promises of its chunks.
inline Streamed streamed_from(Source& source, std::size_t row, const std::vector<std::size_t>& granularities) {
  Streamed result;
  for (std::size_t turn = 0; row < source.rows(); ++turn) {
    const std::size_t granularity = granularities[turn % granularities.size()];
    const Chunk chunk = source.next(granularity);
    REQUIRE(chunk.rows > 0);
    REQUIRE(chunk.first_row == row);
    REQUIRE(chunk.rows <= source.rows() - row);
    if (row + chunk.rows < source.rows()) REQUIRE(chunk.rows % granularity == 0);
    for (std::size_t n = 0; n < chunk.rows; ++n) {
      for (std::size_t j = 0; j < source.columns(); ++j) {
        const double value = value_of(chunk, n, j);
        std::uint64_t bits = 0;
        std::memcpy(&bits, &value, sizeof bits);
        result.values.push_back(std::isnan(value) ? ~std::uint64_t{0} : bits);
      }
      result.numbers.push_back(source.row_number(row + n));
    }
    if (chunk.weights) result.weights.insert(result.weights.end(), chunk.weights, chunk.weights + chunk.rows);
    if (chunk.labels) result.labels.insert(result.labels.end(), chunk.labels, chunk.labels + chunk.rows);
    row += chunk.rows;
  }
  REQUIRE(source.next(granularities.front()).rows == 0);
  return result;
}

inline Streamed streamed(Source& source, const std::vector<std::size_t>& granularities = {1}) {
  source.rewind();
  return streamed_from(source, 0, granularities);
}

/// The same rows whatever the granularity and wherever reading begins.
inline Streamed check_streams_alike(Source& source) {
  const Streamed all = streamed(source);
  for (const std::vector<std::size_t>& granularities :
       std::vector<std::vector<std::size_t>>{{3}, {64}, {2048}, {100000}, {5, 1, 7}})
    REQUIRE((streamed(source, granularities) == all));
  for (const std::size_t row : {std::size_t{0}, std::size_t{1}, source.rows() / 3, source.rows() - 1}) {
    const std::size_t begin = source.rewind_to(row);
    REQUIRE(begin <= row);
    REQUIRE((streamed_from(source, begin, {4}) == all.from(begin, source.columns())));
  }
  REQUIRE((streamed(source) == all));
  return all;
}

/// Three columns of which the cell (n, j) is (7 n + j) mod 100, every 11th row NaN in its second; every row has a
/// weight, a label and a number of its own. Each chunk overwrites the one before, as a file reader's does.
template <class T>
class RidingSource final : public Source {
 public:
  RidingSource(std::size_t rows, std::size_t chunk_rows) : rows_(rows), chunk_rows_(chunk_rows) {}

  static T value(std::size_t n, std::size_t j) {
    if constexpr (std::is_floating_point_v<T>)
      if (n % 11 == 0 && j == 1) return std::nan("");
    return static_cast<T>((7 * n + j) % 100);
  }
  static double weight(std::size_t n) { return static_cast<double>(n % 5) / 4; }
  static std::int32_t label(std::size_t n) { return static_cast<std::int32_t>(n % 4) - 1; }

  std::size_t rows() const override { return rows_; }
  std::size_t columns() const override { return 3; }
  const std::vector<std::string>& column_names() const override { return names_; }
  const std::vector<std::vector<std::string>>& category_labels() const override { return categories_; }
  bool has_gaps() const override { return std::is_floating_point_v<T>; }
  std::string name() const override { return "riding"; }
  std::size_t row_number(std::size_t row) const override { return 10 + row; }
  void rewind() override { row_ = 0; }
  std::size_t rewind_to(std::size_t row) override {
    row_ = row - row % chunk_rows_;
    return row_;
  }
  Chunk next(std::size_t granularity) override {
    Chunk chunk;
    chunk.type = element_type<T>();
    chunk.first_row = row_;
    chunk.rows = std::min(chunk_rows_ * granularity, rows_ - row_);
    values_.assign(chunk.rows * 4, T(77));
    weights_.assign(chunk.rows, 0);
    labels_.assign(chunk.rows, 0);
    for (std::size_t n = 0; n < chunk.rows; ++n) {
      for (std::size_t j = 0; j < 3; ++j) values_[n * 4 + j] = value(row_ + n, j);
      weights_[n] = weight(row_ + n);
      labels_[n] = label(row_ + n);
    }
    chunk.data = values_.data();
    chunk.row_stride = 4;
    chunk.weights = weights_.data();
    chunk.labels = labels_.data();
    row_ += chunk.rows;
    return chunk;
  }

 private:
  std::size_t rows_;
  std::size_t chunk_rows_;
  std::vector<std::string> names_ = {"a", "b", "c"};
  std::vector<std::vector<std::string>> categories_ = {{}, {}, {"no", "yes"}};
  std::vector<T> values_;
  std::vector<double> weights_;
  std::vector<std::int32_t> labels_;
  std::size_t row_ = 0;
};

/// The numbers that Python's range(N)[begin:end:step] has, found one by one.
inline std::vector<std::size_t> sliced(std::int64_t size, const Slice& slice) {
  std::vector<std::size_t> taken;
  const auto from_behind = [&](std::int64_t bound) {
    return std::max<std::int64_t>(bound < 0 ? bound + size : bound, 0);
  };
  for (std::int64_t n = from_behind(slice.begin.value_or(0)); n < from_behind(slice.end.value_or(size));
       n += slice.step)
    if (n < size) taken.push_back(static_cast<std::size_t>(n));
  return taken;
}

}  // namespace mixfam
