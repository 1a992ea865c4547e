#pragma once

#include <mixfam/source.hpp>

#include <cstddef>

namespace mixfam {

/// A place in a source, for whoever takes its rows in other pieces than it hands out.
class RowCursor {
 public:
  explicit RowCursor(Source& source) : source_(source) {}

  /// To any row, where reading begins.
  void go_to(std::size_t row);
  /// To a row further on.
  void skip_to(std::size_t row) { row_ = row; }
  std::size_t row() const { return row_; }
  /// Rows from this place on, at least one; valid until the next call. Throws Error(data) when the source has none.
  Chunk rows();

 private:
  Source& source_;
  std::size_t row_ = 0;
  Chunk chunk_;
};

/// How many rows of `row_bytes` to hand out at a time: a multiple of `granularity`, enough to keep threads busy.
std::size_t piece_rows(std::size_t granularity, std::size_t row_bytes);

}  // namespace mixfam
