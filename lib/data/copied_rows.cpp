#include "data/copied_rows.hpp"

#include <mixfam/error.hpp>

namespace mixfam {

CopiedRows::CopiedRows(Source& source)
    : column_names_(source.column_names()),
      category_labels_(source.category_labels()),
      has_gaps_(source.has_gaps()),
      name_(source.name()),
      columns_(source.columns()) {
  source.rewind();
  for (Chunk chunk = source.next(pass_granularity); chunk.rows > 0; chunk = source.next(pass_granularity)) {
    const ChunkLayout layout(chunk, columns_);
    if (row_numbers_.empty()) rows_ = RowBuffer(source.rows(), layout);
    const std::size_t written = row_numbers_.size();
    if (layout != rows_.layout() || chunk.rows > rows_.capacity() - written)
      throw Error(ErrorKind::data, name_ + ": hands out rows of another type, or too many, from row " +
                                       std::to_string(source.row_number(chunk.first_row)) + " on");
    rows_.write(written, chunk);
    for (std::size_t n = 0; n < chunk.rows; ++n) row_numbers_.push_back(source.row_number(chunk.first_row + n));
  }
}

Chunk CopiedSource::next(std::size_t) {
  if (done_) return {};
  done_ = true;
  return rows_.rows_.part(0, rows());
}

}  // namespace mixfam
