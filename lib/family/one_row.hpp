#pragma once

#include <mixfam/block.hpp>
#include <mixfam/matrix_view.hpp>

#include <cmath>
#include <vector>

namespace mixfam {

/// A row of D values as a block, which lives as long as this and the values do. NaN is missing.
class OneRow {
 public:
  explicit OneRow(ConstVectorView row) {
    static constexpr unsigned char mark = 1;
    for (const double& value : row) {
      columns_.push_back(&value);
      missing_.push_back(std::isnan(value) ? &mark : nullptr);
      has_gaps_ = has_gaps_ || std::isnan(value);
    }
  }
  Block block() const {
    Block block{columns_.data(), columns_.size(), 1};
    if (has_gaps_) block.missing = missing_.data();
    return block;
  }

 private:
  std::vector<const double*> columns_;
  std::vector<const unsigned char*> missing_;
  bool has_gaps_ = false;
};

}  // namespace mixfam
