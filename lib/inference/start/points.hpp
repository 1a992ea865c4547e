#pragma once

#include <mixfam/family.hpp>

#include "inference/start/row_sample.hpp"
#include "numerics/aligned.hpp"

#include <map>
#include <vector>

namespace mixfam {

/// Rows as points of a Euclidean space, column by column. Coordinates may be missing: distances are those of the others
/// in proportion to their number (Dixon 1979), and a point that stands for a centre has 0 there.
class Points {
 public:
  Points(std::size_t rows, std::size_t dimensions);

  std::size_t rows() const { return rows_; }
  std::size_t dimensions() const { return dimensions_; }
  VectorView coordinate(std::size_t j) { return {values_.data() + j * stride_, rows_}; }
  ConstVectorView coordinate(std::size_t j) const { return {values_.data() + j * stride_, rows_}; }
  std::vector<double> point(std::size_t n) const;
  void mark_missing(std::size_t n, std::size_t j);
  bool has_gaps() const { return !gaps_.empty(); }
  /// Calls visit(n, j) for each missing coordinate.
  template <class Visit>
  void for_each_gap(Visit visit) const {
    for (const auto& [n, coordinates] : gaps_)
      for (const std::size_t j : coordinates) visit(n, j);
  }
  /// Puts 0 where coordinates are missing.
  void clear_gaps();

  /// |x_n - centre|^2.
  double squared_distance(std::size_t n, const double* centre) const;
  /// |x_n - centre_k|^2 of neighbouring points n and centres k (K x dimensions, row-major), to out + k * stride.
  void squared_distances(std::size_t first, std::size_t rows, const std::vector<double>& centres, double* out,
                         std::size_t stride) const;

 private:
  /// A squared distance, of which missing coordinates have a share, from the others alone.
  double of_observed(double sum, const double* centre, const std::vector<std::size_t>& gaps) const;

  std::size_t rows_;
  std::size_t dimensions_;
  std::size_t stride_;
  AlignedVector values_;
  std::map<std::size_t, std::vector<std::size_t>> gaps_;  // of points that have some, in order
};

/// The features of the rows about their means, in units of which the greatest is near 1.
Points centred_features(const Family& family, const RowSample& sample);

/// The points with each coordinate divided by its standard deviation; a constant one becomes 0.
Points standardised(const Points& points, const std::vector<double>& weights);

/// The points in the metric of their pooled covariance within groups (Art, Gnanadesikan and Kettenring 1982), or of its
/// diagonal where the points have many dimensions or gaps, or the covariance is singular.
Points sphered_within(const Points& points, const std::vector<double>& weights, const std::vector<std::size_t>& group,
                      std::size_t groups);

}  // namespace mixfam
