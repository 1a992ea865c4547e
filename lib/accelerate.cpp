#include "accelerate.hpp"

#include "linear_algebra.hpp"

#include <algorithm>
#include <cmath>

namespace mixfam {

namespace {

/// Evaluations that are kept: the five differences that most of the literature settles on, and one more.
constexpr std::size_t history_size = 6;

/// The longest way is multiplied by this after a success and divided by it after a failure (the `mstep` of Varadhan and
/// Roland 2008), from this at the beginning.
constexpr double length_factor = 4;

/// Added to the diagonal of Gram matrices of unit vectors: directions that differ by less than its root are one.
constexpr double ridge = 1e-10;

ConstMatrixView square_view(const std::vector<double>& values, std::size_t size) {
  return ConstMatrixView::row_major(values.data(), size, size);
}

/// The inverse of the Cholesky factor of A plus the ridge; empty where that is not positive definite.
std::vector<double> inverse_factor(std::vector<double> A, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) A[i * size + i] += ridge;
  const auto factor = cholesky(square_view(A, size));
  return factor.empty() ? factor : invert_lower(square_view(factor, size));
}

/// W A W'.
std::vector<double> congruent(const std::vector<double>& W, const std::vector<double>& A, std::size_t size) {
  std::vector<double> result(size * size);
  for (std::size_t i = 0; i < size; ++i)
    for (std::size_t j = 0; j < size; ++j)
      for (std::size_t a = 0; a < size; ++a)
        for (std::size_t b = 0; b < size; ++b)
          result[i * size + j] += W[i * size + a] * A[a * size + b] * W[j * size + b];
  return result;
}

}  // namespace

void Accelerator::Coordinates::add(double factor, const Coordinates& other) {
  for (std::size_t i = 0; i < s.size(); ++i) s[i] += factor * other.s[i];
  for (std::size_t i = 0; i < c.size(); ++i) c[i] += factor * other.c[i];
}

void Accelerator::Coordinates::scale(double factor) {
  for (double& value : s) value *= factor;
  for (double& value : c) value *= factor;
}

/// <a, b>, made symmetric: the duals of two differences belong to slightly different places.
double Accelerator::product(const Coordinates& a, const Coordinates& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.s.size(); ++i) sum += a.s[i] * b.c[i] + a.c[i] * b.s[i];
  return 0.5 * sum;
}

/// (<a_i, b_j> + <b_i, a_j>) / 2.
std::vector<double> Accelerator::products(const std::vector<Coordinates>& a, const std::vector<Coordinates>& b) {
  const std::size_t size = a.size();
  std::vector<double> result(size * size);
  for (std::size_t i = 0; i < size; ++i)
    for (std::size_t j = 0; j <= i; ++j)
      result[i * size + j] = result[j * size + i] = 0.5 * (product(a[i], b[j]) + product(a[j], b[i]));
  return result;
}

/// Makes the first ones unit vectors and scales the others along; false where a length is not positive.
bool Accelerator::normalise(std::vector<Coordinates>& by, std::vector<Coordinates>& along) {
  for (std::size_t i = 0; i < by.size(); ++i) {
    const double square = product(by[i], by[i]);
    if (!(square > 0) || !std::isfinite(square)) return false;
    by[i].scale(1 / std::sqrt(square));
    along[i].scale(1 / std::sqrt(square));
  }
  return true;
}

Accelerator::Coordinates Accelerator::coordinates(const Statistics& statistics,
                                                  const EStepParameters& parameters) const {
  Coordinates result{{statistics.counts().begin(), statistics.counts().end()}, parameters.log_weights};
  std::vector<double> row(statistics.statistic_size());
  for (std::size_t k = 0; k < statistics.components(); ++k) {
    const auto sums = statistics.sums().row(k);
    const auto origin = frame_.origins().row(k);
    std::copy(sums.begin(), sums.end(), row.begin());
    family_->recentre(statistics.origins().row(k), origin, row);
    result.s.insert(result.s.end(), row.begin(), row.end());
    family_->coefficients(parameters.theta.row(k), origin, row);
    result.c.insert(result.c.end(), row.begin(), row.end());
  }
  return result;
}

void Accelerator::restart() {
  point_.reset();
  image_.reset();
  history_.clear();
  way_.reset();
  squared_ = false;
  remaining_gain_ = std::numeric_limits<double>::quiet_NaN();
}

void Accelerator::evaluated(const Statistics& image, const EStepParameters& image_parameters) {
  if (!image_) {
    frame_ = image;
    longest_ = length_factor;
  }
  image_statistics_ = image;
  image_ = coordinates(image, image_parameters);
  if (!point_) return;
  Evaluation evaluation{*point_, *image_, *image_, !extrapolated_};
  evaluation.residual.add(-1, *point_);
  history_.push_back(std::move(evaluation));
  if (history_.size() > history_size) history_.pop_front();
  find_spectrum();
  way_ = choose_way();
}

void Accelerator::move_to_image() {
  point_ = image_;
  extrapolated_ = false;
}

void Accelerator::move_to(const Statistics& point, const EStepParameters& parameters) {
  point_ = coordinates(point, parameters);
  extrapolated_ = true;
  longest_ *= length_factor;
  squared_ = false;
}

void Accelerator::rejected() { longest_ = std::max(longest_ / length_factor, 1.0); }

/// The way was too long; or a statistic shrinks towards 0 by a constant factor, which Anderson's combination takes
/// below 0, but SQUAREM's square never does.
void Accelerator::left_domain() {
  const Coordinates& residual = history_.back().residual;
  const bool is_long = product(*way_, *way_) > product(residual, residual);
  if (squared_ || is_long || method_ == Acceleration::squarem) rejected();
  squared_ = true;
}

std::optional<Statistics> Accelerator::extrapolate(double step) const {
  if (!way_) return std::nullopt;
  Statistics result = image_statistics_;
  result.clear();
  const std::size_t components = result.components();
  const std::size_t size = result.statistic_size();
  const auto value = [&](std::size_t i) { return image_->s[i] + step * way_->s[i]; };
  for (std::size_t k = 0; k < components; ++k) {
    result.counts()[k] = value(k);
    const auto sums = result.sums().row(k);
    for (std::size_t p = 0; p < size; ++p) sums[p] = value(components + k * size + p);
    family_->recentre(frame_.origins().row(k), result.origins().row(k), sums);
  }
  return result;
}

/// The last `count` differences between neighbours in the history.
std::vector<Accelerator::Coordinates> Accelerator::differences(Coordinates Evaluation::*member,
                                                               std::size_t count) const {
  std::vector<Coordinates> result;
  for (std::size_t i = history_.size() - count; i < history_.size(); ++i) {
    result.push_back(history_[i].*member);
    result.back().add(-1, history_[i - 1].*member);
  }
  return result;
}

/// J on the span of the last steps (Rayleigh and Ritz), and the gain that is left with J's largest eigenvalue there:
/// that of a concave quadratic is at most half of |residual|^2 / (1 - eigenvalue). It counts four times, because the
/// eigenvalue is estimated from below and the objective is no quadratic.
void Accelerator::find_spectrum() {
  remaining_gain_ = std::numeric_limits<double>::quiet_NaN();
  spectrum_.clear();
  for (std::size_t count = history_.size() - 1; count > 0; --count)
    if (ritz_pairs(count)) break;
  if (spectrum_.empty() || !(spectrum_.back().value < 1)) return;
  const Coordinates& residual = history_.back().residual;
  remaining_gain_ = 2 * product(residual, residual) / (1 - std::max(spectrum_.back().value, 0.0));
}

bool Accelerator::ritz_pairs(std::size_t count) {
  auto points = differences(&Evaluation::point, count);
  auto images = differences(&Evaluation::image, count);
  if (!normalise(points, images)) return false;
  const auto W = inverse_factor(products(points, points), count);
  if (W.empty()) return false;
  const auto J = congruent(W, products(points, images), count);
  if (!std::all_of(J.begin(), J.end(), [](double value) { return std::isfinite(value); })) return false;
  const Eigenvectors eigen = eigenvectors(square_view(J, count));
  for (std::size_t j = 0; j < count; ++j) {
    RitzPair pair{eigen.values[j], points.front()};
    pair.vector.scale(0);
    for (std::size_t i = 0; i < count; ++i) {
      double factor = 0;
      for (std::size_t a = i; a < count; ++a) factor += W[a * count + i] * eigen.vectors[a * count + j];
      pair.vector.add(factor, points[i]);
    }
    spectrum_.push_back(std::move(pair));
  }
  return true;
}

std::optional<Accelerator::Coordinates> Accelerator::choose_way() const {
  if (spectrum_.empty()) return std::nullopt;
  if (squared_ || method_ == Acceleration::squarem) return squarem_way();
  return std::isnan(remaining_gain_) ? ascending_way() : anderson_way();
}

/// s' = s_0 - 2 a r + a^2 v after each two plain steps, r the first residual, v the difference of the two, and
/// a = -|r| / |v| (Varadhan and Roland 2008, scheme S3); a = -1 is the second image.
std::optional<Accelerator::Coordinates> Accelerator::squarem_way() const {
  const Evaluation& first = history_[history_.size() - 2];
  const Evaluation& second = history_.back();
  if (!first.plain || !second.plain) return std::nullopt;
  Coordinates v = second.residual;
  v.add(-1, first.residual);
  const double ratio = product(first.residual, first.residual) / product(v, v);
  if (!(ratio > 1)) return std::nullopt;
  const double alpha = -std::min(std::sqrt(ratio), longest_);
  Coordinates way = first.point;
  way.add(-2 * alpha, first.residual);
  way.add(alpha * alpha, v);
  way.add(-1, second.image);
  return way;
}

std::optional<Accelerator::Coordinates> Accelerator::anderson_way() const {
  for (std::size_t count = history_.size() - 1; count > 0; --count) {
    auto way = least_residual_way(count);
    if (!way) continue;
    const Coordinates& residual = history_.back().residual;
    const double length = std::sqrt(product(*way, *way) / product(residual, residual));
    if (!(length > 0)) return std::nullopt;
    if (length > longest_) way->scale(longest_ / length);
    return way;
  }
  return std::nullopt;
}

/// From the last image to the combination of images that belongs to the combination of residuals of least length
/// (Walker and Ni 2011, eq. 2.1).
std::optional<Accelerator::Coordinates> Accelerator::least_residual_way(std::size_t count) const {
  auto residuals = differences(&Evaluation::residual, count);
  auto images = differences(&Evaluation::image, count);
  if (!normalise(residuals, images)) return std::nullopt;
  const auto W = inverse_factor(products(residuals, residuals), count);
  if (W.empty()) return std::nullopt;
  const auto inverse = inverse_from_factor(square_view(W, count));
  Coordinates way = images.front();
  way.scale(0);
  for (std::size_t j = 0; j < count; ++j) {
    const double right = product(residuals[j], history_.back().residual);
    for (std::size_t i = 0; i < count; ++i) way.add(-inverse[i * count + j] * right, images[i]);
  }
  return way;
}

/// Where the objective is not concave, the least residual may lie at a saddle point behind. Every step of EM ascends,
/// so it is lengthened instead: by 1 / (1 - eigenvalue), that is Newton's step, in the directions where that is finite
/// and short enough, and as far as allowed in the others.
Accelerator::Coordinates Accelerator::ascending_way() const {
  Coordinates way = spectrum_.front().vector;
  way.scale(0);
  for (const auto& [value, vector] : spectrum_) {
    const double factor = value < 1 ? std::min(value / (1 - value), longest_) : longest_;
    if (factor > 0) way.add(factor * product(vector, history_.back().residual), vector);
  }
  return way;
}

}  // namespace mixfam
