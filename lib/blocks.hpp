#pragma once

#include <mixfam/family.hpp>
#include <mixfam/source.hpp>

#include "tree_sum.hpp"

#include <functional>
#include <optional>

/// The order in which every pass visits rows. Rows fall into leaves of `leaf_rows`, whatever chunks the source hands
/// out; a leaf is summed block after block; leaves are added along a TreeSum. So every sum has one order.
namespace mixfam {

inline constexpr std::size_t block_rows = 256;  ///< a block stays in cache
inline constexpr std::size_t leaf_rows = 8 * block_rows;

/// Up to `block_rows` neighbouring rows, converted to double, column by column.
struct DataBlock {
  Block x;
  std::size_t first_row;
  const double* weights;  ///< x.rows values, or none: all 1
};

/// Calls `visit` for each block in order, from the first row, until it returns false.
void for_each_block(Source& source, const std::function<bool(const DataBlock&)>& visit);

/// The sum over all rows of what `add(block, T&)` adds to copies of `zero`, in the fixed order.
template <class T, class Add>
T sum_over_blocks(Source& source, const T& zero, Add add) {
  TreeSum<T> tree;
  std::optional<T> leaf;
  for_each_block(source, [&](const DataBlock& block) {
    if (block.first_row % leaf_rows == 0) {
      if (leaf) tree.push(std::move(*leaf));
      leaf = zero;
    }
    add(block, *leaf);
    return true;
  });
  if (!leaf) return zero;
  tree.push(std::move(*leaf));
  return std::move(tree).finish();
}

}  // namespace mixfam
