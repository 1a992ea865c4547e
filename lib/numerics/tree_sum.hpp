#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace mixfam {

/// Sums values that arrive in order along a fixed binary tree over their numbers: neighbours are added, left + right,
/// as soon as both exist, and a missing right neighbour lets the left one rise. The result depends on the number of
/// values only, never on who computed them. Keeps O(log count) values.
template <class T>
class TreeSum {
 public:
  void push(T value) {
    std::size_t level = 0;
    while (!nodes_.empty() && nodes_.back().level == level) {
      nodes_.back().value += value;
      value = std::move(nodes_.back().value);
      nodes_.pop_back();
      ++level;
    }
    nodes_.push_back({level, std::move(value)});
  }

  bool empty() const { return nodes_.empty(); }

  /// The sum; requires that something was pushed.
  T finish() && {
    T sum = std::move(nodes_.back().value);
    nodes_.pop_back();
    while (!nodes_.empty()) {
      nodes_.back().value += sum;
      sum = std::move(nodes_.back().value);
      nodes_.pop_back();
    }
    return sum;
  }

 private:
  struct Node {
    std::size_t level;
    T value;
  };
  std::vector<Node> nodes_;
};

}  // namespace mixfam
