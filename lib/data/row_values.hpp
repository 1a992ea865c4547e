#pragma once

#include <mixfam/source.hpp>

#include <cstddef>

namespace mixfam {

/// Throws Error(data) unless there is a finite weight >= 0 for each row of the source, or none at all.
void check_row_weights(const Source& source, ConstVectorView weights);
/// Throws Error(data) unless there is a label >= `unlabelled` for each row of the source, or none at all.
void check_row_labels(const Source& source, BasicVectorView<const std::int32_t> labels);

/// The values of the rows from `first` on, as chunks point to them.
template <class T>
const T* row_values(const RowValues<T>& values, std::size_t first) {
  return values.view().empty() ? nullptr : values.view().data() + first;
}

}  // namespace mixfam
