#include "data/row_buffer.hpp"

#include <algorithm>
#include <cstring>

namespace mixfam {

namespace {

template <std::size_t size>
void copy_elements(const Chunk& chunk, std::size_t columns, std::byte* target) {
  const auto bytes = static_cast<std::ptrdiff_t>(size);
  for (std::size_t n = 0; n < chunk.rows; ++n) {
    const std::byte* element =
        static_cast<const std::byte*>(chunk.data) + static_cast<std::ptrdiff_t>(n) * chunk.row_stride * bytes;
    for (std::size_t j = 0; j < columns; ++j, element += chunk.column_stride * bytes, target += size)
      std::memcpy(target, element, size);
  }
}

}  // namespace

Chunk part_of(const Chunk& chunk, std::size_t first, std::size_t count) {
  Chunk part = chunk;
  part.data = static_cast<const std::byte*>(chunk.data) +
              static_cast<std::ptrdiff_t>(first * element_size(chunk.type)) * chunk.row_stride;
  part.first_row = chunk.first_row + first;
  part.rows = count;
  if (chunk.weights) part.weights = chunk.weights + first;
  if (chunk.labels) part.labels = chunk.labels + first;
  return part;
}

void pack_values(const Chunk& chunk, std::size_t columns, std::byte* target) {
  if (chunk.column_stride == 1 && (chunk.row_stride == static_cast<std::ptrdiff_t>(columns) || chunk.rows == 1)) {
    std::memcpy(target, chunk.data, chunk.rows * columns * element_size(chunk.type));
    return;
  }
  switch (element_size(chunk.type)) {
    case 1:
      return copy_elements<1>(chunk, columns, target);
    case 2:
      return copy_elements<2>(chunk, columns, target);
    case 4:
      return copy_elements<4>(chunk, columns, target);
    default:
      return copy_elements<8>(chunk, columns, target);
  }
}

ChunkLayout::ChunkLayout(const Chunk& chunk, std::size_t column_count)
    : type(chunk.type), columns(column_count), weighted(chunk.weights != nullptr), labelled(chunk.labels != nullptr) {}

RowBuffer::RowBuffer(std::size_t capacity, const ChunkLayout& layout)
    : capacity_(capacity), layout_(layout), values_(capacity * layout.value_bytes()) {
  if (layout.weighted) weights_ = UntouchedMemory(capacity * sizeof(double));
  if (layout.labelled) labels_ = UntouchedMemory(capacity * sizeof(std::int32_t));
}

void RowBuffer::write(std::size_t first, const Chunk& chunk) {
  pack_values(chunk, layout_.columns, values_.data() + first * layout_.value_bytes());
  if (layout_.weighted) std::copy_n(chunk.weights, chunk.rows, weights() + first);
  if (layout_.labelled) std::copy_n(chunk.labels, chunk.rows, labels() + first);
}

Chunk RowBuffer::part(std::size_t first, std::size_t rows) const {
  Chunk chunk;
  chunk.data = values_.data() + first * layout_.value_bytes();
  chunk.type = layout_.type;
  chunk.first_row = first;
  chunk.rows = rows;
  chunk.row_stride = static_cast<std::ptrdiff_t>(layout_.columns);
  chunk.weights = layout_.weighted ? weights() + first : nullptr;
  chunk.labels = layout_.labelled ? labels() + first : nullptr;
  return chunk;
}

}  // namespace mixfam
