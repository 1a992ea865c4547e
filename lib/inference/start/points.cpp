#include "inference/start/points.hpp"

#include <mixfam/exponential_family.hpp>

#include "data/blocks.hpp"
#include "kernels/kernels.hpp"
#include "numerics/linear_algebra.hpp"

#include <algorithm>
#include <cmath>

namespace mixfam {

namespace {

/// Beyond so many dimensions a covariance takes longer than all else and more rows than there may be.
constexpr std::size_t most_sphered_dimensions = 32;

double weighted_square(const std::vector<double>& weights, ConstVectorView a, ConstVectorView b) {
  std::vector<double> weighted(a.size());
  for (std::size_t n = 0; n < a.size(); ++n) weighted[n] = weights[n] * a[n];
  return detail::dot(weighted.data(), b.data(), b.size());
}

/// Each point minus the mean of its group.
Points residuals_of(const Points& points, const std::vector<double>& weights, const std::vector<std::size_t>& group,
                    std::size_t groups) {
  Points residuals = points;
  std::vector<double> counts(groups);
  for (std::size_t n = 0; n < points.rows(); ++n) counts[group[n]] += weights[n];
  for (std::size_t j = 0; j < points.dimensions(); ++j) {
    std::vector<double> means(groups);
    const auto r = residuals.coordinate(j);
    for (std::size_t n = 0; n < r.size(); ++n) means[group[n]] += weights[n] * r[n];  // 0 where missing
    std::vector<double> observed = counts;
    points.for_each_gap([&](std::size_t n, std::size_t i) {
      if (i == j) observed[group[n]] -= weights[n];
    });
    for (std::size_t k = 0; k < groups; ++k) means[k] /= observed[k] > 0 ? observed[k] : 1;
    for (std::size_t n = 0; n < r.size(); ++n) r[n] -= means[group[n]];
  }
  residuals.clear_gaps();
  return residuals;
}

void multiply(VectorView values, double factor) {
  for (double& value : values) value *= factor;
}

void scale(Points& points, std::size_t j, double squares, double weight) {
  multiply(points.coordinate(j), squares > 0 ? 1 / std::sqrt(squares / weight) : 0);
}

double greatest_of(ConstVectorView values) {
  double greatest = 0;
  for (const double value : values) greatest = std::max(greatest, std::abs(value));
  return greatest;
}

/// A power of two that brings values within 1, so that their squares neither overflow nor vanish; 1 for zeros.
double range_factor(double greatest) {
  int exponent = 0;
  if (std::isfinite(greatest)) std::frexp(greatest, &exponent);
  return std::ldexp(1, -exponent);
}

double sum_of(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum;
}

/// The weight of the points that have each coordinate.
std::vector<double> observed_weights(const Points& points, const std::vector<double>& weights) {
  std::vector<double> result(points.dimensions(), sum_of(weights));
  points.for_each_gap([&](std::size_t n, std::size_t j) { result[j] -= weights[n]; });
  return result;
}

}  // namespace

Points::Points(std::size_t rows, std::size_t dimensions)
    : rows_(rows), dimensions_(dimensions), stride_(column_stride(rows)), values_(stride_ * dimensions) {}

std::vector<double> Points::point(std::size_t n) const {
  std::vector<double> result(dimensions_);
  for (std::size_t j = 0; j < dimensions_; ++j) result[j] = coordinate(j)[n];
  return result;
}

void Points::mark_missing(std::size_t n, std::size_t j) {
  gaps_[n].push_back(j);
  coordinate(j)[n] = 0;
}

void Points::clear_gaps() {
  for_each_gap([&](std::size_t n, std::size_t j) { coordinate(j)[n] = 0; });
}

double Points::of_observed(double sum, const double* centre, const std::vector<std::size_t>& gaps) const {
  if (gaps.size() == dimensions_) return 0;
  for (const std::size_t j : gaps) sum -= centre[j] * centre[j];
  return std::max(sum, 0.0) * static_cast<double>(dimensions_) / static_cast<double>(dimensions_ - gaps.size());
}

double Points::squared_distance(std::size_t n, const double* centre) const {
  double sum = 0;
  for (std::size_t j = 0; j < dimensions_; ++j) {
    const double difference = coordinate(j)[n] - centre[j];
    sum += difference * difference;
  }
  const auto found = gaps_.find(n);
  return found == gaps_.end() ? sum : of_observed(sum, centre, found->second);
}

void Points::squared_distances(std::size_t first, std::size_t rows, const std::vector<double>& centres, double* out,
                               std::size_t stride) const {
  const std::size_t count = centres.size() / dimensions_;
  std::vector<const double*> columns(dimensions_);
  for (std::size_t j = 0; j < dimensions_; ++j) columns[j] = coordinate(j).data() + first;
  const std::vector<double> ones(centres.size(), 1);
  const std::vector<double> zeros(count);
  for (std::size_t k = 0; k < count; ++k) std::fill_n(out + k * stride, rows, 0.0);
  kernels().add_standardised({columns.data(), dimensions_, rows}, {centres.data(), ones.data(), zeros.data()},
                             {out, static_cast<std::ptrdiff_t>(stride), count});
  for (std::size_t k = 0; k < count; ++k)
    for (std::size_t n = 0; n < rows; ++n) out[k * stride + n] *= -2;
  for (auto gap = gaps_.lower_bound(first); gap != gaps_.end() && gap->first < first + rows; ++gap)
    for (std::size_t k = 0; k < count; ++k) {
      double& distance = out[k * stride + gap->first - first];
      distance = of_observed(distance, centres.data() + k * dimensions_, gap->second);
    }
}

Points centred_features(const Family& family, const RowSample& sample) {
  Points points(sample.rows(), family.feature_size());
  std::vector<double> buffer(block_rows * points.dimensions());
  MemorySource source = sample.source();
  for_each_block(Rows(source, 1), [&](const DataBlock& block) {
    const std::size_t rows = block.x.rows;
    const auto F = MatrixView::column_major(buffer.data(), rows, points.dimensions());
    family.features(block.x, F);
    for (std::size_t j = 0; j < points.dimensions(); ++j) {
      std::copy_n(F.column(j).data(), rows, points.coordinate(j).data() + block.first_row);
      for (std::size_t n = 0; block.x.missing && n < rows; ++n)
        if (std::isnan(F(n, j))) points.mark_missing(block.first_row + n, j);
    }
    return true;
  });
  const std::vector<std::size_t> one_group(sample.rows());
  Points residuals = residuals_of(points, sample.weights, one_group, 1);
  double greatest = 0;
  for (std::size_t j = 0; j < residuals.dimensions(); ++j)
    greatest = std::max(greatest, greatest_of(residuals.coordinate(j)));
  for (std::size_t j = 0; j < residuals.dimensions(); ++j) multiply(residuals.coordinate(j), range_factor(greatest));
  return residuals;
}

Points standardised(const Points& points, const std::vector<double>& weights) {
  Points result = points;
  const std::vector<double> weight = observed_weights(points, weights);
  for (std::size_t j = 0; j < points.dimensions(); ++j) {
    const auto x = result.coordinate(j);
    multiply(x, range_factor(greatest_of(x)));
    scale(result, j, weighted_square(weights, x, x), weight[j]);
  }
  return result;
}

Points sphered_within(const Points& points, const std::vector<double>& weights, const std::vector<std::size_t>& group,
                      std::size_t groups) {
  const std::size_t d = points.dimensions();
  const std::vector<double> weight = observed_weights(points, weights);
  const Points residuals = residuals_of(points, weights, group, groups);
  const auto square = [&](std::size_t i, std::size_t j) {
    return weighted_square(weights, residuals.coordinate(i), residuals.coordinate(j)) / weight[j];
  };
  Points result = points;
  std::vector<double> covariance(d * d);
  std::vector<double> factor;
  if (d <= most_sphered_dimensions && !points.has_gaps()) {
    for (std::size_t i = 0; i < d; ++i)
      for (std::size_t j = 0; j <= i; ++j) covariance[i * d + j] = covariance[j * d + i] = square(i, j);
    factor = cholesky(ConstMatrixView::row_major(covariance.data(), d, d));
  }
  if (factor.empty()) {
    for (std::size_t j = 0; j < d; ++j) scale(result, j, square(j, j), 1);
    return result;
  }
  const std::vector<double> W = invert_lower(ConstMatrixView::row_major(factor.data(), d, d));
  for (std::size_t i = 0; i < d; ++i) {
    const auto out = result.coordinate(i);
    std::fill(out.begin(), out.end(), 0.0);
    for (std::size_t j = 0; j <= i; ++j) {
      const auto x = points.coordinate(j);
      for (std::size_t n = 0; n < out.size(); ++n) out[n] += W[i * d + j] * x[n];
    }
  }
  return result;
}

}  // namespace mixfam
