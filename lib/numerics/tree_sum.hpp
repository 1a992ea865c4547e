#pragma once

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

namespace mixfam {

/// A part of a sum along the tree: that of the values index * 2^level .. (index + 1) * 2^level - 1.
template <class T>
struct TreeNode {
  std::size_t level;
  std::size_t index;
  T value;
};

/// Sums values that arrive in order along a fixed binary tree over their numbers: neighbours are added, left + right,
/// as soon as both exist, and a missing right neighbour lets the left one rise. The result depends on the number of
/// values only, never on who computed them: a tree may begin at any value, and its nodes go on in another one.
/// Keeps O(log count) values, and those that were added to others for use as memory of further values.
template <class T>
class TreeSum {
 public:
  void push(T value) { push(TreeNode<T>{0, next_, std::move(value)}); }

  /// Takes the sum of values that follow. Where some were left out in between, their sum counts as nothing.
  void push(TreeNode<T> node) {
    next_ = (node.index + 1) << node.level;
    while (node.index % 2 == 1 && !nodes_.empty() && nodes_.back().level == node.level &&
           nodes_.back().index + 1 == node.index) {
      add_to_last(std::move(node.value));
      node = {node.level + 1, node.index / 2, std::move(nodes_.back().value)};
      nodes_.pop_back();
    }
    nodes_.push_back(std::move(node));
  }

  bool empty() const { return nodes_.empty(); }
  /// The sums so far, in order, which another tree may take.
  const std::vector<TreeNode<T>>& nodes() const { return nodes_; }

  /// Begins at the value of a number; requires that there are no nodes.
  void begin(std::size_t first) { next_ = first; }
  /// Moves the nodes to a vector, in order.
  void move_nodes_to(std::vector<TreeNode<T>>& nodes) {
    nodes.clear();
    nodes_.swap(nodes);
  }

  /// A copy of the value in memory that is no longer used, if there is any.
  T copy_of(const T& value) {
    std::optional<T> memory = spare();
    if (!memory) return value;
    *memory = value;
    return std::move(*memory);
  }
  std::optional<T> spare() {
    if (spares_.empty()) return std::nullopt;
    std::optional<T> result(std::move(spares_.back()));
    spares_.pop_back();
    return result;
  }
  void reuse(std::optional<T> memory) {
    if (memory) spares_.push_back(std::move(*memory));
  }

  /// The sum; requires that something was pushed.
  T finish() && {
    while (nodes_.size() > 1) {
      T right = std::move(nodes_.back().value);
      nodes_.pop_back();
      add_to_last(std::move(right));
    }
    return std::move(nodes_.back().value);
  }

 private:
  void add_to_last(T right) {
    nodes_.back().value += right;
    spares_.push_back(std::move(right));
  }

  std::size_t next_ = 0;
  std::vector<TreeNode<T>> nodes_;
  std::vector<T> spares_;
};

}  // namespace mixfam
