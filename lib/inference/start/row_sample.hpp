#pragma once

#include <mixfam/random.hpp>
#include <mixfam/source.hpp>

#include "data/blocks.hpp"

#include <vector>

namespace mixfam {

/// Rows of data in memory, in the order of their source.
struct RowSample {
  std::size_t columns = 0;
  std::vector<double> values;        ///< column-major
  std::vector<double> weights;       ///< one for each row
  std::vector<std::int32_t> labels;  ///< the same, or empty
  bool weighted = false;             ///< or all weights are 1
  bool has_gaps = false;             ///< NaN is missing
  bool all = false;                  ///< these are all rows of positive weight

  std::size_t rows() const { return weights.size(); }
  ConstMatrixView view() const { return ConstMatrixView::column_major(values.data(), rows(), columns); }
  MemorySource source() const {
    MemorySource result(view(), weighted ? ConstVectorView(weights) : ConstVectorView());
    if (has_gaps) result.allow_gaps();
    if (!labels.empty()) result.set_labels(labels);
    return result;
  }
};

/// All rows of positive weight, or one drawn from each of `most` equal strata of them where they are more, and with
/// these those that have labels as long as they are not more than `most`.
RowSample draw_sample(const Rows& rows, std::size_t most, Random& random);

/// The sample, or one row drawn from each of `most` equal strata of it where it has more.
RowSample thinned(const RowSample& sample, std::size_t most, Random& random);

}  // namespace mixfam
