#include "laws.hpp"

#include <mixfam/product.hpp>

#include <rapidcheck.h>
#include <boost/math/quadrature/exp_sinh.hpp>
#include <boost/math/quadrature/tanh_sinh.hpp>
#include <cstdlib>
#include <memory>
#include <numeric>
#include <optional>
#include <sstream>
#include <utility>

#include "catch.hpp"
#include "support.hpp"
#include "tolerance.hpp"

namespace mixfam {

namespace {

constexpr const char* default_parameters = "seed=20260101";
constexpr std::size_t monte_carlo_draws = 4000;

// --- one generated case -----------------------------------------------------------------------------------------

/// A column-major array of doubles that owns its values.
class Array {
 public:
  Array(std::size_t rows, std::size_t columns) : rows_(rows), columns_(columns), values_(rows * columns) {}
  MatrixView view() { return MatrixView::column_major(values_.data(), rows_, columns_); }
  double& operator()(std::size_t i, std::size_t j) { return values_[j * rows_ + i]; }

 private:
  std::size_t rows_;
  std::size_t columns_;
  std::vector<double> values_;
};

/// Rows of data, column by column.
class Rows {
 public:
  Rows(std::size_t rows, std::size_t columns) : rows_(rows), columns_(columns, std::vector<double>(rows)) {
    for (const auto& column : columns_) pointers_.push_back(column.data());
  }
  Rows(const Rows&) = delete;
  Rows& operator=(const Rows&) = delete;

  std::size_t size() const { return rows_; }
  double& operator()(std::size_t n, std::size_t j) { return columns_[j][n]; }
  double operator()(std::size_t n, std::size_t j) const { return columns_[j][n]; }
  Block block() const { return {pointers_.data(), columns_.size(), rows_}; }
  std::vector<double> row(std::size_t n) const {
    std::vector<double> result;
    for (const auto& column : columns_) result.push_back(column[n]);
    return result;
  }
  std::vector<double> row_major() const {
    std::vector<double> result;
    for (std::size_t n = 0; n < rows_; ++n)
      for (const auto& column : columns_) result.push_back(column[n]);
    return result;
  }

 private:
  std::size_t rows_;
  std::vector<std::vector<double>> columns_;
  std::vector<const double*> pointers_;
};

using Values = std::vector<double>;

struct Case {
  const FamilyPtr& family;
  const LawOptions& options;
  Random& random;
  std::size_t rows;  // of data

  Values theta() const { return options.parameters(random); }

  std::unique_ptr<Rows> draw(std::size_t count, ConstVectorView parameters) const {
    auto result = std::make_unique<Rows>(count, family->columns());
    const Family::Sampler sample = family->sampler(parameters);
    Values x(family->columns());
    for (std::size_t n = 0; n < count; ++n) {
      sample(random, x);
      for (std::size_t j = 0; j < x.size(); ++j) (*result)(n, j) = x[j];
    }
    return result;
  }
  Values location(ConstVectorView parameters) const {
    Values origin(family->origin_size());
    family->origin(parameters, origin);
    return origin;
  }
  /// An origin that is one of those in use: a location, a row, or 0.
  Values origin(ConstVectorView parameters, const Rows& data) const {
    Values result(family->origin_size());
    switch (random.below(3)) {
      case 0:
        return location(parameters);
      case 1:
        family->origin_at(data.block(), result);
        return result;
      default:
        return result;
    }
  }
  Array statistic(const Rows& data, ConstVectorView origin) const {
    Array T(data.size(), family->statistic_size());
    family->statistic(data.block(), origin, T.view());
    return T;
  }
  Values coefficients(ConstVectorView parameters, ConstVectorView origin) const {
    Values c(family->statistic_size());
    family->coefficients(parameters, origin, c);
    return c;
  }
  Values mean_statistic(ConstVectorView parameters, ConstVectorView origin) const {
    Values s(family->statistic_size());
    family->mean_statistic(parameters, origin, s);
    return s;
  }
  /// S(1, :) about `origin`.
  Values accumulate(const Rows& data, Values weights, ConstVectorView origin) const {
    Values s(family->statistic_size());
    mixfam::accumulate(*family, data.block(), ConstMatrixView::column_major(weights.data(), data.size(), 1),
                       ConstMatrixView::row_major(origin.data(), 1, origin.size()),
                       MatrixView::row_major(s.data(), 1, s.size()));
    return s;
  }
  std::optional<Values> mle(ConstVectorView s, ConstVectorView origin) const {
    Values result(family->parameters().size());
    const auto estimates = family->mle(ConstMatrixView::row_major(s.data(), 1, s.size()),
                                       ConstMatrixView::row_major(origin.data(), 1, origin.size()),
                                       MatrixView::row_major(result.data(), 1, result.size()));
    if (!estimates.degenerate.empty()) return std::nullopt;
    return result;
  }
  Values chi(ConstVectorView h, ConstVectorView origin) const {
    Values s(family->statistic_size());
    family->prior()->add_chi(h, ConstMatrixView::row_major(origin.data(), 1, origin.size()),
                             MatrixView::row_major(s.data(), 1, s.size()));
    return s;
  }
  StepPtr step(ConstVectorView parameters) const {
    return family->step(ConstMatrixView::row_major(parameters.data(), 1, parameters.size()));
  }
  double log_prior(ConstVectorView h, ConstVectorView parameters) const {
    return family->prior()->log_density(h, *step(parameters));
  }
  /// log p(x_n | theta) of every row.
  Values log_density(const Rows& data, ConstVectorView parameters) const {
    Array L(data.size(), 1);
    add_log_density(*family, ConstMatrixView::row_major(parameters.data(), 1, parameters.size()), data.block(),
                    L.view());
    Values result(L.view().column(0).begin(), L.view().column(0).end());
    family->add_log_base(data.block(), result);
    return result;
  }
  double log_density(ConstVectorView x, ConstVectorView parameters) const {
    Rows one(1, x.size());
    for (std::size_t j = 0; j < x.size(); ++j) one(0, j) = x[j];
    return log_density(one, parameters)[0];
  }
};

// --- how a case fails -------------------------------------------------------------------------------------------

void require(bool holds, const std::string& what) {
  if (!holds) RC_FAIL(what);
}

void require_close(const std::string& what, double actual, double expected, const Tolerance& tolerance) {
  if (close(actual, expected, tolerance)) return;
  std::ostringstream text;
  text.precision(17);
  text << what << ": " << actual << ", expected " << expected << " within " << tolerance.allowed << " ("
       << tolerance.reason << ")";
  RC_FAIL(text.str());
}

std::string entry(const char* what, std::size_t i) { return std::string(what) + "[" + std::to_string(i) + "]"; }

double dot(ConstVectorView a, ConstVectorView b) { return std::inner_product(a.begin(), a.end(), b.begin(), 0.0); }

/// sum |a_i b_i|: what the rounding of a dot product is relative to.
double dot_scale(ConstVectorView a, ConstVectorView b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += std::abs(a[i] * b[i]);
  return sum;
}

double greatest(ConstVectorView values) {
  double result = 0;
  for (const double value : values) result = std::max(result, std::abs(value));
  return result;
}

/// Parameters agree field by field, relative to the greatest entry of the field and of the data's location. A
/// correction is rounding itself.
void require_same_parameters(const Case& c, const Values& actual, const Values& expected, double operations) {
  const Schema& schema = c.family->parameters();
  const double location = greatest(c.location(expected));
  for (std::size_t f = 0; f < schema.fields().size(); ++f) {
    if (schema.fields()[f].domain == Domain::correction) continue;
    const auto size = schema.fields()[f].size();
    const auto a = ConstVectorView(actual).part(schema.offset(f), size);
    const auto e = ConstVectorView(expected).part(schema.offset(f), size);
    for (std::size_t i = 0; i < size; ++i)
      require_close(schema.fields()[f].name + "[" + std::to_string(i) + "]", a[i], e[i],
                    round_off(operations * c.options.condition, greatest(e) + location));
  }
}

/// Directions in which theta can move without leaving its domain: single entries, symmetric pairs, and probability
/// carried from one category to the next.
std::vector<Values> directions(const Schema& schema) {
  std::vector<Values> result;
  const auto add = [&](std::initializer_list<std::pair<std::size_t, double>> entries) {
    Values one(schema.size());
    for (const auto& [place, value] : entries) one[place] = value;
    result.push_back(one);
  };
  for (std::size_t f = 0; f < schema.fields().size(); ++f) {
    const Field& field = schema.fields()[f];
    const std::size_t first = schema.offset(f);
    if (field.domain == Domain::correction) continue;
    if (field.domain == Domain::probabilities) {
      for (std::size_t i = 0; i + 1 < field.size(); ++i)
        if ((i + 1) % field.shape.back() != 0) add({{first + i, 1}, {first + i + 1, -1}});
    } else if (field.domain == Domain::covariance && field.form == MatrixForm::dense) {
      const std::size_t d = field.dimension;
      for (std::size_t at = 0; at < field.size(); at += d * d)
        for (std::size_t i = 0; i < d; ++i)
          for (std::size_t j = 0; j <= i; ++j) add({{first + at + i * d + j, 1}, {first + at + j * d + i, 1}});
    } else {
      for (std::size_t i = 0; i < field.size(); ++i) add({{first + i, 1}});
    }
  }
  return result;
}

/// theta is a maximum of f along every direction: the Newton step of a five-point difference, in units of the standard
/// deviation that one observation would leave, is 0 to within the differences' error; and the curvature is negative.
void require_maximum(const Case& c, const std::function<double(const Values&)>& f, const Values& theta,
                     double observations) {
  constexpr double newton_step_error =
      1e-6;  // steps of 1e-3 deviations: 1e-12 of truncation, 1e-14 |f| / 1e-3 of rounding
  const double here = f(theta);
  for (const Values& direction : directions(c.family->parameters())) {
    const auto moved = [&](double step) {
      Values result = theta;
      for (std::size_t i = 0; i < result.size(); ++i) result[i] += step * direction[i];
      return result;
    };
    const auto inside = [&](double step) {
      return !c.family->parameters().check(moved(16 * step)) && !c.family->parameters().check(moved(-16 * step));
    };
    double size = 0;
    for (std::size_t i = 0; i < theta.size(); ++i) size = std::max(size, std::abs(direction[i] * theta[i]));
    double step = 0.1 * std::max(size, 1e-3);
    double drop = 0;
    for (int i = 0; i < 60; ++i, step /= 2) {
      if (!inside(step)) continue;
      drop = here - 0.5 * (f(moved(step)) + f(moved(-step)));
      if (std::abs(drop) < 1e-6 * observations) break;
    }
    for (int i = 0; i < 60 && std::abs(drop) < 1e-7 * observations && inside(2 * step); ++i) {
      step *= 2;
      drop = here - 0.5 * (f(moved(step)) + f(moved(-step)));
    }
    const double up = f(moved(step)), down = f(moved(-step));
    const double slope = (8 * (up - down) - (f(moved(2 * step)) - f(moved(-2 * step)))) / (12 * step);
    const double curvature = 2 * drop / (step * step);
    require(curvature > 0, "the objective does not fall away from the maximum");
    const double newton_step = std::abs(slope) / curvature * std::sqrt(curvature / observations);
    if (!(newton_step <= newton_step_error)) {
      std::ostringstream text;
      text << "not a maximum: a Newton step goes " << newton_step << " standard deviations of one observation along";
      for (const double value : direction) text << ' ' << value;
      text << " from";
      for (const double value : theta) text << ' ' << value;
      RC_FAIL(text.str());
    }
  }
}

// --- the laws ---------------------------------------------------------------------------------------------------

/// S(A u B) = S(A) + S(B). Guilty: accumulate.
void statistics_add(const Case& c) {
  const auto theta = c.theta();
  const auto all = c.draw(c.rows + 1, theta);
  const auto origin = c.origin(theta, *all);
  const std::size_t split = 1 + c.random.below(c.rows);
  Rows a(split, c.family->columns()), b(c.rows + 1 - split, c.family->columns());
  Values weights(all->size());
  for (double& weight : weights) weight = c.random.uniform();
  for (std::size_t n = 0; n < all->size(); ++n)
    for (std::size_t j = 0; j < c.family->columns(); ++j) (n < split ? a(n, j) : b(n - split, j)) = (*all)(n, j);
  auto T = c.statistic(*all, origin);
  const auto whole = c.accumulate(*all, weights, origin);
  const auto first = c.accumulate(a, {weights.begin(), weights.begin() + static_cast<std::ptrdiff_t>(split)}, origin);
  const auto second = c.accumulate(b, {weights.begin() + static_cast<std::ptrdiff_t>(split), weights.end()}, origin);
  for (std::size_t p = 0; p < whole.size(); ++p)
    require_close(entry("S", p), first[p] + second[p], whole[p],
                  round_off(2.0 * static_cast<double>(all->size()), dot_scale(T.view().column(p), weights)));
}

/// A weight of w is the row w times, a weight of 0 is no row: bit for bit where the order of the sum is the same.
/// Guilty: accumulate.
void weights_are_copies(const Case& c) {
  const auto theta = c.theta();
  const auto data = c.draw(c.rows, theta);
  const auto origin = c.origin(theta, *data);

  Rows with_zero(c.rows + 1, c.family->columns());
  for (std::size_t n = 0; n < c.rows; ++n)
    for (std::size_t j = 0; j < c.family->columns(); ++j) with_zero(n, j) = (*data)(n, j);
  for (std::size_t j = 0; j < c.family->columns(); ++j) with_zero(c.rows, j) = (*data)(0, j);
  Values ones(c.rows + 1, 1);
  ones.back() = 0;
  const auto removed = c.accumulate(*data, Values(c.rows, 1), origin);
  const auto zero = c.accumulate(with_zero, ones, origin);
  for (std::size_t p = 0; p < zero.size(); ++p)
    require_close(entry("S with a row of weight 0", p), zero[p], removed[p], exact());

  Rows one(1, c.family->columns());
  for (std::size_t j = 0; j < c.family->columns(); ++j) one(0, j) = (*data)(0, j);
  const auto single = c.accumulate(one, {1}, origin);
  const auto twice = c.accumulate(one, {2}, origin);
  for (std::size_t p = 0; p < twice.size(); ++p)
    require_close(entry("S of one row of weight 2", p), twice[p], single[p] + single[p], exact());

  const std::size_t copies = 1 + c.random.below(4);
  Rows repeated(c.rows + copies - 1, c.family->columns());
  for (std::size_t n = 0; n < repeated.size(); ++n)
    for (std::size_t j = 0; j < c.family->columns(); ++j) repeated(n, j) = (*data)(n < c.rows ? n : 0, j);
  Values weights(c.rows, 1);
  weights[0] = static_cast<double>(copies);
  auto T = c.statistic(*data, origin);
  const auto weighted = c.accumulate(*data, weights, origin);
  const auto duplicated = c.accumulate(repeated, Values(repeated.size(), 1), origin);
  for (std::size_t p = 0; p < weighted.size(); ++p)
    require_close(entry("S of an integer weight", p), weighted[p], duplicated[p],
                  round_off(2.0 * static_cast<double>(repeated.size()), dot_scale(T.view().column(p), weights)));
}

/// S += R' t(X) for several components at once, on top of what S holds. Guilty: accumulate or statistic.
void accumulate_is_a_product(const Case& c) {
  constexpr std::size_t components = 3;
  const std::size_t size = c.family->statistic_size();
  const auto theta = c.theta();
  const auto data = c.draw(c.rows, theta);
  Array R(c.rows, components);
  Values origins, S(components * size);
  for (std::size_t k = 0; k < components; ++k) {
    for (std::size_t n = 0; n < c.rows; ++n) R(n, k) = c.random.below(4) == 0 ? 0 : c.random.uniform();
    const auto one = c.origin(theta, *data);
    origins.insert(origins.end(), one.begin(), one.end());
  }
  for (double& value : S) value = c.random.normal();
  const Values before = S;
  mixfam::accumulate(*c.family, data->block(), R.view(),
                     ConstMatrixView::row_major(origins.data(), components, c.family->origin_size()),
                     MatrixView::row_major(S.data(), components, size));
  for (std::size_t k = 0; k < components; ++k) {
    auto T = c.statistic(*data, ConstVectorView(origins).part(k * c.family->origin_size(), c.family->origin_size()));
    for (std::size_t p = 0; p < size; ++p) {
      const auto t = T.view().column(p);
      const auto r = R.view().column(k);
      require_close(entry("S", p), S[k * size + p], before[k * size + p] + dot(t, r),
                    round_off(2.0 * static_cast<double>(c.rows) + 4, dot_scale(t, r) + std::abs(before[k * size + p])));
    }
  }
}

/// log p(x | theta) - log h(x) = <t(x - o), c(theta; o)> about every origin. Guilty: coefficients or the step;
/// statistic if it fails at one origin alone.
void density_is_a_product(const Case& c) {
  constexpr std::size_t components = 2;
  Values both;
  for (std::size_t k = 0; k < components; ++k) {
    const auto theta = c.theta();
    both.insert(both.end(), theta.begin(), theta.end());
  }
  const std::size_t size = both.size() / components;
  const auto data = c.draw(c.rows, ConstVectorView(both).part(0, size));
  Array L(c.rows, components);
  for (std::size_t n = 0; n < c.rows; ++n)
    for (std::size_t k = 0; k < components; ++k) L(n, k) = 0.25;  // the step adds
  const StepPtr step = c.family->step(ConstMatrixView::row_major(both.data(), components, size));
  Workspace workspace;
  Workspace::Frame frame(workspace);
  const Block prepared = step->prepare(data->block(), frame);
  step->add_log_density(prepared, L.view(), workspace);
  for (std::size_t k = 0; k < components; ++k) {
    const auto theta = ConstVectorView(both).part(k * size, size);
    const auto origin = c.origin(theta, *data);
    auto T = c.statistic(*data, origin);
    const auto coefficients = c.coefficients(theta, origin);
    Values of_step(coefficients.size());
    step->coefficients(k, origin, of_step);
    require(of_step == coefficients, "the step has other coefficients");
    for (std::size_t n = 0; n < c.rows; ++n) {
      Values t;
      for (std::size_t p = 0; p < coefficients.size(); ++p) t.push_back(T(n, p));
      require_close(
          entry("log density", n), L(n, k) - 0.25, dot(t, coefficients),
          round_off((8.0 + static_cast<double>(t.size())) * c.options.condition, 1 + dot_scale(t, coefficients)));
    }
  }
}

/// The statistics of a step are those that the family takes about the locations of the components. Guilty: prepare, or
/// accumulate of the step.
void step_accumulates_about_locations(const Case& c) {
  constexpr std::size_t components = 2;
  const std::size_t size = c.family->statistic_size();
  Values both, origins;
  for (std::size_t k = 0; k < components; ++k) {
    const auto theta = c.theta();
    const auto origin = c.location(theta);
    both.insert(both.end(), theta.begin(), theta.end());
    origins.insert(origins.end(), origin.begin(), origin.end());
  }
  const auto data = c.draw(c.rows, ConstVectorView(both).part(0, both.size() / components));
  Array R(c.rows, components);
  for (std::size_t n = 0; n < c.rows; ++n)
    for (std::size_t k = 0; k < components; ++k) R(n, k) = c.random.uniform();
  Values S(components * size), expected(S.size());
  mixfam::accumulate(*c.family, data->block(), R.view(),
                     ConstMatrixView::row_major(origins.data(), components, c.family->origin_size()),
                     MatrixView::row_major(expected.data(), components, size));
  const StepPtr step = c.family->step(ConstMatrixView::row_major(both.data(), components, both.size() / components));
  Workspace workspace;
  Workspace::Frame frame(workspace);
  step->accumulate(step->prepare(data->block(), frame), R.view(), MatrixView::row_major(S.data(), components, size),
                   workspace);
  require(S == expected, "the step has other statistics");
}

/// Statistics about o, moved to o', are those computed about o', and the way back ends where it began.
/// Guilty: recentre.
void recentre_moves_the_origin(const Case& c) {
  const auto theta = c.theta();
  const auto data = c.draw(c.rows, theta);
  const auto from = c.origin(theta, *data);
  const auto to = c.origin(c.theta(), *data);
  Values weights(c.rows);
  for (double& weight : weights) weight = c.random.uniform();
  auto moved = c.accumulate(*data, weights, from);
  c.family->recentre(from, to, moved);
  const auto expected = c.accumulate(*data, weights, to);
  // The squares are as large as the distances to either origin make them.
  double reach = 1;
  for (std::size_t n = 0; n < c.rows; ++n)
    for (std::size_t j = 0; j < c.family->columns(); ++j) reach = std::max(reach, std::abs((*data)(n, j)));
  reach = std::max({reach, greatest(from), greatest(to)});
  const double scale = 4 * static_cast<double>(c.rows) * reach * reach;
  for (std::size_t p = 0; p < moved.size(); ++p)
    require_close(entry("S", p), moved[p], expected[p],
                  c.family->origin_size() == 0 ? exact() : round_off(4.0 * static_cast<double>(c.rows), scale));
}

/// mle(N E[t]) = theta: a member's own mean statistic leads back to it. Guilty: mle or mean_statistic.
void mle_inverts_the_mean(const Case& c) {
  const auto theta = c.theta();
  const auto row = c.draw(1, theta);
  Values origin = c.location(theta);
  if (c.random.below(2) == 0) c.family->origin_at(row->block(), origin);
  auto s = c.mean_statistic(theta, origin);
  const double count = log_uniform(c.random, 1e-3, 1e6);
  for (double& value : s) value *= count;
  const auto back = c.mle(s, origin);
  require(back.has_value(), "mle finds a member's own mean statistic degenerate");

  require_same_parameters(c, *back, theta, 256);
  require(!c.family->parameters().check(*back), "mle leaves the domain of the parameters");
}

/// mle(s) is a maximum of <s, c(theta)>, in the usual parameters. Guilty: mle or coefficients.
void mle_is_a_maximum(const Case& c) {
  const auto theta = c.theta();
  const auto data = c.draw(c.rows, theta);
  const auto origin = c.location(theta);
  auto s = c.accumulate(*data, Values(c.rows, 1), origin);
  const auto mean = c.mean_statistic(theta, origin);  // 3 rows' worth, so that the maximum is inside
  for (std::size_t p = 0; p < s.size(); ++p) s[p] += 3 * mean[p];
  const auto best = c.mle(s, origin);
  require(best.has_value(), "mle finds interior statistics degenerate");
  require(!c.family->parameters().check(*best), "mle leaves the domain of the parameters");
  require_maximum(
      c, [&](const Values& at) { return dot(s, c.coefficients(at, origin)); }, *best, static_cast<double>(c.rows) + 3);
}

/// E_theta[t] is the gradient of A: <E_theta[t], c(.)> is greatest at theta. Guilty: mean_statistic or coefficients.
void mean_is_the_gradient(const Case& c) {
  const auto theta = c.theta();
  const auto origin = c.location(theta);
  const auto mean = c.mean_statistic(theta, origin);
  require_maximum(
      c, [&](const Values& at) { return dot(mean, c.coefficients(at, origin)); }, theta, 1);
}

/// log p(x | theta) is that of another source. Guilty: coefficients, the step or add_log_base.
void density_is_the_known_one(const Case& c) {
  const auto theta = c.theta();
  const auto data = c.draw(c.rows, theta);
  const auto origin = c.location(theta);
  auto T = c.statistic(*data, origin);
  const auto coefficients = c.coefficients(theta, origin);
  const auto actual = c.log_density(*data, theta);
  for (std::size_t n = 0; n < c.rows; ++n) {
    Values t;
    for (std::size_t p = 0; p < coefficients.size(); ++p) t.push_back(T(n, p));
    const auto x = data->row(n);
    require_close(entry("log density", n), actual[n], c.options.log_density(theta, x),
                  round_off(64 * c.options.condition, 1 + dot_scale(t, coefficients)));
  }
}

/// Samples lie in the support, with a finite log density and finite features. Guilty: sample or support.
void samples_lie_in_the_support(const Case& c) {
  const auto theta = c.theta();
  require(!c.family->parameters().check(theta), "the test's own parameters are not valid");
  const auto data = c.draw(c.rows, theta);
  const auto log_density = c.log_density(*data, theta);
  Array features(c.rows, c.family->feature_size());
  c.family->features(data->block(), features.view());
  for (std::size_t n = 0; n < c.rows; ++n) {
    for (std::size_t j = 0; j < c.family->columns(); ++j)
      require(c.family->support(j).contains((*data)(n, j)),
              "a sample outside the support: " + std::to_string((*data)(n, j)));
    require(std::isfinite(log_density[n]), "a sample without a finite log density");
    for (std::size_t f = 0; f < c.family->feature_size(); ++f)
      require(std::isfinite(features(n, f)), "a feature is not finite");
  }
}

/// KL(1 || 2) = <c1 - c2, E_1[t]> >= 0, and 0 of a member to itself. Guilty: mean_statistic or coefficients.
void divergence_is_not_negative(const Case& c) {
  const auto theta = c.theta();
  const auto other = c.theta();
  const auto origin = c.location(theta);
  const auto mean = c.mean_statistic(theta, origin);
  const auto c1 = c.coefficients(theta, origin);
  const auto c2 = c.coefficients(other, origin);
  const double kl = dot(c1, mean) - dot(c2, mean);
  const double scale = dot_scale(c1, mean) + dot_scale(c2, mean);
  require(kl >= -round_off(64 * c.options.condition, scale).allowed, "KL = " + std::to_string(kl));
}

/// A product of one family is that family, bit for bit. Guilty: Product.
void product_of_one_is_the_family(const Case& c) {
  std::vector<std::size_t> columns(c.family->columns());
  std::iota(columns.begin(), columns.end(), std::size_t{0});
  const auto product = make_product({{c.family, columns}});
  const Case p{product, c.options, c.random, c.rows};
  const auto theta = c.theta();
  const auto data = c.draw(c.rows, theta);
  const auto origin = c.origin(theta, *data);
  Values weights(c.rows);
  for (double& weight : weights) weight = c.random.uniform();
  require(product->columns() == c.family->columns() && product->statistic_size() == c.family->statistic_size() &&
              product->origin_size() == c.family->origin_size() &&
              product->free_parameters(3) == c.family->free_parameters(3) &&
              product->feature_size() == c.family->feature_size(),
          "the sizes differ");
  require(p.location(theta) == c.location(theta), "origin");
  require(p.log_density(*data, theta) == c.log_density(*data, theta), "log density");
  const auto s = c.accumulate(*data, weights, origin);
  require(p.accumulate(*data, weights, origin) == s, "accumulate");
  require(p.coefficients(theta, origin) == c.coefficients(theta, origin), "coefficients");
  require(p.mean_statistic(theta, origin) == c.mean_statistic(theta, origin), "mean_statistic");
  require(p.mle(s, origin) == c.mle(s, origin), "mle");
  Values moved = s, moved_by_product = s;
  const auto to = c.location(theta);
  c.family->recentre(origin, to, moved);
  product->recentre(origin, to, moved_by_product);
  require(moved == moved_by_product, "recentre");
  Random one{7, c.rows}, two{7, c.rows};
  Values x(c.family->columns()), y(c.family->columns());
  c.family->sampler(theta)(one, x);
  product->sampler(theta)(two, y);
  require(x == y, "sample");
  if (!c.options.hyperparameters || !c.family->prior()) return;
  const auto h = c.options.hyperparameters(c.random);
  require(p.chi(h, origin) == c.chi(h, origin), "add_chi");
  require(p.log_prior(h, theta) == c.log_prior(h, theta), "log_density");
}

// --- laws of the prior ------------------------------------------------------------------------------------------

/// log p(theta | h) = <chi(h; o), c(theta; o)> + a constant, about every origin, and of K components the sum.
/// Guilty: log_density or add_chi.
void prior_is_a_product(const Case& c) {
  const auto h = c.options.hyperparameters(c.random);
  require(!c.family->prior()->hyperparameters().check(h) && !c.family->prior()->check(h),
          "the test's own prior is not valid");
  const auto one = c.theta();
  const auto two = c.theta();
  const auto data = c.draw(1, one);
  const auto origin = c.origin(one, *data);
  const auto chi = c.chi(h, origin);
  const auto c1 = c.coefficients(one, origin);
  const auto c2 = c.coefficients(two, origin);
  const double p1 = c.log_prior(h, one);
  const double p2 = c.log_prior(h, two);
  const double scale = dot_scale(chi, c1) + dot_scale(chi, c2) + std::abs(p1) + std::abs(p2);
  require_close("log prior of one less that of another", p1 - p2, dot(chi, c1) - dot(chi, c2),
                round_off(64 * c.options.condition, scale));
  Values both = one;
  both.insert(both.end(), two.begin(), two.end());
  require_close(
      "log prior of two components",
      c.family->prior()->log_density(h, *c.family->step(ConstMatrixView::row_major(both.data(), 2, one.size()))),
      p1 + p2, round_off(16, scale));
}

/// chi about o, moved to o' as statistics are, is chi about o': a prior is pseudo-data. Guilty: add_chi.
void prior_moves_like_data(const Case& c) {
  if (c.family->origin_size() == 0) return;
  const auto h = c.options.hyperparameters(c.random);
  const auto theta = c.theta();
  const auto data = c.draw(1, theta);
  const auto from = c.origin(theta, *data);
  const auto to = c.origin(c.theta(), *data);
  auto moved = c.chi(h, from);
  const auto expected = c.chi(h, to);
  const double reach = 1 + greatest(from) + greatest(to) + greatest(h);
  const double scale = (1 + greatest(h)) * reach * reach;
  c.family->recentre(from, to, moved);
  for (std::size_t p = 0; p < moved.size(); ++p)
    require_close(entry("chi", p), moved[p], expected[p], round_off(64, scale));
}

/// log p(theta | h) is that of another source, normalised. Guilty: log_density or the prior's log_partition.
void prior_is_the_known_one(const Case& c) {
  const auto h = c.options.hyperparameters(c.random);
  const auto theta = c.theta();
  const auto origin = c.location(theta);
  const double scale = dot_scale(c.chi(h, origin), c.coefficients(theta, origin));
  require_close("log prior", c.log_prior(h, theta), c.options.log_prior(h, theta),
                round_off(64 * c.options.condition, 1 + scale + 8 * greatest(h)));
}

/// The flat prior is no prior: chi = 0 and the bits of maximum likelihood. Guilty: flat or add_chi.
void flat_prior_is_none(const Case& c) {
  Values h(c.family->prior()->hyperparameters().size());
  c.family->prior()->flat(h);
  require(!c.family->prior()->hyperparameters().check(h) && !c.family->prior()->check(h), "the flat prior is refused");
  const auto theta = c.theta();
  const auto data = c.draw(c.rows, theta);
  const auto origin = c.origin(theta, *data);
  for (const double value : c.chi(h, origin)) require(value == 0, "chi of the flat prior is not 0");
  auto s = c.accumulate(*data, Values(c.rows, 1), origin);
  const auto ml = c.mle(s, origin);
  c.family->prior()->add_chi(h, ConstMatrixView::row_major(origin.data(), 1, origin.size()),
                             MatrixView::row_major(s.data(), 1, s.size()));
  require(c.mle(s, origin) == ml, "the flat prior moves the estimate");
  require(c.log_prior(h, theta) == c.log_prior(h, c.theta()), "the flat prior is not flat");
}

/// mle(chi + s) is the mode that the docs state. Guilty: add_chi or mle; else the docs.
void mode_is_the_stated_one(const Case& c) {
  const auto h = c.options.hyperparameters(c.random);
  const auto theta = c.theta();
  const auto data = c.draw(c.rows, theta);
  const auto origin = c.location(theta);
  auto s = c.accumulate(*data, Values(c.rows, 1), origin);
  const auto chi = c.chi(h, origin);
  for (std::size_t p = 0; p < s.size(); ++p) s[p] += chi[p];
  const auto mode = c.mle(s, origin);
  require(mode.has_value(), "mle finds the posterior degenerate");
  const auto rows = data->row_major();
  const auto expected =
      c.options.posterior_mode(h, ConstMatrixView::row_major(rows.data(), c.rows, c.family->columns()));
  require_same_parameters(c, *mode, expected, 512);
}

/// mle(chi + s) is a maximum of log p(x | theta) + log p(theta) in the usual parameters. Guilty: add_chi, log_density.
void mode_is_a_maximum(const Case& c) {
  const auto h = c.options.hyperparameters(c.random);
  const auto theta = c.theta();
  const auto data = c.draw(c.rows, theta);
  const auto origin = c.location(theta);
  const auto s = c.accumulate(*data, Values(c.rows, 1), origin);
  auto posterior = c.chi(h, origin);
  for (std::size_t p = 0; p < s.size(); ++p) posterior[p] += s[p];
  const auto mode = c.mle(posterior, origin);
  require(mode.has_value(), "mle finds the posterior degenerate");
  const auto at_mode = c.location(*mode);  // where nothing cancels
  Values data_at_mode = c.accumulate(*data, Values(c.rows, 1), at_mode);
  require_maximum(
      c, [&](const Values& at) { return dot(data_at_mode, c.coefficients(at, at_mode)) + c.log_prior(h, at); }, *mode,
      static_cast<double>(c.rows) + 1);
}

/// The default prior of any data can be used. Guilty: standard.
void default_prior_is_valid(const Case& c) {
  const auto theta = c.theta();
  const auto data = c.draw(c.rows + 2 * c.family->columns(), theta);
  const auto origin = c.location(theta);
  auto s = c.accumulate(*data, Values(data->size(), 1), origin);
  const auto mean = c.mean_statistic(theta, origin);  // against a column without any success
  for (std::size_t p = 0; p < s.size(); ++p) s[p] += mean[p];
  Values h(c.family->prior()->hyperparameters().size());
  c.family->prior()->standard(s, origin, 1 + c.random.below(5), h);
  const auto reason = c.family->prior()->hyperparameters().check(h);
  require(!reason, "hyperparameters: " + reason.value_or(""));
  const auto refused = c.family->prior()->check(h);
  require(!refused, "check: " + refused.value_or(""));
  require(std::isfinite(c.log_prior(h, theta)), "the log prior is not finite");
  const auto chi = c.chi(h, origin);
  for (std::size_t p = 0; p < s.size(); ++p) s[p] = chi[p] + mean[p];
  require(c.mle(s, origin).has_value(), "with one row and the default prior a component is degenerate");
}

// --- laws that integrate, sum or draw ---------------------------------------------------------------------------

constexpr double quadrature_error = 1e-9;

/// The integral of f over (lower, upper), split at `middle`, where most of it is, with `width` its scale there.
double integral(const std::function<double(double)>& f, double lower, double upper, double middle, double width) {
  boost::math::quadrature::tanh_sinh<double> finite;
  boost::math::quadrature::exp_sinh<double> infinite;
  const auto side = [&](double end, double sign) {
    const auto g = [&](double u) { return width * f(middle + sign * width * u); };
    if (std::isinf(end)) return infinite.integrate(g, 0.01 * quadrature_error);
    const double length = std::abs(end - middle) / width;
    if (!(length > 0)) return 0.0;
    // The distance to the end, so that a pole there keeps its digits.
    const auto h = [&](double u) { return width * f(end - sign * width * u); };
    return finite.integrate(h, 0.0, length, 0.01 * quadrature_error);
  };
  return side(lower, -1) + side(upper, 1);
}

/// The density sums to 1 over whole numbers, or integrates to 1. Guilty: coefficients (A), add_log_base or support.
void density_is_normalised(const Case& c) {
  const auto theta = c.theta();
  double total = 0;
  if (c.options.support_points) {
    for (const auto& x : c.options.support_points(theta)) total += std::exp(c.log_density(x, theta));
    require_close("sum of the density", total, 1, quadrature(quadrature_error, 1));
    return;
  }
  const auto data = c.draw(256, theta);
  const std::size_t d = c.family->columns();
  std::vector<MonteCarlo> moments(d);
  for (std::size_t n = 0; n < data->size(); ++n)
    for (std::size_t j = 0; j < d; ++j) moments[j].add((*data)(n, j));
  const Support& support = c.family->support(0);
  if (d == 1 && support.integer) {
    const double mean = moments[0].mean();
    double greatest_term = 0;
    for (double x = support.lower; x <= support.upper; ++x) {
      const double term = std::exp(c.log_density(Values{x}, theta));
      total += term;
      greatest_term = std::max(greatest_term, term);
      if (x > mean && term < 1e-16 * greatest_term) break;
    }
    require_close("sum of the density", total, 1, quadrature(quadrature_error, 1));
  } else if (d == 1) {
    const auto density = [&](double x) {
      return x > support.lower && x < support.upper ? std::exp(c.log_density(Values{x}, theta)) : 0.0;
    };
    total = integral(density, support.lower, support.upper, moments[0].mean(), std::sqrt(moments[0].variance()));
    require_close("integral of the density", total, 1, quadrature(quadrature_error, 1));
  } else if (d == 2 && std::isinf(support.lower) && std::isinf(support.upper)) {
    // The trapezium rule is exact to rounding for a smooth density that vanishes at the ends (Trefethen and
    // Weideman 2014); conditional standard deviations are >= 1/8 of the marginal ones in `random_covariance`.
    constexpr std::size_t points = 400;
    double step[2];
    for (std::size_t j = 0; j < 2; ++j) step[j] = 24 * std::sqrt(moments[j].variance()) / points;
    Rows line(points, 2);
    for (std::size_t a = 0; a < points; ++a) {
      for (std::size_t b = 0; b < points; ++b) {
        line(b, 0) = moments[0].mean() + (static_cast<double>(a) - 0.5 * points) * step[0];
        line(b, 1) = moments[1].mean() + (static_cast<double>(b) - 0.5 * points) * step[1];
      }
      for (const double log_density : c.log_density(line, theta)) total += std::exp(log_density) * step[0] * step[1];
    }
    require_close("integral of the density", total, 1, quadrature(quadrature_error, 1));
  }
}

/// E[t] is the mean of t over samples, within standard errors of those samples. Guilty: sample or mean_statistic.
void samples_have_the_mean(const Case& c) {
  const auto theta = c.theta();
  const auto data = c.draw(monte_carlo_draws, theta);
  const auto origin = c.location(theta);
  auto T = c.statistic(*data, origin);
  const auto mean = c.mean_statistic(theta, origin);
  for (std::size_t p = 0; p < mean.size(); ++p) {
    MonteCarlo estimate;
    for (std::size_t n = 0; n < data->size(); ++n) estimate.add(T(n, p));
    const double rounding = round_off(static_cast<double>(monte_carlo_draws), mean[p]).allowed;
    require_close(entry("E[t]", p), estimate.mean(), mean[p],
                  {monte_carlo(estimate.standard_error()).allowed + rounding, "5 standard errors of the samples"});
  }
}

/// KL(1 || 2) in closed form is the mean of log p1 - log p2 over samples of 1. Guilty: sample or mean_statistic.
void divergence_is_the_sampled_one(const Case& c) {
  const auto theta = c.theta();
  const auto other = c.theta();
  const auto data = c.draw(monte_carlo_draws, theta);
  const auto origin = c.location(theta);
  const auto mean = c.mean_statistic(theta, origin);
  const auto one = c.log_density(*data, theta);
  const auto two = c.log_density(*data, other);
  MonteCarlo estimate;
  for (std::size_t n = 0; n < one.size(); ++n) estimate.add(one[n] - two[n]);
  const auto c1 = c.coefficients(theta, origin);
  const auto c2 = c.coefficients(other, origin);
  const double rounding =
      round_off(static_cast<double>(monte_carlo_draws) * c.options.condition, dot_scale(c1, mean) + dot_scale(c2, mean))
          .allowed;
  require_close("KL", dot(c1, mean) - dot(c2, mean), estimate.mean(),
                {monte_carlo(estimate.standard_error()).allowed + rounding, "5 standard errors of the samples"});
}

/// exp(log_prior) integrates to 1 over a single parameter. Guilty: the prior's log_partition.
void prior_is_normalised(const Case& c) {
  const Domain domain = c.family->parameters().fields()[0].domain;
  if (c.family->parameters().free_values() != 1 || (domain != Domain::positive && domain != Domain::probability))
    return;
  const auto h = c.options.hyperparameters(c.random);
  Values s = c.chi(h, {});
  const auto mode = c.mle(s, {});
  const double middle = mode && !c.family->parameters().check(*mode) ? (*mode)[0] : 0.5;
  const auto density = [&](double x) {
    if (!(x > 0) || (domain == Domain::probability && !(x < 1))) return 0.0;
    Values theta(c.family->parameters().size());
    theta[0] = x;
    return std::exp(c.log_prior(h, theta));
  };
  const double upper = domain == Domain::probability ? 1 : std::numeric_limits<double>::infinity();
  require_close("integral of the prior",
                integral(density, 0, upper, middle, domain == Domain::probability ? 1 : middle), 1,
                quadrature(quadrature_error, 1));
}

struct Law {
  const char* name;
  const char* guilty;
  void (*holds)(const Case&);
  bool cheap = true;
};

/// Runs one law; true when it holds in all cases.
void check_law(const FamilyPtr& family, const LawOptions& options, const Law& law, std::size_t cases) {
  setenv("RC_PARAMS", default_parameters, 0);
  rc::detail::TestParams params = rc::detail::configFromString(std::getenv("RC_PARAMS")).testParams;
  params.maxSuccess = static_cast<int>(cases);
  rc::detail::TestMetadata metadata;
  metadata.id = metadata.description = family->spec() + ": " + law.name;
  const auto result = rc::detail::checkTestable(
      [&] {
        const auto seed =
            *rc::gen::noShrink(rc::gen::resize(rc::kNominalSize, rc::gen::arbitrary<std::uint64_t>())).as("seed");
        const auto rows = *rc::gen::inRange<std::size_t>(1, 41).as("rows");
        Random random{seed};
        law.holds({family, options, random, rows});
      },
      metadata, params);
  if (result.is<rc::detail::SuccessResult>()) return;
  std::ostringstream text;
  rc::detail::printResultMessage(result, text);
  FAIL_CHECK("law of '" << family->spec() << "': " << law.name << "\nguilty: " << law.guilty
                        << "\nRC_PARAMS seed=" << params.seed << "\n"
                        << text.str());
}

}  // namespace

std::size_t check_laws(const FamilyPtr& family, const LawOptions& options) {
  const bool with_prior = options.hyperparameters && family->prior();
  if (options.hyperparameters && !with_prior) FAIL_CHECK("'" << family->spec() << "' has lost its conjugate prior");
  std::vector<Law> laws = {
      {"S(A u B) = S(A) + S(B)", "accumulate", statistics_add},
      {"an integer weight is a repeated row, 0 is none", "accumulate", weights_are_copies},
      {"S += R' t(X)", "accumulate or statistic", accumulate_is_a_product},
      {"log density = <t, c> about every origin", "coefficients or step", density_is_a_product},
      {"a step accumulates about its locations", "prepare, or accumulate of the step",
       step_accumulates_about_locations},
      {"statistics move with the origin", "recentre", recentre_moves_the_origin},
      {"mle(E[t]) = theta", "mle or mean_statistic", mle_inverts_the_mean},
      {"mle is a maximum", "mle or coefficients", mle_is_a_maximum},
      {"E[t] is the gradient of A", "mean_statistic or coefficients", mean_is_the_gradient},
      {"samples lie in the support", "sample or support", samples_lie_in_the_support},
      {"KL >= 0", "mean_statistic or coefficients", divergence_is_not_negative},
      {"a product of one is the family", "Product", product_of_one_is_the_family},
      {"the density is normalised", "coefficients, add_log_base or support", density_is_normalised, false},
      {"samples have the mean E[t]", "sample or mean_statistic", samples_have_the_mean, false},
      {"KL = Monte Carlo", "sample or mean_statistic", divergence_is_the_sampled_one, false},
  };
  if (options.log_density)
    laws.push_back({"the density is the known one", "coefficients, step or log_base", density_is_the_known_one});
  if (with_prior) {
    laws.push_back({"log prior = <chi, c> + constant", "log_density or add_chi", prior_is_a_product});
    laws.push_back({"a prior moves like data", "add_chi", prior_moves_like_data});
    laws.push_back({"the flat prior is none", "flat or add_chi", flat_prior_is_none});
    laws.push_back({"the posterior mode is a maximum", "add_chi or log_density", mode_is_a_maximum});
    laws.push_back({"the default prior is valid", "default_prior", default_prior_is_valid});
    laws.push_back({"the prior is normalised", "log_partition", prior_is_normalised, false});
    if (options.log_prior) laws.push_back({"the prior is the known one", "log_prior", prior_is_the_known_one});
    if (options.posterior_mode)
      laws.push_back({"the posterior mode is the stated one", "add_chi or mle", mode_is_the_stated_one});
  }
  std::size_t total = 0;
  for (const Law& law : laws) {
    const std::size_t cases = law.cheap ? options.cases : std::max<std::size_t>(options.cases / 20, 1);
    check_law(family, options, law, cases);
    total += cases;
  }
  return total;
}

LawOptions columnwise(const FamilyPtr& single, const LawOptions& options, std::size_t columns) {
  // Storage order: each field of one column becomes D runs, one for each column.
  const auto place = [columns](const Schema& schema, std::size_t f, std::size_t j) {
    return schema.offset(f) * columns + j * schema.fields()[f].size();
  };
  const auto spread = [columns, place](const Schema& schema, const std::function<Values(std::size_t)>& one) {
    Values all(schema.size() * columns);
    for (std::size_t j = 0; j < columns; ++j) {
      const Values values = one(j);
      for (std::size_t f = 0; f < schema.fields().size(); ++f)
        for (std::size_t i = 0; i < schema.fields()[f].size(); ++i)
          all[place(schema, f, j) + i] = values[schema.offset(f) + i];
    }
    return all;
  };
  const auto pick = [place](const Schema& schema, ConstVectorView all, std::size_t j) {
    Values one(schema.size());
    for (std::size_t f = 0; f < schema.fields().size(); ++f)
      for (std::size_t i = 0; i < schema.fields()[f].size(); ++i)
        one[schema.offset(f) + i] = all[place(schema, f, j) + i];
    return one;
  };
  LawOptions result = options;
  result.support_points = nullptr;
  result.parameters = [=](Random& random) {
    return spread(single->parameters(), [&](std::size_t) { return options.parameters(random); });
  };
  if (options.hyperparameters)
    result.hyperparameters = [=](Random& random) {
      return spread(single->prior()->hyperparameters(), [&](std::size_t) { return options.hyperparameters(random); });
    };
  if (options.log_density)
    result.log_density = [=](ConstVectorView theta, ConstVectorView x) {
      double sum = 0;
      for (std::size_t j = 0; j < columns; ++j)
        sum += options.log_density(pick(single->parameters(), theta, j), x.part(j, 1));
      return sum;
    };
  if (options.log_prior)
    result.log_prior = [=](ConstVectorView h, ConstVectorView theta) {
      double sum = 0;
      for (std::size_t j = 0; j < columns; ++j)
        sum += options.log_prior(pick(single->prior()->hyperparameters(), h, j), pick(single->parameters(), theta, j));
      return sum;
    };
  if (options.posterior_mode)
    result.posterior_mode = [=](ConstVectorView h, ConstMatrixView rows) {
      return spread(single->parameters(), [&](std::size_t j) {
        Values column;
        for (std::size_t n = 0; n < rows.rows(); ++n) column.push_back(rows(n, j));
        return options.posterior_mode(pick(single->prior()->hyperparameters(), h, j),
                                      ConstMatrixView::row_major(column.data(), column.size(), 1));
      });
    };
  return result;
}

double uniform_between(Random& random, double lower, double upper) {
  return lower + (upper - lower) * random.uniform();
}

double log_uniform(Random& random, double lower, double upper) {
  return std::exp(uniform_between(random, std::log(lower), std::log(upper)));
}

std::vector<double> random_covariance(Random& random, std::size_t d) {
  Values A(d * d), C(d * d), deviation(d);
  for (double& value : A) value = random.normal();
  for (std::size_t i = 0; i < d; ++i)
    for (std::size_t j = 0; j < d; ++j) {
      for (std::size_t m = 0; m < d; ++m) C[i * d + j] += A[i * d + m] * A[j * d + m];
      if (i == j) C[i * d + j] += 0.1;
    }
  for (std::size_t i = 0; i < d; ++i) deviation[i] = log_uniform(random, 0.1, 10) / std::sqrt(C[i * d + i]);
  for (std::size_t i = 0; i < d; ++i)
    for (std::size_t j = 0; j <= i; ++j) C[i * d + j] = C[j * d + i] = C[i * d + j] * deviation[i] * deviation[j];
  return C;
}

std::vector<double> random_probabilities(Random& random, std::size_t categories) {
  Values result(categories);
  double total = 0;
  for (double& value : result) total += value = random.exponential(1);
  for (double& value : result) value /= total;
  return result;
}

}  // namespace mixfam
