#pragma once

#include <mixfam/block.hpp>
#include <mixfam/export.hpp>
#include <mixfam/matrix_view.hpp>
#include <mixfam/workspace.hpp>

#include <cstddef>
#include <vector>

namespace mixfam::detail {

/// L += T C' for blocks of columns T (rows x P) and coefficients C (K x P), in the vectors of the processor.
class MIXFAM_API MatrixProduct {
 public:
  explicit MatrixProduct(ConstMatrixView C);
  void add(const Block& T, MatrixView L) const;

 private:
  std::size_t components_;
  std::vector<double> panels_;
};

/// S += R' T for a block of columns T (rows x P) and responsibilities R (rows x K, column-major); S: K x P.
MIXFAM_API void accumulate_products(const Block& T, ConstMatrixView R, MatrixView S);

/// t(X) of a block, column by column, in the memory of a frame.
class StatisticColumns {
 public:
  StatisticColumns(std::size_t rows, std::size_t size, Workspace::Frame& frame)
      : rows_(rows), size_(size), values_(frame.take(stride(rows) * size)), columns_(frame.take<const double*>(size)) {
    for (std::size_t p = 0; p < size; ++p) columns_[p] = values_ + p * stride(rows);
  }
  MatrixView view() { return {values_, rows_, size_, 1, static_cast<std::ptrdiff_t>(stride(rows_))}; }
  Block block() const { return {columns_, size_, rows_}; }

 private:
  /// Not a power of two: such columns would share their places in the caches.
  static std::size_t stride(std::size_t rows) { return (rows + 7) / 8 * 8 + 8; }

  std::size_t rows_;
  std::size_t size_;
  double* values_;
  const double** columns_;
};

/// sum_n a[n] b[n] in eight running sums: a fixed order that vectorises.
inline double dot(const double* a, const double* b, std::size_t size) {
  double lanes[8] = {};
  std::size_t n = 0;
  for (; n + 8 <= size; n += 8)
    for (std::size_t lane = 0; lane < 8; ++lane) lanes[lane] += a[n + lane] * b[n + lane];
  for (std::size_t lane = 0; n < size; ++n, ++lane) lanes[lane] += a[n] * b[n];
  return ((lanes[0] + lanes[4]) + (lanes[1] + lanes[5])) + ((lanes[2] + lanes[6]) + (lanes[3] + lanes[7]));
}

}  // namespace mixfam::detail
