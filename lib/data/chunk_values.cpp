#include <mixfam/chunk_values.hpp>

namespace mixfam {

namespace {

template <class T>
void copy(const Chunk& chunk, std::size_t column, double* target, std::ptrdiff_t stride) {
  const T* value = static_cast<const T*>(chunk.data) + static_cast<std::ptrdiff_t>(column) * chunk.column_stride;
  for (std::size_t n = 0; n < chunk.rows; ++n, value += chunk.row_stride, target += stride)
    *target = static_cast<double>(*value);
}

using Copy = void (*)(const Chunk&, std::size_t, double*, std::ptrdiff_t);

Copy copier(ElementType type) {
  switch (type) {
    case ElementType::int8:
      return copy<std::int8_t>;
    case ElementType::uint8:
      return copy<std::uint8_t>;
    case ElementType::int16:
      return copy<std::int16_t>;
    case ElementType::uint16:
      return copy<std::uint16_t>;
    case ElementType::int32:
      return copy<std::int32_t>;
    case ElementType::uint32:
      return copy<std::uint32_t>;
    case ElementType::int64:
      return copy<std::int64_t>;
    case ElementType::uint64:
      return copy<std::uint64_t>;
    case ElementType::float32:
      return copy<float>;
    case ElementType::float64:
      break;
  }
  return copy<double>;
}

}  // namespace

void copy_column(const Chunk& chunk, std::size_t column, double* target, std::ptrdiff_t stride) {
  copier(chunk.type)(chunk, column, target, stride);
}

}  // namespace mixfam
