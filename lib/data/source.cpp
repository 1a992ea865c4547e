#include <mixfam/error.hpp>
#include <mixfam/source.hpp>

#include "data/row_values.hpp"
#include "numerics/plural.hpp"

#include <utility>

namespace mixfam {

Source::~Source() = default;

const std::vector<std::vector<std::string>>& Source::category_labels() const {
  static const std::vector<std::vector<std::string>> none;
  return none;
}

std::size_t Source::rewind_to(std::size_t) {
  rewind();
  return 0;
}

std::size_t element_size(ElementType type) {
  switch (type) {
    case ElementType::int8:
    case ElementType::uint8:
      return 1;
    case ElementType::int16:
    case ElementType::uint16:
      return 2;
    case ElementType::int32:
    case ElementType::uint32:
    case ElementType::float32:
      return 4;
    case ElementType::int64:
    case ElementType::uint64:
    case ElementType::float64:
      return 8;
  }
  return 0;
}

MemorySource::MemorySource(const void* data, ElementType type, std::size_t rows, std::size_t columns,
                           std::ptrdiff_t row_stride, std::ptrdiff_t column_stride, RowWeights row_weights)
    : data_(data),
      type_(type),
      rows_(rows),
      columns_(columns),
      row_stride_(row_stride),
      column_stride_(column_stride),
      weights_(std::move(row_weights)) {
  if (rows == 0 || columns == 0)
    throw Error(ErrorKind::data, "data: " + plural(rows, "row") + " and " + plural(columns, "column") +
                                     " (there must be at least one of each)");
  check_row_weights(*this, weights_.view());
}

void MemorySource::set_labels(RowLabels labels) {
  check_row_labels(*this, labels.view());
  labels_ = std::move(labels);
}

void MemorySource::set_column_names(std::vector<std::string> names) {
  if (names.size() != columns_)
    throw Error(ErrorKind::usage, "data: " + plural(names.size(), "column name") + " for " +
                                      plural(columns_, "column") + " (there must be as many)");
  column_names_ = std::move(names);
}

Chunk MemorySource::next(std::size_t) {
  if (done_) return {};
  done_ = true;
  return {data_, type_, 0, rows_, row_stride_, column_stride_, row_values(weights_, 0), row_values(labels_, 0)};
}

}  // namespace mixfam
