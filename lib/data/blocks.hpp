#pragma once

#include <mixfam/block.hpp>
#include <mixfam/source.hpp>

#include "data/communicator.hpp"
#include "kernels/kernels.hpp"
#include "numerics/aligned.hpp"

#include <bitset>
#include <functional>
#include <vector>

/// The order in which every pass visits rows. Rows fall into leaves of `leaf_rows`, whatever chunks the source hands
/// out, and leaves into blocks.
namespace mixfam {

inline constexpr std::size_t block_rows = 256;  ///< a block stays in cache
inline constexpr std::size_t leaf_rows = pass_granularity;
/// How many leaves so many rows fall into.
constexpr std::size_t leaves_of(std::size_t rows) { return (rows + leaf_rows - 1) / leaf_rows; }
/// Doubles between the columns of a block.
inline constexpr std::size_t block_stride = column_stride(block_rows);

/// Types whose rows are taken as they lie: entry t for ElementType t.
using NativeTypes = std::bitset<element_type_count>;

/// 0: as many as there are cores.
std::size_t thread_count(std::size_t wanted);

/// The rows of a source, who share their leaves, and how many threads pass over those of this process; 0: as many as
/// there are cores. Never more than there are leaves to sum.
struct Rows {
  Rows(Source& data, std::size_t threads_wanted = 0, const Communicator& processes = Communicator::alone());

  /// Those of this process: first_row() .. end_row() - 1.
  std::size_t first_row() const;
  std::size_t end_row() const;

  Source& source;
  const Communicator& communicator;
  std::size_t threads;
  NativeTypes native;      ///< blocks of these types hold native rows alone
  bool every_row = false;  ///< pass over rows of weight 0 like over others, with blocks that have no weights
};

/// The same rows, for results that each has, whatever its weight.
Rows every_row(const Rows& rows);

/// Up to `block_rows` neighbouring rows, converted to double, column by column. A row of weight 0 is as if it were not
/// there: its place holds the values of another row, so that whatever the source holds there reaches no sum.
struct DataBlock {
  Block x;
  std::size_t first_row;
  const double* weights;                 ///< x.rows values, or none: all 1
  const std::int32_t* labels = nullptr;  ///< x.rows values, or none
};

/// Makes blocks of the rows of chunks; a block lives until the next one.
class BlockReader {
 public:
  explicit BlockReader(const Rows& rows)
      : native_(rows.native),
        every_row_(rows.every_row),
        has_gaps_(rows.source.has_gaps()),
        pointers_(rows.source.columns()),
        gaps_(rows.source.columns()) {}

  /// The rows of the chunk from `first` on; none where all of them have weight 0.
  DataBlock read(const Chunk& chunk, std::size_t first);

 private:
  void use_or_convert(const Chunk& chunk, std::size_t first, std::size_t rows);
  void convert(const Chunk& chunk, std::size_t first, std::size_t rows);
  void copy_over_removed(const double* weights, std::size_t rows, std::size_t kept);
  void mark_gaps(Block& x);

  NativeTypes native_;
  bool every_row_;
  bool has_gaps_;
  std::vector<const double*> pointers_;
  AlignedVector buffer_;
  std::vector<const unsigned char*> gaps_;
  std::vector<unsigned char> marks_;  // of column j from block_rows * j on
};

/// Calls `visit` for each block of the source in order, until it returns false: for passes whose every step depends on
/// those before.
void for_each_block(const Rows& rows, const std::function<bool(const DataBlock&)>& visit);

/// Neighbouring leaves, which are one node of the tree or few.
struct Task {
  std::size_t number;
  const Chunk* chunk;
  std::size_t first;  ///< row within the chunk
  std::size_t rows;
};

/// How far behind each other tasks may be that run at once.
constexpr std::size_t tasks_ahead(std::size_t threads) { return 4 * threads; }

/// Runs run(worker, task) for all tasks of this process, each worker on a thread of its own, until one returns false.
/// A task begins only when those far before it have ended, and none begins after one that threw; the exception of the
/// first such task is thrown.
void for_each_task(const Rows& rows, const std::function<bool(std::size_t, const Task&)>& run);

/// Calls run(begin, end) for parts of 0 .. count - 1 on threads; 0 threads: as many as there are cores. For fewer than
/// `least` numbers a thread costs more than it gains. Throws what the first part throws that does.
void for_each_part(std::size_t count, std::size_t threads, std::size_t least,
                   const std::function<void(std::size_t, std::size_t)>& run);

}  // namespace mixfam
