#include <mixfam/chunk_values.hpp>
#include <mixfam/gap_value_source.hpp>

#include "data/row_buffer.hpp"
#include "data/row_cursor.hpp"

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

namespace mixfam {

namespace {

template <class T>
void replace(T* values, std::size_t rows, const std::vector<bool>& has_value, T value) {
  for (std::size_t n = 0; n < rows; ++n)
    for (const bool replaced : has_value) {
      if (replaced && *values == value) *values = std::numeric_limits<T>::quiet_NaN();
      ++values;
    }
}

}  // namespace

struct GapValueSource::Impl {
  Impl(Source& inner, double gap) : source(inner), value(gap), cursor(inner), has_value(inner.columns(), true) {
    const auto& labels = inner.category_labels();
    for (std::size_t j = 0; j < labels.size(); ++j) has_value[j] = labels[j].empty();
  }

  Chunk next(std::size_t granularity) {
    const std::size_t left = source.rows() - row;
    if (left == 0) return {};
    if (!std::exchange(in_place, false)) cursor.go_to(row);
    ChunkLayout layout(cursor.rows(), source.columns());
    if (layout.type != ElementType::float32) layout.type = ElementType::float64;
    const std::size_t wanted = std::min(left, piece_rows(granularity, layout.bytes()));
    if (buffer.capacity() < wanted || buffer.layout() != layout) buffer = RowBuffer(wanted, layout);
    for (std::size_t filled = 0; filled < wanted;) {
      const Chunk found = cursor.rows();
      const std::size_t count = std::min(found.rows, wanted - filled);
      buffer.write(filled, as_floats(part_of(found, 0, count)));
      filled += count;
      cursor.skip_to(found.first_row + count);
    }
    replace_values(wanted);
    Chunk chunk = buffer.part(0, wanted);
    chunk.first_row = row;
    row += wanted;
    in_place = true;
    return chunk;
  }

  Chunk as_floats(Chunk chunk) {
    if (chunk.type == buffer.layout().type) return chunk;
    const std::size_t columns = source.columns();
    converted.resize(chunk.rows * columns);
    for (std::size_t j = 0; j < columns; ++j)
      copy_column(chunk, j, converted.data() + j, static_cast<std::ptrdiff_t>(columns));
    chunk.data = converted.data();
    chunk.type = ElementType::float64;
    chunk.row_stride = static_cast<std::ptrdiff_t>(columns);
    chunk.column_stride = 1;
    return chunk;
  }

  void replace_values(std::size_t rows) {
    if (buffer.layout().type == ElementType::float32) {
      replace(reinterpret_cast<float*>(buffer.values(0)), rows, has_value, static_cast<float>(value));
    } else {
      replace(reinterpret_cast<double*>(buffer.values(0)), rows, has_value, value);
    }
  }

  Source& source;
  double value;
  RowCursor cursor;
  std::vector<bool> has_value;  // by column
  RowBuffer buffer;
  std::vector<double> converted;
  std::size_t row = 0;    // to be handed out next
  bool in_place = false;  // whether the cursor stands there
};

GapValueSource::GapValueSource(Source& inner, std::optional<double> value)
    : ForwardingSource(inner), impl_(value ? std::make_unique<Impl>(inner, *value) : nullptr) {}

GapValueSource::~GapValueSource() = default;

void GapValueSource::rewind() { rewind_to(0); }

std::size_t GapValueSource::rewind_to(std::size_t row) {
  if (!impl_) return inner().rewind_to(row);
  impl_->row = std::min(row, rows());
  impl_->in_place = false;
  return impl_->row;
}

Chunk GapValueSource::next(std::size_t granularity) {
  return impl_ ? impl_->next(granularity) : inner().next(granularity);
}

}  // namespace mixfam
