#include "data/row_cursor.hpp"

#include <mixfam/error.hpp>

#include "data/row_buffer.hpp"
#include "numerics/plural.hpp"

#include <algorithm>

namespace mixfam {

void RowCursor::go_to(std::size_t row) {
  row_ = row;
  chunk_ = {};
  chunk_.first_row = source_.rewind_to(row);
}

Chunk RowCursor::rows() {
  while (row_ >= chunk_.first_row + chunk_.rows) {
    const std::size_t end = chunk_.first_row + chunk_.rows;
    chunk_ = source_.next(1);
    if (chunk_.rows == 0)
      throw Error(ErrorKind::data, source_.name() + ": ends after " + plural(end, "row") + ", but had " +
                                       std::to_string(source_.rows()) + "; does another program write to it?");
  }
  const std::size_t passed = row_ - chunk_.first_row;
  return part_of(chunk_, passed, chunk_.rows - passed);
}

std::size_t piece_rows(std::size_t granularity, std::size_t row_bytes) {
  constexpr std::size_t bytes = std::size_t{4} << 20;
  granularity = std::max<std::size_t>(granularity, 1);
  return std::max<std::size_t>(1, bytes / (granularity * row_bytes)) * granularity;
}

}  // namespace mixfam
