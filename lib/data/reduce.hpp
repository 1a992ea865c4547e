#pragma once

#include <mixfam/error.hpp>
#include <mixfam/matrix_view.hpp>

#include "data/blocks.hpp"
#include "numerics/tree_sum.hpp"

#include <algorithm>
#include <concepts>
#include <exception>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

/// One pass over the rows is the sum of a small value over their leaves: a leaf is summed block after block by one
/// thread, leaves are added along a TreeSum. So every sum has one order, whoever holds which rows.
namespace mixfam {

/// A value that adds over rows and travels between processes: `pack` appends its numbers to a message, `unpack` takes
/// them into a copy of the zero.
template <class T>
concept Reducible = std::copyable<T> &&
    requires(T& value, const T& other, std::vector<double>& message, ConstVectorView numbers) {
  value += other;
  pack(other, message);
  unpack(numbers, value);
};

/// Numbers that are added one by one.
struct Totals {
  std::vector<double> values;

  Totals& operator+=(const Totals& other) {
    for (std::size_t i = 0; i < values.size(); ++i) values[i] += other.values[i];
    return *this;
  }
};

inline void pack(const Totals& totals, std::vector<double>& message) {
  message.insert(message.end(), totals.values.begin(), totals.values.end());
}
inline void unpack(ConstVectorView numbers, Totals& totals) { totals.values.assign(numbers.begin(), numbers.end()); }

namespace detail {

/// Whether rows that follow would add nothing: a value may say so by `complete()`.
template <class T>
bool is_complete(const T& value) {
  if constexpr (requires { value.complete(); }) {
    return value.complete();
  } else {
    return false;
  }
}

template <class T>
bool any_complete(const std::vector<TreeNode<T>>& nodes) {
  return std::any_of(nodes.begin(), nodes.end(), [](const TreeNode<T>& node) { return is_complete(node.value); });
}

/// The sums of leaves of this process.
template <Reducible T, class Visit>
TreeSum<T> reduce_own(const Rows& rows, const T& zero, const Visit& visit) {
  struct Worker {
    BlockReader reader;
    Visit visit;
    TreeSum<T> tree;
  };
  std::vector<std::optional<Worker>> workers(rows.threads);
  std::mutex mutex;
  TreeSum<T> tree;
  // The nodes of tasks, until those before have come.
  std::vector<std::vector<TreeNode<T>>> waiting(tasks_ahead(rows.threads) + 1);
  std::size_t next = 0;
  for_each_task(rows, [&](std::size_t number, const Task& task) {
    if (!workers[number]) workers[number].emplace(Worker{BlockReader(rows), visit, {}});
    Worker& worker = *workers[number];
    worker.tree.begin((task.chunk->first_row + task.first) / leaf_rows);
    for (std::size_t first = 0; first < task.rows; first += leaf_rows) {
      T leaf = worker.tree.copy_of(zero);
      for (std::size_t row = first; row < std::min(first + leaf_rows, task.rows); row += block_rows)
        if (const DataBlock block = worker.reader.read(*task.chunk, task.first + row); block.x.rows > 0)
          worker.visit(block, leaf);
      const bool complete = is_complete(leaf);
      worker.tree.push(std::move(leaf));
      if (complete) break;
    }
    const std::lock_guard lock(mutex);
    worker.tree.move_nodes_to(waiting[task.number % waiting.size()]);
    for (auto* ready = &waiting[next % waiting.size()]; !ready->empty(); ready = &waiting[++next % waiting.size()]) {
      for (TreeNode<T>& node : *ready) tree.push(std::move(node));
      ready->clear();
    }
    worker.tree.reuse(tree.spare());
    return !any_complete(tree.nodes());
  });
  return tree;
}

/// What a process tells the others: nodes, or the error that it met.
using Outcome = std::vector<double>;
Outcome outcome_of_error(const std::exception& error);
/// The numbers behind the mark of an outcome of nodes; throws the error if it is one.
ConstVectorView nodes_or_error(const Outcome& outcome);
Outcome no_nodes();

template <Reducible T>
Outcome outcome_of(const TreeSum<T>& tree) {
  Outcome outcome = no_nodes();
  for (const TreeNode<T>& node : tree.nodes()) {
    outcome.insert(outcome.end(), {static_cast<double>(node.level), static_cast<double>(node.index), 0});
    const std::size_t begin = outcome.size();
    pack(node.value, outcome);
    outcome[begin - 1] = static_cast<double>(outcome.size() - begin);
  }
  return outcome;
}

template <Reducible T>
void push_nodes(ConstVectorView numbers, const T& zero, TreeSum<T>& tree) {
  constexpr std::size_t head = 3;
  for (std::size_t i = 0; i < numbers.size();) {
    TreeNode<T> node{static_cast<std::size_t>(numbers[i]), static_cast<std::size_t>(numbers[i + 1]), zero};
    const auto size = static_cast<std::size_t>(numbers[i + 2]);
    unpack(numbers.part(i + head, size), node.value);
    tree.push(std::move(node));
    i += head + size;
  }
}

}  // namespace detail

/// The sum over all rows of what `visit(block, T&)` adds to copies of `zero`, in the fixed order; each worker visits
/// with a copy of `visit`. All processes are given the same bits, or throw the error of the first rows that have one.
template <Reducible T, class Visit>
T reduce(const Rows& rows, const T& zero, const Visit& visit) {
  TreeSum<T> tree;
  if (rows.communicator.size() == 1) {
    tree = detail::reduce_own(rows, zero, visit);
  } else {
    detail::Outcome own;
    try {
      own = detail::outcome_of(detail::reduce_own(rows, zero, visit));
    } catch (const std::exception& error) {
      own = detail::outcome_of_error(error);
    }
    for (const detail::Outcome& outcome : rows.communicator.gather(own))
      detail::push_nodes(detail::nodes_or_error(outcome), zero, tree);
  }
  return tree.empty() ? zero : std::move(tree).finish();
}

/// Calls visit(block) for all blocks of this process, in any order; each worker visits with a copy of `visit`.
template <class Visit>
void visit_blocks(const Rows& rows, const Visit& visit) {
  reduce(rows, Totals{}, [visit = visit](const DataBlock& block, Totals&) mutable { visit(block); });
}

}  // namespace mixfam
