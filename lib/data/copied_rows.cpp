#include "data/copied_rows.hpp"

#include <mixfam/error.hpp>

namespace mixfam {

CopiedRows::CopiedRows(Source& source)
    : column_names_(source.column_names()),
      category_labels_(source.category_labels()),
      name_(source.name()),
      columns_(source.columns()),
      has_gaps_(source.has_gaps()) {
  source.rewind();
  for (Chunk chunk = source.next(pass_granularity); chunk.rows > 0; chunk = source.next(pass_granularity)) {
    if (row_numbers_.empty()) type_ = chunk.type;
    if (chunk.type != type_)
      throw Error(ErrorKind::data, name_ + ": hands out rows of another type from row " +
                                       std::to_string(source.row_number(chunk.first_row)) + " on");
    const auto bytes = static_cast<std::ptrdiff_t>(element_size(type_));
    const auto* data = static_cast<const std::byte*>(chunk.data);
    for (std::size_t n = 0; n < chunk.rows; ++n) {
      row_numbers_.push_back(source.row_number(chunk.first_row + n));
      if (chunk.weights) weights_.push_back(chunk.weights[n]);
      const std::byte* row = data + static_cast<std::ptrdiff_t>(n) * chunk.row_stride * bytes;
      for (std::size_t j = 0; j < columns_; ++j) {
        const std::byte* value = row + static_cast<std::ptrdiff_t>(j) * chunk.column_stride * bytes;
        values_.insert(values_.end(), value, value + bytes);
      }
    }
  }
}

Chunk CopiedSource::next(std::size_t) {
  if (done_) return {};
  done_ = true;
  Chunk chunk;
  chunk.data = rows_.values_.data();
  chunk.type = rows_.type_;
  chunk.rows = rows();
  chunk.row_stride = static_cast<std::ptrdiff_t>(rows_.columns_);
  chunk.weights = rows_.weights_.empty() ? nullptr : rows_.weights_.data();
  return chunk;
}

}  // namespace mixfam
