#pragma once

#include <mixfam/source.hpp>

#include "data/row_buffer.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace mixfam {

/// All rows of a source, copied in their own type, so that several passes can go over them side by side.
class CopiedRows {
 public:
  /// Throws what the source throws, and Error(data) where it hands out rows of several types.
  explicit CopiedRows(Source& source);

 private:
  friend class CopiedSource;

  std::vector<std::string> column_names_;
  std::vector<std::vector<std::string>> category_labels_;
  bool has_gaps_;
  std::string name_;
  std::vector<std::size_t> row_numbers_;
  std::size_t columns_;
  RowBuffer rows_;
};

/// One reader of copied rows, which must outlive it. Each thread has its own.
class CopiedSource final : public Source {
 public:
  explicit CopiedSource(const CopiedRows& rows) : rows_(rows) {}

  std::size_t rows() const override { return rows_.row_numbers_.size(); }
  std::size_t columns() const override { return rows_.columns_; }
  const std::vector<std::string>& column_names() const override { return rows_.column_names_; }
  const std::vector<std::vector<std::string>>& category_labels() const override { return rows_.category_labels_; }
  bool has_gaps() const override { return rows_.has_gaps_; }
  std::string name() const override { return rows_.name_; }
  std::size_t row_number(std::size_t row) const override { return rows_.row_numbers_[row]; }
  void rewind() override { done_ = false; }
  Chunk next(std::size_t granularity) override;

 private:
  const CopiedRows& rows_;
  bool done_ = false;
};

}  // namespace mixfam
