#pragma once

/// Adaptors for callers who keep their data in xtensor. The compiled library knows nothing of xtensor's types, which
/// change with the caller's macros; everything here is inline. Not part of mixfam.hpp.

#include <mixfam/matrix_view.hpp>

#include <xtensor/xadapt.hpp>
#include <xtensor/xtensor.hpp>

namespace mixfam {

/// An N x D tensor of any layout as a view; the tensor must outlive it.
template <class T, xt::layout_type L>
BasicMatrixView<T> view(xt::xtensor<T, 2, L>& tensor) {
  return {tensor.data(), tensor.shape(0), tensor.shape(1), tensor.strides()[0], tensor.strides()[1]};
}
template <class T, xt::layout_type L>
BasicMatrixView<const T> view(const xt::xtensor<T, 2, L>& tensor) {
  return {tensor.data(), tensor.shape(0), tensor.shape(1), tensor.strides()[0], tensor.strides()[1]};
}
template <class T, xt::layout_type L>
void view(const xt::xtensor<T, 2, L>&& temporary) = delete;

/// A copy of a view.
inline xt::xtensor<double, 2> to_xtensor(ConstMatrixView matrix) {
  auto tensor = xt::xtensor<double, 2>::from_shape({matrix.rows(), matrix.columns()});
  for (std::size_t i = 0; i < matrix.rows(); ++i)
    for (std::size_t j = 0; j < matrix.columns(); ++j) tensor(i, j) = matrix(i, j);
  return tensor;
}

}  // namespace mixfam
