#include <mixfam/chunk_values.hpp>
#include <mixfam/column_source.hpp>
#include <mixfam/error.hpp>

#include "data/row_cursor.hpp"
#include "numerics/plural.hpp"

#include <algorithm>

namespace mixfam {

ColumnSource::ColumnSource(std::vector<NamedColumn> columns) : columns_(std::move(columns)) {
  if (columns_.empty() || rows() == 0)
    throw Error(ErrorKind::data, "data: " + plural(columns_.empty() ? 0 : rows(), "row") + " and " +
                                     plural(columns_.size(), "column") + " (there must be at least one of each)");
  for (std::size_t j = 0; j < columns_.size(); ++j)
    if (columns_[j].rows != rows())
      throw Error(ErrorKind::data, "data: column " + std::to_string(j) + " (\"" + columns_[j].name + "\") has " +
                                       plural(columns_[j].rows, "row") + ", the first has " + std::to_string(rows()) +
                                       " (there must be as many)");
  if (std::any_of(columns_.begin(), columns_.end(), [](const NamedColumn& column) { return !column.name.empty(); }))
    for (const NamedColumn& column : columns_) column_names_.push_back(column.name);
}

std::size_t ColumnSource::rewind_to(std::size_t row) {
  row_ = std::min(row, rows());
  return row_;
}

Chunk ColumnSource::next(std::size_t granularity) {
  const std::size_t count = std::min(rows() - row_, piece_rows(granularity, columns() * sizeof(double)));
  if (count == 0) return {};
  buffer_.resize(std::max(buffer_.size(), count * columns()));
  Chunk chunk;
  chunk.data = buffer_.data();
  chunk.first_row = row_;
  chunk.rows = count;
  chunk.row_stride = 1;
  chunk.column_stride = static_cast<std::ptrdiff_t>(count);
  for (std::size_t j = 0; j < columns(); ++j) {
    const NamedColumn& column = columns_[j];
    const std::ptrdiff_t skipped = static_cast<std::ptrdiff_t>(row_ * element_size(column.type)) * column.stride;
    Chunk values;
    values.data = static_cast<const std::byte*>(column.data) + skipped;
    values.type = column.type;
    values.rows = count;
    values.row_stride = column.stride;
    copy_column(values, 0, buffer_.data() + j * count);
  }
  row_ += count;
  return chunk;
}

}  // namespace mixfam
