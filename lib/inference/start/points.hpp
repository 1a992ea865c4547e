#pragma once

#include <mixfam/family.hpp>

#include "inference/start/row_sample.hpp"
#include "numerics/aligned.hpp"

#include <vector>

namespace mixfam {

/// Rows as points of a Euclidean space, column by column.
class Points {
 public:
  Points(std::size_t rows, std::size_t dimensions);

  std::size_t rows() const { return rows_; }
  std::size_t dimensions() const { return dimensions_; }
  VectorView coordinate(std::size_t j) { return {values_.data() + j * stride_, rows_}; }
  ConstVectorView coordinate(std::size_t j) const { return {values_.data() + j * stride_, rows_}; }
  std::vector<double> point(std::size_t n) const;

  /// |x_n - centre_k|^2 of neighbouring points n and centres k (K x dimensions, row-major), to out + k * stride.
  void squared_distances(std::size_t first, std::size_t rows, const std::vector<double>& centres, double* out,
                         std::size_t stride) const;

 private:
  std::size_t rows_;
  std::size_t dimensions_;
  std::size_t stride_;
  AlignedVector values_;
};

/// The features of the rows about their means, in units of which the greatest is near 1.
Points centred_features(const Family& family, const RowSample& sample);

/// The points with each coordinate divided by its standard deviation; a constant one becomes 0.
Points standardised(const Points& points, const std::vector<double>& weights);

/// The points in the metric of their pooled covariance within groups (Art, Gnanadesikan and Kettenring 1982), or of its
/// diagonal where the points have many dimensions or the covariance is singular.
Points sphered_within(const Points& points, const std::vector<double>& weights, const std::vector<std::size_t>& group,
                      std::size_t groups);

}  // namespace mixfam
