#pragma once

#include <mixfam/block.hpp>
#include <mixfam/matrix_view.hpp>

#include <vector>

namespace mixfam {

/// A row of D values as a block, which lives as long as this and the values do.
class OneRow {
 public:
  explicit OneRow(ConstVectorView row) {
    for (const double& value : row) columns_.push_back(&value);
  }
  Block block() const { return {columns_.data(), columns_.size(), 1}; }

 private:
  std::vector<const double*> columns_;
};

}  // namespace mixfam
