#include "blocks.hpp"

#include <algorithm>
#include <vector>

namespace mixfam {

namespace {

template <class T>
void convert(const Chunk& chunk, std::size_t first, std::size_t rows, std::size_t columns, double* out) {
  const T* data = static_cast<const T*>(chunk.data) + static_cast<std::ptrdiff_t>(first) * chunk.row_stride;
  for (std::size_t n = 0; n < rows; ++n) {
    const T* row = data + static_cast<std::ptrdiff_t>(n) * chunk.row_stride;
    for (std::size_t j = 0; j < columns; ++j)
      out[j * block_rows + n] = static_cast<double>(row[static_cast<std::ptrdiff_t>(j) * chunk.column_stride]);
  }
}

using Convert = void (*)(const Chunk&, std::size_t, std::size_t, std::size_t, double*);

Convert converter(ElementType type) {
  switch (type) {
    case ElementType::int8:
      return convert<std::int8_t>;
    case ElementType::uint8:
      return convert<std::uint8_t>;
    case ElementType::int16:
      return convert<std::int16_t>;
    case ElementType::uint16:
      return convert<std::uint16_t>;
    case ElementType::int32:
      return convert<std::int32_t>;
    case ElementType::uint32:
      return convert<std::uint32_t>;
    case ElementType::int64:
      return convert<std::int64_t>;
    case ElementType::uint64:
      return convert<std::uint64_t>;
    case ElementType::float32:
      return convert<float>;
    case ElementType::float64:
      break;
  }
  return convert<double>;
}

}  // namespace

void for_each_block(Source& source, const std::function<bool(const DataBlock&)>& visit) {
  const std::size_t columns = source.columns();
  std::vector<double> buffer(block_rows * columns);
  std::vector<const double*> pointers(columns);
  for (std::size_t j = 0; j < columns; ++j) pointers[j] = buffer.data() + j * block_rows;

  source.rewind();
  for (Chunk chunk = source.next(leaf_rows); chunk.rows > 0; chunk = source.next(leaf_rows)) {
    for (std::size_t first = 0; first < chunk.rows; first += block_rows) {
      const std::size_t rows = std::min(block_rows, chunk.rows - first);
      converter(chunk.type)(chunk, first, rows, columns, buffer.data());
      const DataBlock block{
          {pointers.data(), columns, rows}, chunk.first_row + first, chunk.weights ? chunk.weights + first : nullptr};
      if (!visit(block)) return;
    }
  }
}

}  // namespace mixfam
