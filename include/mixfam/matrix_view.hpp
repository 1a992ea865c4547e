#pragma once

#include <cstddef>
#include <type_traits>
#include <utility>

namespace mixfam {

/// A run of numbers that somebody else owns. (std::span, for callers that compile as C++17.)
template <class T>
class BasicVectorView {
 public:
  constexpr BasicVectorView() = default;
  constexpr BasicVectorView(T* data, std::size_t size) : data_(data), size_(size) {}

  /// From anything contiguous: std::vector, std::array, std::span, another view.
  template <class C, class = std::enable_if_t<std::is_convertible_v<decltype(std::declval<C&>().data()), T*> &&
                                              std::is_convertible_v<decltype(std::declval<C&>().size()), std::size_t>>>
  constexpr BasicVectorView(C&& container) : data_(container.data()), size_(container.size()) {}

  constexpr T* data() const { return data_; }
  constexpr std::size_t size() const { return size_; }
  constexpr bool empty() const { return size_ == 0; }
  constexpr T* begin() const { return data_; }
  constexpr T* end() const { return data_ + size_; }
  constexpr T& operator[](std::size_t i) const { return data_[i]; }
  constexpr BasicVectorView part(std::size_t first, std::size_t count) const { return {data_ + first, count}; }

 private:
  T* data_ = nullptr;
  std::size_t size_ = 0;
};

using VectorView = BasicVectorView<double>;
using ConstVectorView = BasicVectorView<const double>;

/// A matrix that somebody else owns, in any strided order; strides count elements.
template <class T>
class BasicMatrixView {
 public:
  constexpr BasicMatrixView() = default;
  constexpr BasicMatrixView(T* data, std::size_t rows, std::size_t columns, std::ptrdiff_t row_stride,
                            std::ptrdiff_t column_stride)
      : data_(data), rows_(rows), columns_(columns), row_stride_(row_stride), column_stride_(column_stride) {}

  static constexpr BasicMatrixView row_major(T* data, std::size_t rows, std::size_t columns) {
    return {data, rows, columns, static_cast<std::ptrdiff_t>(columns), 1};
  }
  static constexpr BasicMatrixView column_major(T* data, std::size_t rows, std::size_t columns) {
    return {data, rows, columns, 1, static_cast<std::ptrdiff_t>(rows)};
  }

  /// A view of constants can be had from a view of variables.
  template <class U, class = std::enable_if_t<std::is_same_v<const U, T> && !std::is_same_v<U, T>>>
  constexpr BasicMatrixView(const BasicMatrixView<U>& other)
      : BasicMatrixView(other.data(), other.rows(), other.columns(), other.row_stride(), other.column_stride()) {}

  constexpr T* data() const { return data_; }
  constexpr std::size_t rows() const { return rows_; }
  constexpr std::size_t columns() const { return columns_; }
  constexpr std::ptrdiff_t row_stride() const { return row_stride_; }
  constexpr std::ptrdiff_t column_stride() const { return column_stride_; }

  constexpr T& operator()(std::size_t i, std::size_t j) const {
    return data_[static_cast<std::ptrdiff_t>(i) * row_stride_ + static_cast<std::ptrdiff_t>(j) * column_stride_];
  }
  /// Row i as a run; requires column_stride() == 1.
  constexpr BasicVectorView<T> row(std::size_t i) const {
    return {data_ + static_cast<std::ptrdiff_t>(i) * row_stride_, columns_};
  }
  /// Column j as a run; requires row_stride() == 1.
  constexpr BasicVectorView<T> column(std::size_t j) const {
    return {data_ + static_cast<std::ptrdiff_t>(j) * column_stride_, rows_};
  }
  /// All rows of `count` neighbouring columns.
  constexpr BasicMatrixView column_range(std::size_t first, std::size_t count) const {
    return {data_ + static_cast<std::ptrdiff_t>(first) * column_stride_, rows_, count, row_stride_, column_stride_};
  }
  /// `count` neighbouring rows.
  constexpr BasicMatrixView row_range(std::size_t first, std::size_t count) const {
    return {data_ + static_cast<std::ptrdiff_t>(first) * row_stride_, count, columns_, row_stride_, column_stride_};
  }

 private:
  T* data_ = nullptr;
  std::size_t rows_ = 0;
  std::size_t columns_ = 0;
  std::ptrdiff_t row_stride_ = 0;
  std::ptrdiff_t column_stride_ = 0;
};

using MatrixView = BasicMatrixView<double>;
using ConstMatrixView = BasicMatrixView<const double>;

}  // namespace mixfam
