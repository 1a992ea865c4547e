#pragma once

#include <mixfam/block.hpp>
#include <mixfam/source.hpp>

#include "kernels/kernels.hpp"
#include "numerics/aligned.hpp"
#include "numerics/tree_sum.hpp"

#include <algorithm>
#include <bitset>
#include <functional>
#include <map>
#include <mutex>
#include <vector>

/// The order in which every pass visits rows. Rows fall into leaves of `leaf_rows`, whatever chunks the source hands
/// out; a leaf is summed block after block by one thread; leaves are added along a TreeSum. So every sum has one order.
namespace mixfam {

inline constexpr std::size_t block_rows = 256;  ///< a block stays in cache
inline constexpr std::size_t leaf_rows = pass_granularity;
/// Doubles between the columns of a block.
inline constexpr std::size_t block_stride = column_stride(block_rows);

/// Types whose rows are taken as they lie: entry t for ElementType t.
using NativeTypes = std::bitset<element_type_count>;

/// 0: as many as there are cores.
std::size_t thread_count(std::size_t wanted);

/// The rows of a source, and how many threads pass over them; 0: as many as there are cores. Never more than there are
/// leaves to sum.
struct Rows {
  Rows(Source& data, std::size_t threads_wanted = 0, NativeTypes native_types = {});

  Source& source;
  std::size_t threads;
  NativeTypes native;      ///< blocks of these types hold native rows alone
  bool every_row = false;  ///< pass over rows of weight 0 like over others, with blocks that have no weights
};

/// For results that each row has, whatever its weight.
Rows every_row(Source& source, NativeTypes native_types = {});

/// Up to `block_rows` neighbouring rows, converted to double, column by column. A row of weight 0 is as if it were not
/// there: its place holds the values of another row, so that whatever the source holds there reaches no sum.
struct DataBlock {
  Block x;
  std::size_t first_row;
  const double* weights;  ///< x.rows values, or none: all 1
};

/// Makes blocks of the rows of chunks; a block lives until the next one.
class BlockReader {
 public:
  explicit BlockReader(const Rows& rows)
      : native_(rows.native), every_row_(rows.every_row), pointers_(rows.source.columns()) {}

  /// The rows of the chunk from `first` on; none where all of them have weight 0.
  DataBlock read(const Chunk& chunk, std::size_t first);

 private:
  void use_or_convert(const Chunk& chunk, std::size_t first, std::size_t rows);
  void convert(const Chunk& chunk, std::size_t first, std::size_t rows);
  void copy_over_removed(const double* weights, std::size_t rows, std::size_t kept);

  NativeTypes native_;
  bool every_row_;
  std::vector<const double*> pointers_;
  AlignedVector buffer_;
};

/// Calls `visit` for each block in order, from the first row, until it returns false.
void for_each_block(const Rows& rows, const std::function<bool(const DataBlock&)>& visit);

/// Neighbouring leaves that are one node of the tree: a power of two of them, but for the last.
struct Task {
  std::size_t number;
  const Chunk* chunk;
  std::size_t first;  ///< row within the chunk
  std::size_t rows;
};

/// Runs run(worker, task) for all tasks, each worker on a thread of its own. A task begins only when those far before
/// it have ended, and none begins after one that threw; the exception of the first such task is thrown.
void for_each_task(const Rows& rows, const std::function<void(std::size_t, const Task&)>& run);

/// The sum over all rows of what each worker's `add(block, T&)` adds to copies of `zero`, in the fixed order.
/// `make_add()` makes a worker's `add`.
template <class T, class MakeAdd>
T sum_over_blocks(const Rows& rows, const T& zero, MakeAdd make_add) {
  struct Worker {
    BlockReader reader;
    decltype(make_add()) add;
  };
  std::vector<Worker> workers;
  for (std::size_t i = 0; i < rows.threads; ++i) workers.push_back({BlockReader(rows), make_add()});

  std::mutex mutex;
  TreeSum<T> tree;
  std::map<std::size_t, T> waiting;  // by task, until those before have come
  std::size_t next = 0;
  for_each_task(rows, [&](std::size_t worker, const Task& task) {
    TreeSum<T> node;
    for (std::size_t first = 0; first < task.rows; first += leaf_rows) {
      T leaf = zero;
      for (std::size_t row = first; row < std::min(first + leaf_rows, task.rows); row += block_rows)
        if (const DataBlock block = workers[worker].reader.read(*task.chunk, task.first + row); block.x.rows > 0)
          workers[worker].add(block, leaf);
      node.push(std::move(leaf));
    }
    const std::lock_guard lock(mutex);
    waiting.emplace(task.number, std::move(node).finish());
    for (auto ready = waiting.find(next); ready != waiting.end(); ready = waiting.find(++next)) {
      tree.push(std::move(ready->second));
      waiting.erase(ready);
    }
  });
  return tree.empty() ? zero : std::move(tree).finish();
}

/// Calls run(begin, end) for parts of 0 .. count - 1 on threads; 0 threads: as many as there are cores.
void for_each_part(std::size_t count, std::size_t threads, const std::function<void(std::size_t, std::size_t)>& run);

/// Calls each worker's visit(block) for all blocks, in any order. `make_visit()` makes a worker's `visit`.
template <class MakeVisit>
void visit_blocks(const Rows& rows, MakeVisit make_visit) {
  struct Nothing {
    Nothing& operator+=(const Nothing&) { return *this; }
  };
  sum_over_blocks(rows, Nothing(),
                  [&] { return [visit = make_visit()](const DataBlock& block, Nothing&) mutable { visit(block); }; });
}

}  // namespace mixfam
