#include "inference/second_look.hpp"

#include <mixfam/error.hpp>

#include "family/one_row.hpp"
#include "numerics/streams.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace mixfam {

namespace {

/// Length of the step of a difference quotient of the iteration. Its relative error is of the order of the length
/// divided by the root of the number of rows; rounding adds eps times that root divided by the length.
constexpr double difference = 1e-5;
/// Steps that leave the domain are shortened by this, so many times.
constexpr double shortening = 1e-2;
constexpr int shortenings = 2;

/// A largest eigenvalue a is believed after this / sqrt(1 - a) passes, and not before 2: as many tell it from 1 however
/// the first direction lies, up to a logarithm (Kuczynski and Wozniakowski 1992, theorem 3.2).
constexpr double needed_passes = 1.5;

/// An eigenvalue may be off by as many lengths of J x - a x.
constexpr double caution = 2;

/// A step of the iterations tells J where it is so many roundings long.
constexpr double accurate = 1e6;

/// Below this length of J x - a x the eigenvector is found.
constexpr double exact_enough = 1e-7;

/// From 1 less this on the curvature of the objective cannot be told from none. At a distance from a fixed point J is
/// another by about that distance over the root of the number of rows.
constexpr double flat = 1e-4;

Coordinates combination(const RitzPair& pair, const std::vector<Coordinates>& of, std::size_t first) {
  Coordinates sum = of[first];
  sum.scale(pair.factors[first]);
  for (std::size_t i = first + 1; i < of.size(); ++i) sum.add(pair.factors[i], of[i]);
  return sum;
}

/// Passes of a look: these, or a share of the passes so far, if that is more; and the fit goes on for as many times
/// its passes before the next look.
constexpr std::size_t fewest_allowed = 10;
constexpr std::size_t most_allowed = 40;
constexpr std::size_t share = 4;

/// A unit vector that adds less than this to the span of others adds its errors.
constexpr double nearly_dependent = 1e-3;

/// Draws of each component for a direction: one alone may hit what is expected.
constexpr int draws = 4;

/// Components whose divergence is below this, in nats a row, are one.
constexpr double equal_divergence = 1e-6;

}  // namespace

std::size_t LookSchedule::most_passes(std::size_t iteration) {
  return std::clamp(iteration / share, fewest_allowed, most_allowed);
}

void LookSchedule::put_off(std::size_t iteration, const SecondLook& look, double tolerance, bool accelerated) {
  std::size_t wait = share * look.passes();
  const double eigenvalue = look.eigenvalue();
  if (!accelerated && eigenvalue > 0 && eigenvalue < 1) {
    const double needed = std::log(look.remaining_gain() / tolerance) / (-2 * std::log(eigenvalue));
    wait = std::max(wait, static_cast<std::size_t>(needed / 2));
  }
  next_ = iteration + wait;
}

std::string describe_equal_components(const EStepParameters& parameters) {
  const Groups& groups = parameters.groups;
  std::string text;
  for (std::size_t i = 0; i < groups.components(); ++i)
    for (std::size_t j = i + 1; j < groups.components(); ++j) {
      if (groups.group_of(i) != groups.group_of(j)) continue;
      const Family& family = groups.family_of(i);
      std::vector<double> origin(family.origin_size());
      std::vector<double> mean(family.statistic_size());
      std::vector<double> here(mean.size());
      std::vector<double> there(mean.size());
      family.origin(parameters.theta.row(i), origin);
      family.mean_statistic(parameters.theta.row(i), origin, mean);
      family.coefficients(parameters.theta.row(i), origin, here);
      family.coefficients(parameters.theta.row(j), origin, there);
      double divergence = 0;
      for (std::size_t p = 0; p < mean.size(); ++p) divergence += mean[p] * (here[p] - there[p]);
      if (divergence < equal_divergence)
        text += (text.empty() ? "components " : ", ") + std::to_string(i) + " and " + std::to_string(j);
    }
  return text.empty() ? text : text + " are equal";
}

SecondLook::SecondLook(const State& state, const Evaluation& last, const Statistics* before, const UpdateRule& rule,
                       const Rows& rows, const LookRule& look)
    : state_(state),
      like_(last.image),
      rule_(rule),
      rows_(rows),
      frame_(state.mixture.groups(), last.image),
      point_(frame_.coordinates(last.point, state.parameters)),
      eigenvalue_(std::numeric_limits<double>::quiet_NaN()) {
  const auto image = coordinates_at(last.image);
  if (!image) return;
  image_ = *image;
  Coordinates residual = image_;
  residual.add(-1, point_);
  residual_square_ = product(residual, residual);

  const double rounding = std::numeric_limits<double>::epsilon() * std::sqrt(like_.total_weight());
  const bool is_accurate = std::sqrt(residual_square_) > accurate * rounding;
  if (const auto previous = before && is_accurate ? coordinates_at(*before) : std::nullopt) {
    Coordinates step = point_;
    step.add(-1, *previous);
    shown_eigenvalue_ = product(step, residual) / product(step, step);
  }
  auto drawn = drawn_direction(stream(Stream::look, look.seed, look.number, look.direction));
  auto drawn_image = drawn ? image_of_direction(*drawn) : std::nullopt;
  if (!drawn_image || !find_pair({std::move(*drawn)}, {std::move(*drawn_image)})) return;
  while (passes_ < look.most_passes && !is_settled(look) && improve()) {
  }
  if (product(vector_, residual) < 0) vector_.scale(-1);
}

double SecondLook::eigenvalue() const {
  return shown_eigenvalue_ < 1 ? std::max(shown_eigenvalue_, eigenvalue_) : eigenvalue_;
}

double SecondLook::remaining_gain() const {
  if (!(eigenvalue() < 1)) return std::numeric_limits<double>::infinity();
  return residual_square_ / (1 - eigenvalue());
}

bool SecondLook::may_ascend() const {
  const double distance = std::sqrt(residual_square_ / like_.total_weight());
  return eigenvalue_ > 1 - std::max(flat, distance);
}

Statistics SecondLook::moved(double length) const { return frame_.statistics(moved(length, vector_.s), like_); }

/// Equally long in all directions on average: the departure of draws from what the model expects has the covariance
/// that the length is made of. Normal factors tell components apart that drew the same values.
std::optional<Coordinates> SecondLook::drawn_direction(Random random) const {
  const Groups& groups = state_.mixture.groups();
  Statistics direction = like_;
  std::vector<double> row(groups.columns());
  const OneRow as_block(row);
  for (std::size_t k = 0; k < like_.components(); ++k) {
    const Family& family = groups.family_of(k);
    const std::size_t size = family.statistic_size();
    std::vector<double> drawn(size);
    std::vector<double> expected(size);
    const auto theta = state_.parameters.theta.row(k);
    const auto origin = like_.origin(k);
    const auto sum = direction.sum(k);
    const double spread = std::sqrt(std::max(like_.counts()[k], 0.0));
    family.mean_statistic(theta, origin, expected);
    direction.counts()[k] = spread * random.normal();
    for (std::size_t p = 0; p < size; ++p) sum[p] = direction.counts()[k] * expected[p];
    const Family::Sampler sample = family.sampler(theta);
    for (int draw = 0; draw < draws; ++draw) {
      sample(random, row);
      family.statistic(as_block.block(), origin, MatrixView::column_major(drawn.data(), 1, size));
      const double factor = spread * random.normal() / std::sqrt(draws);
      for (std::size_t p = 0; p < size; ++p) sum[p] += factor * (drawn[p] - expected[p]);
    }
  }
  std::vector<double> s(direction.counts().begin(), direction.counts().end());
  for (std::size_t k = 0; k < like_.components(); ++k) {
    const auto sum = direction.sum(k);
    s.insert(s.end(), sum.begin(), sum.end());
  }
  for (double& value : s) value /= std::sqrt(static_cast<double>(s.size()));
  return with_dual(std::move(s));
}

/// A difference s with the dual that the update gives it; of length 1.
std::optional<Coordinates> SecondLook::with_dual(std::vector<double> s) const {
  double step = difference;
  for (int i = 0; i <= shortenings; ++i, step *= shortening) {
    auto neighbour = coordinates_at(frame_.statistics(moved(step, s), like_));
    if (!neighbour) continue;
    std::vector<Coordinates> result = {{std::move(s), std::move(neighbour->c)}};
    auto& c = result.front().c;
    for (std::size_t j = 0; j < c.size(); ++j) c[j] = (c[j] - point_.c[j]) / step;
    std::vector<Coordinates> along = result;
    if (!normalise(result, along)) return std::nullopt;
    return std::move(result.front());
  }
  return std::nullopt;
}

std::vector<double> SecondLook::moved(double step, const std::vector<double>& direction) const {
  std::vector<double> s = point_.s;
  for (std::size_t i = 0; i < s.size(); ++i) s[i] += step * direction[i];
  return s;
}

std::optional<EStepParameters> SecondLook::update_at(const Statistics& statistics) const {
  const Groups& groups = state_.mixture.groups();
  const auto result = update_if_sound(groups, statistics, rule_);
  if (!result) return std::nullopt;
  return e_step_parameters(groups, *result);
}

std::optional<Coordinates> SecondLook::coordinates_at(const Statistics& statistics) const {
  const auto parameters = update_at(statistics);
  if (!parameters) return std::nullopt;
  return frame_.coordinates(statistics, *parameters);
}

/// J times the direction; none where there is no step that stays within the domain.
std::optional<Coordinates> SecondLook::image_of_direction(const Coordinates& direction) {
  const double size = std::sqrt(product(direction, direction));
  if (!(size > 0) || !std::isfinite(size)) return std::nullopt;
  double length = difference / size;
  for (int i = 0; i <= shortenings; ++i, length *= shortening)
    for (const double step : {length, -length}) {
      const auto parameters = update_at(frame_.statistics(moved(step, direction.s), like_));
      if (!parameters) continue;
      ++passes_;
      auto image = coordinates_at(e_step(*parameters, rows_, {}));
      if (!image) continue;
      image->add(-1, image_);
      image->scale(1 / step);
      return image;
    }
  return std::nullopt;
}

/// One more pass, and the best pair of the greater span; false where there is nothing left to improve.
bool SecondLook::improve() {
  if (!(error_ > exact_enough)) return false;
  Coordinates residual = vector_image_;
  residual.add(-eigenvalue_, vector_);
  residual.scale(1 / error_);
  // Near the eigenvector the residual is made of rounding, and its dual too, but not of the same.
  auto direction = with_dual(std::move(residual.s));
  auto image = direction ? image_of_direction(*direction) : std::nullopt;
  if (!image) return false;
  std::vector<Coordinates> points = {vector_, std::move(*direction)};
  std::vector<Coordinates> images = {vector_image_, std::move(*image)};
  if (improvement_) {
    points.push_back(std::move(*improvement_));
    images.push_back(std::move(*improvement_image_));
  }
  return find_pair(std::move(points), std::move(images));
}

/// The best pair of a span, and what the points but the first add to its vector. The last point may be nearly a
/// combination of those before it: only what it adds is of use.
bool SecondLook::find_pair(std::vector<Coordinates> points, std::vector<Coordinates> images) {
  if (!normalise(points, images)) return false;
  for (std::size_t i = 0; i + 1 < points.size(); ++i) {
    const double part = product(points.back(), points[i]);
    points.back().add(-part, points[i]);
    images.back().add(-part, images[i]);
  }
  if (points.size() > 1 && !(product(points.back(), points.back()) > nearly_dependent * nearly_dependent)) {
    points.pop_back();
    images.pop_back();
  }
  if (!normalise(points, images)) return false;
  const auto pairs = ritz_pairs(points, images);
  if (pairs.empty()) return false;
  const RitzPair& best = pairs.back();
  improvement_.reset();
  if (points.size() > 1) {
    improvement_ = combination(best, points, 1);
    improvement_image_ = combination(best, images, 1);
  }
  vector_ = combination(best, points, 0);
  vector_image_ = combination(best, images, 0);
  eigenvalue_ = best.value;
  Coordinates residual = vector_image_;
  residual.add(-eigenvalue_, vector_);
  error_ = std::sqrt(std::max(product(residual, residual), 0.0));
  return true;
}

bool SecondLook::is_settled(const LookRule& look) const {
  const double largest = eigenvalue();
  if (largest > 1) return caution * error_ < largest - 1;
  if (remaining_gain() >= look.tolerance) return true;
  const auto passes = static_cast<double>(passes_);
  if (passes_ < 2 || passes * passes * (1 - largest) < needed_passes * needed_passes) return false;
  return eigenvalue_ + caution * error_ < 1 - residual_square_ / look.tolerance;
}

}  // namespace mixfam
