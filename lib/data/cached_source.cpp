#include <mixfam/cached_source.hpp>
#include <mixfam/error.hpp>

#include "data/row_buffer.hpp"
#include "numerics/plural.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <new>
#include <optional>
#include <stop_token>
#include <thread>
#include <utility>

namespace mixfam {

namespace {

/// The rows of a source by number; the leading ones stay in the cache when they have been read.
class RowReader {
 public:
  RowReader(Source& source, std::size_t cache_bytes)
      : source_(source), rows_(source.rows()), columns_(source.columns()), cache_bytes_(cache_bytes) {}

  std::size_t rows() const { return rows_; }
  const ChunkLayout& layout() const { return *layout_; }
  const RowBuffer& cache() const { return cache_; }
  std::size_t cached() const { return cached_; }

  /// Forgets where the source stands.
  void begin() { chunk_.reset(); }
  /// Asks for the layout and makes the cache, if that has not been done.
  void open(std::size_t row) {
    if (!layout_) fetch(row);
  }
  /// Some rows from `row` on, valid until the next call; those beyond the cache are asked for in order.
  Chunk read(std::size_t row) {
    if (row < cached_) return cache_.part(row, cached_ - row);
    while (!chunk_ || row >= chunk_->first_row + chunk_->rows) fetch(row);
    const std::size_t skipped = row - chunk_->first_row;
    Chunk rows = part_of(*chunk_, skipped, chunk_->rows - skipped);
    if (row == cached_ && row < cache_.capacity()) {
      rows.rows = std::min(rows.rows, cache_.capacity() - row);
      cache_.write(row, rows);
      cached_ += rows.rows;
    }
    return rows;
  }

 private:
  [[noreturn]] void throw_changed(const std::string& how) const {
    throw Error(ErrorKind::data, source_.name() + ": " + how + "; does another program write to it?");
  }

  /// The chunk of the source that follows, or the one where `row` can be found when the source stands nowhere.
  void fetch(std::size_t row) {
    const std::size_t expected = chunk_ ? chunk_->first_row + chunk_->rows : source_.rewind_to(row);
    chunk_.reset();
    const Chunk chunk = source_.next(1);
    if (chunk.rows == 0) throw_changed("ends after " + plural(expected, "row") + ", but had " + std::to_string(rows_));
    if (chunk.first_row != expected || chunk.rows > rows_ - chunk.first_row)
      throw_changed("has rows " + std::to_string(chunk.first_row) + " to " +
                    std::to_string(chunk.first_row + chunk.rows - 1) + " where those from " + std::to_string(expected) +
                    " of " + std::to_string(rows_) + " were to follow");
    const ChunkLayout layout(chunk, columns_);
    if (!layout_) {
      make_cache(layout);
    } else if (layout != *layout_) {
      throw_changed("hands out rows of another type from row " + std::to_string(chunk.first_row) + " on");
    }
    chunk_ = chunk;
  }

  void make_cache(const ChunkLayout& layout) {
    const std::size_t capacity = std::min(rows_, cache_bytes_ / layout.bytes());
    try {
      cache_ = RowBuffer(capacity, layout);
    } catch (const std::bad_alloc&) {
      throw Error(ErrorKind::usage, source_.name() + ": cannot get " + std::to_string(capacity * layout.bytes() >> 20) +
                                        " MiB of memory to keep rows in; allow less (memory)");
    }
    layout_ = layout;
  }

  Source& source_;
  std::size_t rows_;
  std::size_t columns_;
  std::size_t cache_bytes_;
  std::optional<ChunkLayout> layout_;
  RowBuffer cache_;
  std::atomic<std::size_t> cached_ = 0;
  std::optional<Chunk> chunk_;
};

using BufferPair = std::array<RowBuffer, 2>;

/// Rows to hand out.
struct Segment {
  Chunk rows = {};
  bool in_buffer = false;  // else in the cache
};

/// One pass, or the end of one, by a thread of its own: segments in the cache where they fit into it, the others in two
/// buffers in turn.
class ReadAhead {
 public:
  /// From `first_row` on in segments of `chunk_bytes` and a multiple of `granularity` rows.
  ReadAhead(RowReader& reader, BufferPair& buffers, std::size_t first_row, std::size_t chunk_bytes,
            std::size_t granularity)
      : reader_(reader),
        buffers_(buffers),
        first_row_(first_row),
        chunk_bytes_(chunk_bytes),
        granularity_(granularity),
        thread_([this](const std::stop_token& stop) { run(stop); }) {}

  std::size_t granularity() const { return granularity_; }

  /// Waits for the segment that follows; that of the last call is given back. Throws what the source threw.
  Segment take() {
    std::unique_lock lock(mutex_);
    if (std::exchange(holds_buffer_, false)) {
      --buffers_in_use_;
      changed_.notify_all();
    }
    changed_.wait(lock, [&] { return !ready_.empty() || failure_; });
    if (ready_.empty()) std::rethrow_exception(std::exchange(failure_, nullptr));
    const Segment segment = ready_.front();
    ready_.pop_front();
    holds_buffer_ = segment.in_buffer;
    return segment;
  }

 private:
  void run(const std::stop_token& stop) {
    try {
      reader_.begin();
      reader_.open(first_row_);
      const std::size_t granule_bytes = granularity_ * reader_.layout().bytes();
      const std::size_t segment_rows = std::max<std::size_t>(1, chunk_bytes_ / granule_bytes) * granularity_;
      for (std::size_t row = first_row_; row < reader_.rows() && !stop.stop_requested();) {
        const std::size_t rows = std::min(segment_rows, reader_.rows() - row);
        row += row + rows <= reader_.cache().capacity() ? fill_cache(row, rows, stop) : fill_buffer(row, rows, stop);
      }
    } catch (...) {
      const std::lock_guard lock(mutex_);
      failure_ = std::current_exception();
      changed_.notify_all();
    }
  }

  std::size_t fill_cache(std::size_t first, std::size_t rows, const std::stop_token& stop) {
    std::exception_ptr failure;
    try {
      while (reader_.cached() < first + rows && !stop.stop_requested()) reader_.read(reader_.cached());
    } catch (...) {
      failure = std::current_exception();
    }
    const std::size_t filled = std::min(rows, reader_.cached() - first);
    return hand_over({reader_.cache().part(first, filled), false}, rows, failure);
  }

  std::size_t fill_buffer(std::size_t first, std::size_t rows, const std::stop_token& stop) {
    {
      std::unique_lock lock(mutex_);
      if (!changed_.wait(lock, stop, [&] { return buffers_in_use_ < buffers_.size(); })) return 0;
      ++buffers_in_use_;
    }
    RowBuffer& buffer = buffers_[next_buffer_];
    next_buffer_ = (next_buffer_ + 1) % buffers_.size();
    if (buffer.capacity() < rows) buffer = RowBuffer(rows, reader_.layout());
    std::size_t filled = 0;
    std::exception_ptr failure;
    try {
      while (filled < rows && !stop.stop_requested()) {
        Chunk part = reader_.read(first + filled);
        part.rows = std::min(part.rows, rows - filled);
        buffer.write(filled, part);
        filled += part.rows;
      }
    } catch (...) {
      failure = std::current_exception();
    }
    return hand_over({buffer.part(0, filled), true}, rows, failure);
  }

  /// Hands over what there is of a segment that was to have `rows` rows, then the failure that cut it short.
  std::size_t hand_over(Segment segment, std::size_t rows, const std::exception_ptr& failure) {
    if (segment.rows.rows < rows) segment.rows.rows -= segment.rows.rows % granularity_;
    {
      const std::lock_guard lock(mutex_);
      if (segment.rows.rows > 0) ready_.push_back(segment);
      changed_.notify_all();
    }
    if (failure) std::rethrow_exception(failure);
    return segment.rows.rows;
  }

  RowReader& reader_;
  BufferPair& buffers_;
  const std::size_t first_row_;
  const std::size_t chunk_bytes_;
  const std::size_t granularity_;
  std::size_t next_buffer_ = 0;

  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Segment> ready_;
  std::size_t buffers_in_use_ = 0;
  bool holds_buffer_ = false;
  std::exception_ptr failure_;

  std::jthread thread_;  // the last member: it uses the others
};

}  // namespace

struct CachedSource::Impl {
  Impl(Source& source, const CacheOptions& options)
      : inner(source),
        columns(source.columns()),
        column_names(source.column_names()),
        category_labels(source.category_labels()),
        has_gaps(source.has_gaps()),
        name(source.name()),
        reader(source, options.cache_bytes),
        chunk_bytes(options.chunk_bytes) {}

  Chunk hand_out(Chunk chunk) {
    chunk.first_row = row;
    row += chunk.rows;
    return chunk;
  }

  Chunk next(std::size_t granularity) {
    granularity = std::max<std::size_t>(granularity, 1);
    if (reading && reading->granularity() != granularity) reading.reset();
    if (row == reader.rows()) {
      reading.reset();
      return {};
    }
    if (!reading) {
      const std::size_t cached = std::max(reader.cached(), row) - row;
      const std::size_t whole = reader.cached() < reader.rows() ? cached - cached % granularity : cached;
      if (row + whole < reader.rows()) reading.emplace(reader, buffers, row + whole, chunk_bytes, granularity);
      if (whole > 0) return hand_out(reader.cache().part(row, whole));
    }
    try {
      return hand_out(reading->take().rows);
    } catch (...) {
      reading.reset();
      throw;
    }
  }

  Source& inner;
  const std::size_t columns;
  const std::vector<std::string> column_names;
  const std::vector<std::vector<std::string>> category_labels;
  const bool has_gaps;
  const std::string name;

  RowReader reader;
  const std::size_t chunk_bytes;
  BufferPair buffers;
  std::size_t row = 0;
  std::optional<ReadAhead> reading;
};

CachedSource::CachedSource(Source& inner, const CacheOptions& options)
    : impl_(std::make_unique<Impl>(inner, options)) {}

CachedSource::~CachedSource() {
  impl_->reading.reset();
  try {
    impl_->inner.rewind();
  } catch (...) {  // a source that cannot be rewound says so when it is used next
  }
}

std::size_t CachedSource::rows() const { return impl_->reader.rows(); }
std::size_t CachedSource::columns() const { return impl_->columns; }
const std::vector<std::string>& CachedSource::column_names() const { return impl_->column_names; }
const std::vector<std::vector<std::string>>& CachedSource::category_labels() const { return impl_->category_labels; }
bool CachedSource::has_gaps() const { return impl_->has_gaps; }
std::string CachedSource::name() const { return impl_->name; }
std::size_t CachedSource::row_number(std::size_t row) const { return impl_->inner.row_number(row); }
std::size_t CachedSource::cached_rows() const { return impl_->reader.cached(); }

void CachedSource::rewind() {
  impl_->reading.reset();
  impl_->row = 0;
}

Chunk CachedSource::next(std::size_t granularity) { return impl_->next(granularity); }

}  // namespace mixfam
