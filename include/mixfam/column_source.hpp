#pragma once

#include <mixfam/export.hpp>
#include <mixfam/source.hpp>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace mixfam {

/// A column of a caller's own, of any numeric type, used where it lies.
struct NamedColumn {
  /// N values, `stride` elements apart.
  template <class T>
  NamedColumn(std::string column_name, const T* values, std::size_t count, std::ptrdiff_t value_stride = 1)
      : name(std::move(column_name)), data(values), type(element_type<T>()), rows(count), stride(value_stride) {}

  std::string name;  ///< or empty
  const void* data;
  ElementType type;
  std::size_t rows;
  std::ptrdiff_t stride;
};

/// Columns of different types side by side, as data frames hold them, without a copy of the whole: rows become float64
/// some MiB at a time, in every pass. The columns must outlive the source. Integers of 2^53 and beyond lose their last
/// digits.
class MIXFAM_API ColumnSource final : public Source {
 public:
  /// Throws Error(data) when there are no columns or no rows, or when the columns differ in their number of rows.
  explicit ColumnSource(std::vector<NamedColumn> columns);

  /// From now on NaN stands for a value that is missing.
  void allow_gaps() { has_gaps_ = true; }

  std::size_t rows() const override { return columns_.front().rows; }
  std::size_t columns() const override { return columns_.size(); }
  /// Empty where no column has a name.
  const std::vector<std::string>& column_names() const override { return column_names_; }
  bool has_gaps() const override { return has_gaps_; }
  std::string name() const override { return "data"; }
  void rewind() override { row_ = 0; }
  std::size_t rewind_to(std::size_t row) override;
  Chunk next(std::size_t granularity) override;

 private:
  std::vector<NamedColumn> columns_;
  std::vector<std::string> column_names_;
  bool has_gaps_ = false;
  std::size_t row_ = 0;
  std::vector<double> buffer_;
};

}  // namespace mixfam
