#include <mixfam/cached_source.hpp>
#include <mixfam/error.hpp>

#include "numerics/plural.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <cstring>
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

/// Neighbouring rows, wherever they lie.
struct Run {
  const std::byte* values;
  const double* weights;
  std::size_t rows;
  std::ptrdiff_t row_stride;     // in elements
  std::ptrdiff_t column_stride;  // in elements
};

/// What a source's chunks have in common.
struct RowLayout {
  ElementType type = ElementType::float64;
  std::size_t columns = 0;
  bool weighted = false;

  std::size_t value_bytes() const { return columns * element_size(type); }
  std::size_t bytes() const { return value_bytes() + (weighted ? sizeof(double) : 0); }
};

template <std::size_t size>
void copy_elements(const Run& run, std::size_t columns, std::byte* target) {
  const auto bytes = static_cast<std::ptrdiff_t>(size);
  for (std::size_t n = 0; n < run.rows; ++n) {
    const std::byte* element = run.values + static_cast<std::ptrdiff_t>(n) * run.row_stride * bytes;
    for (std::size_t j = 0; j < columns; ++j, element += run.column_stride * bytes, target += size)
      std::memcpy(target, element, size);
  }
}

void copy_values(const Run& run, const RowLayout& layout, std::byte* target) {
  if (run.column_stride == 1 && run.row_stride == static_cast<std::ptrdiff_t>(layout.columns)) {
    std::memcpy(target, run.values, run.rows * layout.value_bytes());
    return;
  }
  switch (element_size(layout.type)) {
    case 1:
      return copy_elements<1>(run, layout.columns, target);
    case 2:
      return copy_elements<2>(run, layout.columns, target);
    case 4:
      return copy_elements<4>(run, layout.columns, target);
    default:
      return copy_elements<8>(run, layout.columns, target);
  }
}

/// Memory that the system provides page by page when it is first written.
class UntouchedMemory {
 public:
  UntouchedMemory() = default;
  explicit UntouchedMemory(std::size_t bytes)
      : data_(static_cast<std::byte*>(::operator new (bytes, std::align_val_t{alignment}))) {}
  std::byte* data() const { return data_.get(); }

 private:
  static constexpr std::size_t alignment = 64;  // of a cache line and of the widest vector
  struct Delete {
    void operator()(std::byte* data) const { ::operator delete (data, std::align_val_t{alignment}); }
  };
  std::unique_ptr<std::byte, Delete> data_;
};

/// Room for rows that lie one after another.
class RowBuffer {
 public:
  RowBuffer() = default;
  RowBuffer(std::size_t capacity, const RowLayout& layout)
      : capacity_(capacity), layout_(layout), values_(capacity * layout.value_bytes()) {
    if (layout.weighted) weights_ = UntouchedMemory(capacity * sizeof(double));
  }

  std::size_t capacity() const { return capacity_; }
  void write(std::size_t first, const Run& run) {
    copy_values(run, layout_, values_.data() + first * layout_.value_bytes());
    if (layout_.weighted) std::copy_n(run.weights, run.rows, weights() + first);
  }
  Run part(std::size_t first, std::size_t rows) const {
    return {values_.data() + first * layout_.value_bytes(), layout_.weighted ? weights() + first : nullptr, rows,
            static_cast<std::ptrdiff_t>(layout_.columns), 1};
  }

 private:
  double* weights() const { return reinterpret_cast<double*>(weights_.data()); }

  std::size_t capacity_ = 0;
  RowLayout layout_;
  UntouchedMemory values_;
  UntouchedMemory weights_;
};

/// The rows of a source by number; the leading ones stay in the cache when they have been read.
class RowReader {
 public:
  RowReader(Source& source, std::size_t cache_bytes)
      : source_(source), rows_(source.rows()), columns_(source.columns()), cache_bytes_(cache_bytes) {}

  std::size_t rows() const { return rows_; }
  const RowLayout& layout() const { return *layout_; }
  const RowBuffer& cache() const { return cache_; }
  std::size_t cached() const { return cached_; }

  /// Forgets where the source stands.
  void begin() { chunk_.reset(); }
  /// Asks for the layout and makes the cache, if that has not been done.
  void open(std::size_t row) {
    if (!layout_) fetch(row);
  }
  /// Some rows from `row` on, valid until the next call; those beyond the cache are asked for in order.
  Run read(std::size_t row) {
    if (row < cached_) return cache_.part(row, cached_ - row);
    while (!chunk_ || row >= chunk_->first_row + chunk_->rows) fetch(row);
    const std::size_t skipped = row - chunk_->first_row;
    const auto bytes = static_cast<std::ptrdiff_t>(element_size(chunk_->type));
    Run run{
        static_cast<const std::byte*>(chunk_->data) + static_cast<std::ptrdiff_t>(skipped) * chunk_->row_stride * bytes,
        chunk_->weights ? chunk_->weights + skipped : nullptr, chunk_->rows - skipped, chunk_->row_stride,
        chunk_->column_stride};
    if (row == cached_ && row < cache_.capacity()) {
      run.rows = std::min(run.rows, cache_.capacity() - row);
      cache_.write(row, run);
      cached_ += run.rows;
    }
    return run;
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
    if (!layout_) {
      make_cache({chunk.type, columns_, chunk.weights != nullptr});
    } else if (chunk.type != layout_->type || (chunk.weights != nullptr) != layout_->weighted) {
      throw_changed("hands out rows of another type from row " + std::to_string(chunk.first_row) + " on");
    }
    chunk_ = chunk;
  }

  void make_cache(const RowLayout& layout) {
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
  std::optional<RowLayout> layout_;
  RowBuffer cache_;
  std::atomic<std::size_t> cached_ = 0;
  std::optional<Chunk> chunk_;
};

using BufferPair = std::array<RowBuffer, 2>;

/// Rows to hand out.
struct Segment {
  Run run = {};
  std::size_t first_row = 0;
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
    return hand_over({reader_.cache().part(first, filled), first, false}, rows, failure);
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
        Run run = reader_.read(first + filled);
        run.rows = std::min(run.rows, rows - filled);
        buffer.write(filled, run);
        filled += run.rows;
      }
    } catch (...) {
      failure = std::current_exception();
    }
    return hand_over({buffer.part(0, filled), first, true}, rows, failure);
  }

  /// Hands over what there is of a segment that was to have `rows` rows, then the failure that cut it short.
  std::size_t hand_over(Segment segment, std::size_t rows, const std::exception_ptr& failure) {
    if (segment.run.rows < rows) segment.run.rows -= segment.run.rows % granularity_;
    {
      const std::lock_guard lock(mutex_);
      if (segment.run.rows > 0) ready_.push_back(segment);
      changed_.notify_all();
    }
    if (failure) std::rethrow_exception(failure);
    return segment.run.rows;
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
        name(source.name()),
        reader(source, options.cache_bytes),
        chunk_bytes(options.chunk_bytes) {}

  Chunk chunk_of(const Run& run) {
    const Chunk chunk{run.values, reader.layout().type, row, run.rows, run.row_stride, run.column_stride, run.weights};
    row += run.rows;
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
      if (whole > 0) return chunk_of(reader.cache().part(row, whole));
    }
    try {
      return chunk_of(reading->take().run);
    } catch (...) {
      reading.reset();
      throw;
    }
  }

  Source& inner;
  const std::size_t columns;
  const std::vector<std::string> column_names;
  const std::vector<std::vector<std::string>> category_labels;
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
bool CachedSource::has_gaps() const { return impl_->inner.has_gaps(); }
std::string CachedSource::name() const { return impl_->name; }
std::size_t CachedSource::row_number(std::size_t row) const { return impl_->inner.row_number(row); }
std::size_t CachedSource::cached_rows() const { return impl_->reader.cached(); }

void CachedSource::rewind() {
  impl_->reading.reset();
  impl_->row = 0;
}

Chunk CachedSource::next(std::size_t granularity) { return impl_->next(granularity); }

}  // namespace mixfam
