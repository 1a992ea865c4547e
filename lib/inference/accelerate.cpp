#include "inference/accelerate.hpp"

#include "numerics/linear_algebra.hpp"

#include <algorithm>
#include <cmath>

namespace mixfam {

namespace {

/// Evaluations that are kept: the five differences that most of the literature settles on, and one more.
constexpr std::size_t history_size = 6;

/// The longest way is multiplied by this after a success and divided by it after a failure (the `mstep` of Varadhan and
/// Roland 2008), from this at the beginning.
constexpr double length_factor = 4;

}  // namespace

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
    frame_.emplace(groups_, image);
    longest_ = length_factor;
  }
  image_statistics_ = image;
  image_ = frame_->coordinates(image, image_parameters);
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
  point_ = frame_->coordinates(point, parameters);
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
  std::vector<double> s = image_->s;
  for (std::size_t i = 0; i < s.size(); ++i) s[i] += step * way_->s[i];
  return frame_->statistics(s, image_statistics_);
}

/// The last `count` differences between neighbours in the history.
std::vector<Coordinates> Accelerator::differences(Coordinates Evaluation::*member, std::size_t count) const {
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
    if (find_spectrum_of(count)) break;
  if (spectrum_.empty() || !(spectrum_.back().value < 1)) return;
  const Coordinates& residual = history_.back().residual;
  remaining_gain_ = 2 * product(residual, residual) / (1 - std::max(spectrum_.back().value, 0.0));
}

bool Accelerator::find_spectrum_of(std::size_t count) {
  auto points = differences(&Evaluation::point, count);
  auto images = differences(&Evaluation::image, count);
  if (!normalise(points, images)) return false;
  for (const RitzPair& pair : ritz_pairs(points, images)) {
    Direction direction{pair.value, points.front()};
    direction.vector.scale(0);
    for (std::size_t i = 0; i < count; ++i) direction.vector.add(pair.factors[i], points[i]);
    spectrum_.push_back(std::move(direction));
  }
  return !spectrum_.empty();
}

std::optional<Coordinates> Accelerator::choose_way() const {
  if (spectrum_.empty()) return std::nullopt;
  if (squared_ || method_ == Acceleration::squarem) return squarem_way();
  return std::isnan(remaining_gain_) ? ascending_way() : anderson_way();
}

/// s' = s_0 - 2 a r + a^2 v after each two plain steps, r the first residual, v the difference of the two, and
/// a = -|r| / |v| (Varadhan and Roland 2008, scheme S3); a = -1 is the second image.
std::optional<Coordinates> Accelerator::squarem_way() const {
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

std::optional<Coordinates> Accelerator::anderson_way() const {
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
std::optional<Coordinates> Accelerator::least_residual_way(std::size_t count) const {
  auto residuals = differences(&Evaluation::residual, count);
  auto images = differences(&Evaluation::image, count);
  if (!normalise(residuals, images)) return std::nullopt;
  const auto W = inverse_gram_factor(products(residuals, residuals), count);
  if (W.empty()) return std::nullopt;
  const auto inverse = inverse_from_factor(ConstMatrixView::row_major(W.data(), count, count));
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
Coordinates Accelerator::ascending_way() const {
  Coordinates way = spectrum_.front().vector;
  way.scale(0);
  for (const auto& [value, vector] : spectrum_) {
    const double factor = value < 1 ? std::min(value / (1 - value), longest_) : longest_;
    if (factor > 0) way.add(factor * product(vector, history_.back().residual), vector);
  }
  return way;
}

}  // namespace mixfam
