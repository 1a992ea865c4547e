#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace mixfam::cli {

/// Columns of text for a terminal, each as wide as its widest cell. Numbers stand right, labels left.
class TextTable {
 public:
  enum class Align { left, right };

  void add_column(std::string header, Align align = Align::right);
  std::size_t columns() const { return headers_.size(); }
  /// Cells that are missing at the end stay empty.
  void add_row(std::vector<std::string> cells);
  /// A line of text across all columns.
  void add_remark(std::string text);
  /// As many tables one below the other as it takes to keep to a width; the first `key_columns` stand in each.
  std::string str(std::size_t width, std::size_t key_columns) const;
  std::string str() const;

 private:
  struct Line {
    bool remark;
    std::vector<std::string> cells;
  };

  std::vector<std::size_t> widths() const;
  std::string format(const Line& line, const std::vector<std::size_t>& widths,
                     const std::vector<std::size_t>& columns) const;
  std::string format(const std::vector<std::size_t>& widths, const std::vector<std::size_t>& columns) const;

  std::vector<std::string> headers_;
  std::vector<Align> alignments_;
  std::vector<Line> lines_;
};

}  // namespace mixfam::cli
