#include <mixfam/error.hpp>
#include <mixfam/selected_source.hpp>

#include "data/row_buffer.hpp"
#include "data/row_cursor.hpp"
#include "numerics/plural.hpp"
#include "numerics/streams.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace mixfam {

namespace {

/// Which rows of a source are taken.
class Selection {
 public:
  virtual ~Selection() = default;
  /// How many are taken.
  virtual std::size_t rows() const = 0;
  /// The number among all rows of number `row` among those taken.
  virtual std::size_t place_of(std::size_t row) const = 0;
  /// The first row from `place` on that is taken; any number beyond the rows where none is.
  virtual std::size_t from(std::size_t place) const = 0;
};

class SliceSelection final : public Selection {
 public:
  explicit SliceSelection(const Slice::Range& range) : range_(range) {}

  std::size_t rows() const override { return range_.count; }
  std::size_t place_of(std::size_t row) const override { return range_.first + row * range_.step; }
  std::size_t from(std::size_t place) const override {
    return place <= range_.first ? range_.first : place_of((place - range_.first + range_.step - 1) / range_.step);
  }

 private:
  Slice::Range range_;
};

/// Number n of the sequence that SplitMix64 makes from a state, without those before it (Steele, Lea and Flood 2014,
/// Fast splittable pseudorandom number generators, figure 16).
std::uint64_t split_mix(std::uint64_t state, std::uint64_t n) {
  std::uint64_t z = state + (n + 1) * 0x9e3779b97f4a7c15U;
  z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31U);
}

class SplitSelection final : public Selection {
 public:
  SplitSelection(const Source& source, const RowSplit& split)
      : source_(source), all_(source.rows()), split_(split), state_(stream(Stream::split, split.seed, 0)()) {
    for (std::size_t place = 0; place < all_; ++place) {
      if (place % span == 0) before_.push_back(rows_);
      rows_ += takes(place) ? 1 : 0;
    }
  }

  std::size_t rows() const override { return rows_; }
  std::size_t place_of(std::size_t row) const override {
    const auto after = std::upper_bound(before_.begin(), before_.end(), row) - 1;
    std::size_t place = from(static_cast<std::size_t>(after - before_.begin()) * span);
    for (std::size_t left = row - *after; left > 0; --left) place = from(place + 1);
    return place;
  }
  std::size_t from(std::size_t place) const override {
    while (place < all_ && !takes(place)) ++place;
    return place;
  }

 private:
  static constexpr std::size_t span = 64;  // rows that are counted together

  bool takes(std::size_t place) const {
    constexpr double unit = 1.0 / static_cast<double>(std::uint64_t{1} << 53U);
    const double uniform = static_cast<double>(split_mix(state_, source_.row_number(place)) >> 11U) * unit;
    return (uniform < split_.fraction) == (split_.part == SplitPart::train);
  }

  const Source& source_;
  std::size_t all_;
  RowSplit split_;
  std::uint64_t state_;
  std::size_t rows_ = 0;
  std::vector<std::size_t> before_;  // how many rows are taken before each span
};

std::unique_ptr<Selection> selection_of(const Source& source, const RowSplit& split) {
  if (!(split.fraction > 0 && split.fraction < 1))
    throw Error(ErrorKind::usage,
                "`split` = " + std::to_string(split.fraction) + ": a number between 0 and 1 is needed");
  return std::make_unique<SplitSelection>(source, split);
}

}  // namespace

struct SelectedSource::Impl {
  Impl(Source& inner, std::unique_ptr<Selection> selected)
      : source(inner), cursor(inner), selection(std::move(selected)) {
    if (selection->rows() == 0)
      throw Error(ErrorKind::data, source.name() + ": none of its " + plural(source.rows(), "row") + " is selected");
  }

  std::size_t left() const { return selection->rows() - row; }

  Chunk next(std::size_t granularity) {
    if (left() == 0) return {};
    if (!std::exchange(in_place, false)) cursor.go_to(selection->place_of(row));
    const ChunkLayout layout(cursor.rows(), source.columns());
    const std::size_t wanted = std::min(left(), piece_rows(granularity, layout.bytes()));
    if (buffer.capacity() < wanted || buffer.layout() != layout) buffer = RowBuffer(wanted, layout);
    fill(wanted);
    Chunk chunk = buffer.part(0, wanted);
    chunk.first_row = row;
    row += wanted;
    in_place = true;
    return chunk;
  }

  void fill(std::size_t wanted) {
    for (std::size_t filled = 0; filled < wanted;) {
      cursor.skip_to(selection->from(cursor.row()));
      const Chunk found = cursor.rows();
      if (ChunkLayout(found, source.columns()) != buffer.layout())
        throw Error(ErrorKind::data, source.name() + ": hands out rows of another type from row " +
                                         std::to_string(source.row_number(found.first_row)) + " on");
      const std::size_t most = found.first_row + std::min(found.rows, wanted - filled);
      std::size_t end = found.first_row + 1;
      while (end < most && selection->from(end) == end) ++end;
      const std::size_t count = end - found.first_row;
      buffer.write(filled, part_of(found, 0, count));
      filled += count;
      cursor.skip_to(end);
    }
  }

  Source& source;
  RowCursor cursor;
  std::unique_ptr<Selection> selection;
  RowBuffer buffer;
  std::size_t row = 0;    // of those selected, to be handed out next
  bool in_place = false;  // whether the cursor stands right behind the rows handed out
};

SelectedSource::SelectedSource(Source& inner, const Slice& rows)
    : ForwardingSource(inner),
      impl_(std::make_unique<Impl>(inner, std::make_unique<SliceSelection>(rows.of(inner.rows())))) {}

SelectedSource::SelectedSource(Source& inner, const RowSplit& split)
    : ForwardingSource(inner), impl_(std::make_unique<Impl>(inner, selection_of(inner, split))) {}

SelectedSource::~SelectedSource() = default;

std::size_t SelectedSource::rows() const { return impl_->selection->rows(); }

std::size_t SelectedSource::row_number(std::size_t row) const {
  return inner().row_number(impl_->selection->place_of(row));
}

void SelectedSource::rewind() { rewind_to(0); }

std::size_t SelectedSource::rewind_to(std::size_t row) {
  impl_->row = std::min(row, rows());
  impl_->in_place = false;
  return impl_->row;
}

Chunk SelectedSource::next(std::size_t granularity) { return impl_->next(granularity); }

}  // namespace mixfam
