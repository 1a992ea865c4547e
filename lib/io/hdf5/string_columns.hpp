#pragma once

#include "data/label_codes.hpp"
#include "io/hdf5/cells.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace mixfam::hdf5 {

/// The columns of strings of a data set, which become the places of their labels in sorted order.
class StringColumns {
 public:
  /// Their codes stand among `codes` from number `first_code` on.
  StringColumns(std::shared_ptr<LabelCodes> codes, std::size_t first_code)
      : codes_(std::move(codes)), first_code_(first_code) {}

  /// A column of what is handed out whose cells lie at an offset within a row of `row_bytes` bytes.
  void add(std::size_t column, std::size_t offset, Handle type);
  bool empty() const { return columns_.empty(); }
  std::size_t count() const { return columns_.size(); }
  std::size_t column(std::size_t i) const { return columns_[i].column; }
  hid_t type(std::size_t i) const { return columns_[i].type.id(); }
  /// The type of a row in memory.
  void set_row(Handle type, std::size_t bytes);
  std::size_t row_bytes() const { return row_bytes_; }

  /// The labels of each column as they first appear, by one pass that also keeps their codes. Throws Error(data) where
  /// they are too many to be categories.
  std::vector<std::vector<std::string>> collect(const CellReader& reader, std::size_t rows, std::size_t block_rows,
                                                const std::vector<std::string>& names);
  /// The labels in sorted order, whose places `read` gives from now on.
  std::vector<std::vector<std::string>> sort(std::vector<std::vector<std::string>> labels);
  /// The places of some rows, row after row.
  const std::vector<std::uint16_t>& read(std::size_t first, std::size_t rows);

 private:
  struct Column {
    std::size_t column;
    std::size_t offset;
    Handle type;
  };

  void reclaim(const CellReader& reader, std::size_t rows, std::vector<std::byte>& cells) const;

  std::vector<Column> columns_;
  Handle row_type_;
  std::size_t row_bytes_ = 0;
  std::shared_ptr<LabelCodes> codes_;  ///< numbers of labels as they first appear
  std::size_t first_code_;
  std::vector<std::vector<std::uint16_t>> places_;  ///< in sorted order
  std::vector<std::uint16_t> block_;
};

}  // namespace mixfam::hdf5
