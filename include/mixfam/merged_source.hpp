#pragma once

#include <mixfam/export.hpp>
#include <mixfam/source.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace mixfam {

/// Each distinct row of another source once, in its own type and in the order of first appearance, weighted by the sum
/// of the weights of its copies.
///
/// Sums over it are those over the other source up to rounding, and so are fits from the same start. Sampled assignment
/// is the exception: all copies of a row would be given one and the same draw. Rows are the same when their bytes and
/// their labels are.
class MIXFAM_API MergedSource final : public Source {
 public:
  static constexpr std::size_t default_memory_limit = std::size_t{1} << 30;  ///< bytes

  /// Reads the source once and needs it no more.
  /// Throws Error(data) when the distinct rows take more than `memory_limit` bytes, the search for copies included.
  explicit MergedSource(Source& source, std::size_t memory_limit = default_memory_limit);

  /// Number of distinct rows.
  std::size_t rows() const override { return weights_.size(); }
  std::size_t columns() const override { return columns_; }
  const std::vector<std::string>& column_names() const override { return column_names_; }
  const std::vector<std::vector<std::string>>& category_labels() const override { return category_labels_; }
  bool has_gaps() const override { return has_gaps_; }
  std::string name() const override { return name_; }
  std::size_t row_number(std::size_t row) const override { return first_rows_[row]; }
  void rewind() override { done_ = false; }
  Chunk next(std::size_t granularity) override;

 private:
  void merge(Source& source, std::size_t memory_limit);

  std::string name_;
  std::vector<std::string> column_names_;
  std::vector<std::vector<std::string>> category_labels_;
  bool has_gaps_;
  std::size_t columns_;
  ElementType type_ = ElementType::float64;
  std::vector<std::byte> values_;        // row-major
  std::vector<double> weights_;          // of each distinct row
  std::vector<std::int32_t> labels_;     // of each distinct row, or empty
  std::vector<std::size_t> first_rows_;  // where it appeared first
  bool done_ = false;
};

}  // namespace mixfam
