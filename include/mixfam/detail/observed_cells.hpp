#pragma once

#include <mixfam/block.hpp>
#include <mixfam/family.hpp>

#include <algorithm>
#include <cstddef>
#include <vector>

namespace mixfam::detail {

/// A value that a column may hold.
inline double value_within(const Support& support) {
  if (!support.values.empty()) return support.values.front();
  if (support.contains(0)) return 0;
  if (support.contains(support.lower)) return support.lower;
  return support.contains(1) ? 1 : 0.5 * (support.lower + support.upper);
}

/// A block with a value that its column may hold in each missing cell, so that formulas can be evaluated everywhere.
class FilledBlock {
 public:
  FilledBlock(const Block& x, const std::vector<Support>& supports)
      : rows_(x.rows), columns_(x.column_count), values_(x.column_count) {
    for (std::size_t j = 0; j < x.column_count; ++j) {
      columns_[j] = x.column(j);
      if (!x.missing[j]) continue;
      const double filling = value_within(supports[j]);
      values_[j].assign(x.column(j), x.column(j) + x.rows);
      for (std::size_t n = 0; n < x.rows; ++n)
        if (x.missing[j][n]) values_[j][n] = filling;
      columns_[j] = values_[j].data();
    }
  }

  /// Puts another value into a missing cell.
  void set(std::size_t n, std::size_t j, double value) { values_[j][n] = value; }

  Block block() const { return {columns_.data(), columns_.size(), rows_}; }

 private:
  std::size_t rows_;
  std::vector<const double*> columns_;
  std::vector<std::vector<double>> values_;
};

/// How many cells of a row are missing.
inline std::size_t count_missing(const Block& x, std::size_t n) {
  std::size_t count = 0;
  for (std::size_t j = 0; j < x.column_count; ++j) count += x.is_missing(n, j);
  return count;
}

/// Calls visit(n) for each row of a column whose cell is missing.
template <class Visit>
void for_each_missing(const Block& x, std::size_t j, Visit visit) {
  if (!x.missing || !x.missing[j]) return;
  for (std::size_t n = 0; n < x.rows; ++n)
    if (x.missing[j][n]) visit(n);
}

}  // namespace mixfam::detail
