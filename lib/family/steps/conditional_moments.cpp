#include "family/steps/conditional_moments.hpp"

#include <mixfam/detail/matrix_product.hpp>

#include "numerics/linear_algebra.hpp"

#include <algorithm>
#include <cmath>

namespace mixfam {

namespace {

/// Doubles of moments that are kept: those of further patterns are made anew for each block.
constexpr std::size_t most_kept_values = std::size_t{1} << 23;

/// Where the parts of a pattern's moments lie, for one component.
struct Moments {
  Moments(double* begin, std::size_t m, std::size_t d)
      : log_determinant(begin),
        regression(MatrixView::row_major(begin + 1, m, d)),
        covariance(MatrixView::row_major(begin + 1 + m * d, m, m)),
        root(MatrixView::row_major(begin + 1 + m * (d + m), m, m)) {}

  double* log_determinant;
  MatrixView regression;
  MatrixView covariance;
  MatrixView root;
};

/// Whether two rows miss the same cells, and an order of rows by the cells that they miss.
int compare_gaps(const Block& x, std::size_t a, std::size_t b) {
  for (std::size_t j = 0; j < x.column_count; ++j)
    if (x.missing[j] && x.missing[j][a] != x.missing[j][b]) return x.missing[j][a] ? -1 : 1;
  return 0;
}

}  // namespace

ConditionalMoments::ConditionalMoments(ConstMatrixView means, std::function<const double*(std::size_t)> whitening)
    : d_(means.columns()), means_(means), whitening_(std::move(whitening)) {}

IncompleteRows ConditionalMoments::find(const Block& x, Workspace::Frame& frame) const {
  auto* rows = frame.take<std::size_t>(x.rows);
  std::size_t count = 0;
  for (std::size_t n = 0; n < x.rows; ++n)
    if (std::any_of(x.missing, x.missing + d_, [n](const unsigned char* missing) { return missing && missing[n]; }))
      rows[count++] = n;
  std::sort(rows, rows + count, [&](std::size_t a, std::size_t b) {
    const int order = compare_gaps(x, a, b);
    return order < 0 || (order == 0 && a < b);
  });
  auto* values = frame.zeros(count * d_);
  for (std::size_t i = 0; i < count; ++i)
    for (std::size_t j = 0; j < d_; ++j)
      if (!x.is_missing(rows[i], j)) values[i * d_ + j] = x.column(j)[rows[i]];
  auto* patterns = frame.take<GapPattern>(count);
  std::size_t pattern_count = 0;
  for (std::size_t i = 0; i < count;) {
    std::size_t end = i + 1;
    while (end < count && compare_gaps(x, rows[i], rows[end]) == 0) ++end;
    auto* missing = frame.take<std::size_t>(d_);
    std::size_t missing_count = 0;
    for (std::size_t j = 0; j < d_; ++j)
      if (x.is_missing(rows[i], j)) missing[missing_count++] = j;
    GapPattern& pattern = patterns[pattern_count++];
    pattern = {i, end - i, missing, missing_count, nullptr};
    pattern.moments = moments_of(pattern, frame);
    i = end;
  }
  return {patterns, pattern_count, rows, count, values};
}

const double* ConditionalMoments::moments_of(GapPattern pattern, Workspace::Frame& frame) const {
  const std::size_t size = means_.rows() * pattern.moments_size(d_);
  const Key key(pattern.missing, pattern.missing + pattern.missing_count);
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = kept_.find(key); found != kept_.end()) return found->second.get();
    if (kept_values_ + size <= most_kept_values) {
      auto made = std::make_unique<double[]>(size);
      compute(pattern, made.get());
      kept_values_ += size;
      return kept_.emplace(key, std::move(made)).first->second.get();
    }
  }
  double* made = frame.zeros(size);
  compute(pattern, made);
  return made;
}

/// L_mm = R'R with the triangle R of the columns m of W: no condition is squared.
void ConditionalMoments::compute(const GapPattern& pattern, double* values) const {
  const std::size_t m = pattern.missing_count;
  std::vector<double> buffer(d_ * (m + d_));
  const auto A = MatrixView::row_major(buffer.data(), d_, m + d_);
  for (std::size_t k = 0; k < means_.rows(); ++k) {
    const Moments moments(values + k * pattern.moments_size(d_), m, d_);
    const auto W = ConstMatrixView::row_major(whitening_(k), d_, d_);
    for (std::size_t i = 0; i < d_; ++i) {
      for (std::size_t a = 0; a < m; ++a) A(i, a) = W(i, pattern.missing[a]);
      for (std::size_t j = 0; j < d_; ++j) A(i, m + j) = W(i, j);
    }
    triangularise(A, m);
    *moments.log_determinant = 0;
    for (std::size_t a = 0; a < m; ++a) *moments.log_determinant -= 2 * std::log(std::abs(A(a, a)));
    for (std::size_t a = m; a-- > 0;) {  // rows of R^-1 and of the regression, the last first
      for (std::size_t c = 0; c < m; ++c) moments.root(a, c) = a == c ? 1 : 0;
      for (std::size_t j = 0; j < d_; ++j) moments.regression(a, j) = -A(a, m + j);
      for (std::size_t b = a + 1; b < m; ++b) {
        for (std::size_t c = 0; c < m; ++c) moments.root(a, c) -= A(a, b) * moments.root(b, c);
        for (std::size_t j = 0; j < d_; ++j) moments.regression(a, j) -= A(a, b) * moments.regression(b, j);
      }
      for (std::size_t c = 0; c < m; ++c) moments.root(a, c) /= A(a, a);
      for (std::size_t j = 0; j < d_; ++j) moments.regression(a, j) /= A(a, a);
    }
    for (std::size_t a = 0; a < m; ++a)
      for (std::size_t b = 0; b < m; ++b) {
        moments.covariance(a, b) = 0;
        for (std::size_t c = 0; c < m; ++c) moments.covariance(a, b) += moments.root(a, c) * moments.root(b, c);
        moments.regression(a, pattern.missing[b]) = 0;
      }
  }
}

Block ConditionalMoments::complete(const Block& x, const IncompleteRows& incomplete, std::size_t k,
                                   Workspace::Frame& frame, Random* draws, ConstVectorView r,
                                   double* half_squares) const {
  auto* columns = frame.take<const double*>(d_);
  auto* completed = frame.take<double*>(d_);
  for (std::size_t j = 0; j < d_; ++j) {
    columns[j] = x.column(j);
    completed[j] = nullptr;
    if (!x.missing[j]) continue;
    columns[j] = completed[j] = frame.take(x.rows);
    std::copy_n(x.column(j), x.rows, completed[j]);
  }
  const double* mean = means_.row(k).data();
  double* residual = frame.take(d_);
  double* normals = frame.take(d_);
  for (std::size_t p = 0; p < incomplete.pattern_count; ++p) {
    const GapPattern& pattern = incomplete.patterns[p];
    const std::size_t m = pattern.missing_count;
    const double* moments = pattern.moments + k * pattern.moments_size(d_);
    const double* regression = moments + 1;
    const double* root = moments + 1 + m * (d_ + m);
    for (std::size_t i = pattern.first; i < pattern.first + pattern.rows; ++i) {
      const double* values = incomplete.values + i * d_;
      const std::size_t n = incomplete.rows[i];
      for (std::size_t j = 0; j < d_; ++j) residual[j] = values[j] - mean[j];
      for (std::size_t a = 0; a < m; ++a)
        completed[pattern.missing[a]][n] = mean[pattern.missing[a]] + detail::dot(regression + a * d_, residual, d_);
      if (!draws || !(r[n] > 0)) continue;
      half_squares[i] = 0;
      for (std::size_t a = 0; a < m; ++a) {
        normals[a] = draws->normal();
        half_squares[i] += 0.5 * normals[a] * normals[a];
      }
      for (std::size_t a = 0; a < m; ++a)
        for (std::size_t b = a; b < m; ++b) completed[pattern.missing[a]][n] += root[a * m + b] * normals[b];
    }
  }
  return {columns, d_, x.rows};
}

}  // namespace mixfam
