#include "data/blocks.hpp"

#include "data/row_buffer.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>

namespace mixfam {

namespace {

/// Columns that are filled side by side: a cache line of a row-major matrix, and as many lines to write to.
constexpr std::size_t columns_at_a_time = 8;

/// Two columns beside each other, which a compiler can take apart with vectors.
template <class T>
void convert_pairs(const T* data, std::size_t rows, double* out) {
  for (std::size_t n = 0; n < rows; ++n) {
    out[n] = static_cast<double>(data[2 * n]);
    out[block_stride + n] = static_cast<double>(data[2 * n + 1]);
  }
}

template <class T>
void convert_rows(const Chunk& chunk, std::size_t first, std::size_t rows, std::size_t columns, double* out) {
  const T* data = static_cast<const T*>(chunk.data) + static_cast<std::ptrdiff_t>(first) * chunk.row_stride;
  if (columns == 2 && chunk.column_stride == 1 && chunk.row_stride == 2) {
    convert_pairs(data, rows, out);
    return;
  }
  for (std::size_t begin = 0; begin < columns; begin += columns_at_a_time) {
    const std::size_t end = std::min(begin + columns_at_a_time, columns);
    for (std::size_t n = 0; n < rows; ++n) {
      const T* row = data + static_cast<std::ptrdiff_t>(n) * chunk.row_stride;
      for (std::size_t j = begin; j < end; ++j)
        out[j * block_stride + n] = static_cast<double>(row[static_cast<std::ptrdiff_t>(j) * chunk.column_stride]);
    }
  }
}

using Convert = void (*)(const Chunk&, std::size_t, std::size_t, std::size_t, double*);

Convert converter(ElementType type) {
  switch (type) {
    case ElementType::int8:
      return convert_rows<std::int8_t>;
    case ElementType::uint8:
      return convert_rows<std::uint8_t>;
    case ElementType::int16:
      return convert_rows<std::int16_t>;
    case ElementType::uint16:
      return convert_rows<std::uint16_t>;
    case ElementType::int32:
      return convert_rows<std::int32_t>;
    case ElementType::uint32:
      return convert_rows<std::uint32_t>;
    case ElementType::int64:
      return convert_rows<std::int64_t>;
    case ElementType::uint64:
      return convert_rows<std::uint64_t>;
    case ElementType::float32:
      return convert_rows<float>;
    case ElementType::float64:
      break;
  }
  return convert_rows<double>;
}

/// Each thread holds memory of its own, so that a number beyond any machine's cores only costs.
constexpr std::size_t most_threads = 1024;

/// Not more than there are parts. How many cores there are is read from files: not for a single part.
std::size_t threads_for(std::size_t parts, std::size_t wanted) {
  return parts > 1 ? std::min(parts, thread_count(wanted)) : 1;
}

/// Where the leaves of a rank begin.
std::size_t first_row_of(std::size_t rank, const Rows& rows) {
  const std::size_t leaf = leaves_of(rows.source.rows()) * rank / rows.communicator.size();
  return std::min(leaf * leaf_rows, rows.source.rows());
}

/// As many leaves as make a task worth a thread's while, but not so many that threads run out of tasks.
std::size_t leaves_of_task(const Rows& rows) {
  constexpr std::size_t most = 16;
  constexpr std::size_t bytes = std::size_t{1} << 20;
  constexpr std::size_t tasks_per_thread = 16;
  const std::size_t fitting = bytes / (leaf_rows * sizeof(double) * rows.source.columns());
  const std::size_t fair = (rows.end_row() - rows.first_row()) / (leaf_rows * tasks_per_thread * rows.threads);
  std::size_t leaves = 1;
  while (2 * leaves <= std::min({most, fitting, fair})) leaves *= 2;
  return leaves;
}

/// Hands the tasks of one chunk to threads.
class TaskQueue {
 public:
  TaskQueue(const Chunk& chunk, std::size_t task_rows, std::size_t first_task, std::size_t threads)
      : chunk_(chunk),
        task_rows_(task_rows),
        next_(first_task),
        first_(first_task),
        end_(first_task + (chunk.rows + task_rows - 1) / task_rows),
        window_(tasks_ahead(threads)) {
    running_.reserve(threads);
  }

  std::size_t size() const { return end_ - first_; }
  std::size_t end() const { return end_; }
  /// Whether a task asked for none to follow.
  bool stopped() const { return stopped_; }

  void work(std::size_t worker, const std::function<bool(std::size_t, const Task&)>& run) {
    for (std::optional<Task> task = begin_task(); task; task = begin_task()) {
      try {
        end_task(task->number, run(worker, *task));
      } catch (...) {
        fail(task->number, std::current_exception());
        return;
      }
    }
  }
  void rethrow() const {
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  std::optional<Task> begin_task() {
    std::unique_lock lock(mutex_);
    // Results wait for those before them, so that threads must not run far ahead.
    changed_.wait(lock, [&] { return failure_ || stopped_ || running_.empty() || next_ < running_[0] + window_; });
    if (failure_ || stopped_ || next_ == end_) return std::nullopt;
    running_.push_back(next_);
    const std::size_t row = (next_ - first_) * task_rows_;
    return Task{next_++, &chunk_, row, std::min(task_rows_, chunk_.rows - row)};
  }
  void end_task(std::size_t number, bool go_on) {
    const std::lock_guard lock(mutex_);
    stopped_ = stopped_ || !go_on;
    std::erase(running_, number);
    changed_.notify_all();
  }
  void fail(std::size_t number, std::exception_ptr exception) {
    const std::lock_guard lock(mutex_);
    if (!failure_ || number < failed_task_) {
      failure_ = std::move(exception);
      failed_task_ = number;
    }
    std::erase(running_, number);
    changed_.notify_all();
  }

  const Chunk& chunk_;
  std::size_t task_rows_;
  std::size_t next_;
  std::size_t first_;
  std::size_t end_;
  std::size_t window_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::size_t> running_;  // in order
  bool stopped_ = false;
  std::exception_ptr failure_;
  std::size_t failed_task_ = 0;
};

}  // namespace

std::size_t thread_count(std::size_t wanted) {
  return std::min<std::size_t>(wanted > 0 ? wanted : std::max(1u, std::thread::hardware_concurrency()), most_threads);
}

Rows::Rows(Source& data, std::size_t threads_wanted, const Communicator& processes)
    : source(data), communicator(processes), threads(1) {
  threads = threads_for(leaves_of(end_row() - first_row()), threads_wanted);
}

std::size_t Rows::first_row() const { return first_row_of(communicator.rank(), *this); }
std::size_t Rows::end_row() const { return first_row_of(communicator.rank() + 1, *this); }

Rows every_row(const Rows& rows) {
  Rows result = rows;
  result.every_row = true;
  return result;
}

DataBlock BlockReader::read(const Chunk& chunk, std::size_t first) {
  const std::size_t rows = std::min(block_rows, chunk.rows - first);
  const double* weights = chunk.weights && !every_row_ ? chunk.weights + first : nullptr;
  DataBlock block{{pointers_.data(), pointers_.size(), rows},
                  chunk.first_row + first,
                  weights,
                  chunk.labels ? chunk.labels + first : nullptr};
  if (weights && std::find(weights, weights + rows, 0.0) != weights + rows) {
    const auto kept = std::find_if(weights, weights + rows, [](double weight) { return weight != 0; }) - weights;
    if (static_cast<std::size_t>(kept) == rows) {
      block.x.rows = 0;
    } else {
      convert(chunk, first, rows);
      copy_over_removed(weights, rows, static_cast<std::size_t>(kept));
    }
  } else if (native_.test(static_cast<std::size_t>(chunk.type))) {
    const std::ptrdiff_t bytes = static_cast<std::ptrdiff_t>(first * element_size(chunk.type)) * chunk.row_stride;
    block.x.native = {static_cast<const std::byte*>(chunk.data) + bytes, chunk.type, chunk.row_stride,
                      chunk.column_stride};
  } else {
    use_or_convert(chunk, first, rows);
  }
  if (has_gaps_ && !block.x.native.data) mark_gaps(block.x);
  return block;
}

void BlockReader::mark_gaps(Block& x) {
  for (std::size_t j = 0; j < x.column_count; ++j) {
    const double* column = x.column(j);
    std::size_t missing = 0;
    for (std::size_t n = 0; n < x.rows; ++n) missing += column[n] != column[n];
    gaps_[j] = nullptr;
    if (missing == 0) continue;
    marks_.resize(block_rows * x.column_count);
    unsigned char* marks = marks_.data() + block_rows * j;
    for (std::size_t n = 0; n < x.rows; ++n) marks[n] = column[n] != column[n];
    gaps_[j] = marks;
    x.missing = gaps_.data();
  }
}

/// Columns that lie as a block needs them are used where they are.
void BlockReader::use_or_convert(const Chunk& chunk, std::size_t first, std::size_t rows) {
  if (chunk.type == ElementType::float64 && chunk.row_stride == 1) {
    for (std::size_t j = 0; j < pointers_.size(); ++j)
      pointers_[j] =
          static_cast<const double*>(chunk.data) + first + static_cast<std::ptrdiff_t>(j) * chunk.column_stride;
  } else {
    convert(chunk, first, rows);
  }
}

void BlockReader::convert(const Chunk& chunk, std::size_t first, std::size_t rows) {
  buffer_.resize(block_stride * pointers_.size());
  for (std::size_t j = 0; j < pointers_.size(); ++j) pointers_[j] = buffer_.data() + j * block_stride;
  converter(chunk.type)(chunk, first, rows, pointers_.size(), buffer_.data());
}

void BlockReader::copy_over_removed(const double* weights, std::size_t rows, std::size_t kept) {
  for (std::size_t j = 0; j < pointers_.size(); ++j) {
    double* column = buffer_.data() + j * block_stride;
    for (std::size_t n = 0; n < rows; ++n)
      if (weights[n] == 0) column[n] = column[kept];
  }
}

void for_each_block(const Rows& rows, const std::function<bool(const DataBlock&)>& visit) {
  BlockReader reader(rows);
  rows.source.rewind();
  for (Chunk chunk = rows.source.next(leaf_rows); chunk.rows > 0; chunk = rows.source.next(leaf_rows))
    for (std::size_t first = 0; first < chunk.rows; first += block_rows)
      if (const DataBlock block = reader.read(chunk, first); block.x.rows > 0 && !visit(block)) return;
}

void for_each_part(std::size_t count, std::size_t threads, std::size_t least,
                   const std::function<void(std::size_t, std::size_t)>& run) {
  const std::size_t parts = threads_for(count / least, threads);
  std::vector<std::exception_ptr> failures(parts);
  const auto run_part = [&](std::size_t part) {
    try {
      run(part * count / parts, (part + 1) * count / parts);
    } catch (...) {
      failures[part] = std::current_exception();
    }
  };
  {
    std::vector<std::jthread> helpers;
    for (std::size_t part = 1; part < parts; ++part) helpers.emplace_back(run_part, part);
    run_part(0);
  }
  for (const std::exception_ptr& failure : failures)
    if (failure) std::rethrow_exception(failure);
}

namespace {

/// Goes to the row of the first leaf, or to one of an earlier leaf where reading can begin.
void rewind_to_leaf(Source& source, std::size_t row) {
  if (row == 0) return source.rewind();
  for (std::size_t at = source.rewind_to(row); at % leaf_rows != 0; at = source.rewind_to(at / leaf_rows * leaf_rows)) {
  }
}

/// The rows of a chunk within begin .. end - 1.
Chunk clipped(const Chunk& chunk, std::size_t begin, std::size_t end) {
  const std::size_t first = std::max(chunk.first_row, begin);
  const std::size_t last = std::min(chunk.first_row + chunk.rows, end);
  return part_of(chunk, first - chunk.first_row, last - std::min(first, end));
}

}  // namespace

void for_each_task(const Rows& rows, const std::function<bool(std::size_t, const Task&)>& run) {
  const std::size_t task_rows = leaf_rows * leaves_of_task(rows);
  const std::size_t begin = rows.first_row();
  const std::size_t end = rows.end_row();
  if (begin == end) return;
  std::size_t first_task = 0;
  rewind_to_leaf(rows.source, begin);
  for (Chunk next = rows.source.next(task_rows); next.rows > 0; next = rows.source.next(task_rows)) {
    if (next.first_row + next.rows <= begin) continue;
    const Chunk chunk = clipped(next, begin, end);
    const bool is_last = end < rows.source.rows() && chunk.first_row + chunk.rows == end;
    if (chunk.rows <= task_rows) {
      if (chunk.rows > 0 && !run(0, {first_task++, &chunk, 0, chunk.rows})) return;
      if (is_last) return;
      continue;
    }
    TaskQueue queue(chunk, task_rows, first_task, rows.threads);
    {
      std::vector<std::jthread> helpers;
      for (std::size_t worker = 1; worker < std::min(rows.threads, queue.size()); ++worker)
        helpers.emplace_back([&queue, &run, worker] { queue.work(worker, run); });
      queue.work(0, run);
    }
    queue.rethrow();
    if (queue.stopped() || is_last) return;
    first_task = queue.end();
  }
}

}  // namespace mixfam
