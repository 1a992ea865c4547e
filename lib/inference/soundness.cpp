#include "inference/soundness.hpp"

#include <mixfam/exponential_family.hpp>

#include "numerics/greatest_eigenvalue.hpp"
#include "numerics/linear_algebra.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>

namespace mixfam {

namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// docs/numerics.md says how these were chosen.
constexpr double few_rows_per_parameter = 5;
constexpr double small_eigenvalue = 1e-3;

/// The statistics of all rows together, for one component of the family of a group: those of its components about one
/// origin. Rows of other groups are not among them.
Statistics sum_of_components(const Groups& groups, std::size_t g, const Statistics& statistics) {
  const Family& family = groups.family(g);
  Statistics total(1, statistics.statistic_size(g), statistics.origin_size(g));
  const std::size_t first = groups.first(g);
  const std::size_t end = groups.end(g);
  for (std::size_t k = first; k < end; ++k) total.counts()[0] += statistics.counts()[k];
  for (std::size_t k = first; k < end; ++k)
    for (std::size_t i = 0; i < total.origin_size(); ++i)
      total.origin(0)[i] += statistics.counts()[k] / total.counts()[0] * statistics.origin(k)[i];
  for (std::size_t k = first; k < end; ++k) {
    std::vector<double> s(statistics.sum(k).begin(), statistics.sum(k).end());
    family.recentre(statistics.origin(k), total.origin(0), s);
    for (std::size_t p = 0; p < s.size(); ++p) total.sum(0)[p] += s[p];
  }
  return total;
}

/// The parameters of one component for all the rows of a group; empty where there are none.
std::vector<double> parameters_of_all(const Groups& groups, std::size_t g, const Statistics& statistics) {
  const Statistics total = sum_of_components(groups, g, statistics);
  std::vector<double> theta(groups.family(g).parameters().size());
  const auto result =
      groups.family(g).mle(total.sums(), total.origins(), MatrixView::row_major(theta.data(), 1, theta.size()));
  return result.degenerate.empty() ? theta : std::vector<double>{};
}

/// Of the components of a group, by their weights.
std::vector<double> mean_parameters(const Mixture& mixture, std::size_t g) {
  const std::size_t first = mixture.groups().first(g);
  const std::size_t end = mixture.groups().end(g);
  double weight = 0;
  for (std::size_t k = first; k < end; ++k) weight += mixture.weights()[k];
  std::vector<double> mean(mixture.parameters().schema(first).size());
  for (std::size_t k = first; k < end; ++k)
    for (std::size_t i = 0; i < mean.size(); ++i)
      mean[i] += mixture.weights()[k] / weight * mixture.parameters().row(k)[i];
  return mean;
}

/// The least e of C v = e M v for two covariances of the same field: with C = L L' and W = L^-1, 1 / e is the greatest
/// eigenvalue of W M W'. 0 where C is singular to within rounding.
double least_eigenvalue(const Field& field, ConstVectorView C, ConstVectorView M) {
  if (field.form != MatrixForm::dense) {
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < C.size(); ++i) least = std::min(least, C[i] / M[i]);
    return least;
  }
  const std::size_t d = field.dimension;
  const auto square = [d](ConstVectorView values) { return ConstMatrixView::row_major(values.data(), d, d); };
  const auto factor = cholesky(square(C));
  if (factor.empty()) return 0;
  const auto inverse = invert_lower(square(factor));
  std::vector<double> right(d);
  std::vector<double> middle(d);
  const auto multiply = [&](ConstVectorView v, VectorView out) {
    std::fill(right.begin(), right.end(), 0.0);
    for (std::size_t i = 0; i < d; ++i)
      for (std::size_t m = 0; m <= i; ++m) right[m] += inverse[i * d + m] * v[i];
    for (std::size_t i = 0; i < d; ++i) middle[i] = detail::dot(M.data() + i * d, right.data(), d);
    for (std::size_t i = 0; i < d; ++i) out[i] = detail::dot(inverse.data() + i * d, middle.data(), i + 1);
  };
  return 1 / greatest_eigenvalue(d, multiply);
}

/// The least over all covariances among the parameters; NaN where there is none.
double least_eigenvalue(const Schema& schema, ConstVectorView theta, ConstVectorView metric) {
  double least = nan;
  if (metric.empty()) return least;
  for (std::size_t f = 0; f < schema.fields().size(); ++f) {
    const Field& field = schema.fields()[f];
    if (field.domain != Domain::covariance) continue;
    least = std::fmin(least, least_eigenvalue(field, theta.part(schema.offset(f), field.size()),
                                              metric.part(schema.offset(f), field.size())));
  }
  return least;
}

std::string short_number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2g", value);
  return text;
}

}  // namespace

std::vector<ComponentSoundness> soundness_of(const Mixture& mixture, const Statistics& statistics) {
  const Groups& groups = mixture.groups();
  std::vector<ComponentSoundness> result;
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const Family& family = groups.family(g);
    const auto components = static_cast<double>(groups.components(g));
    const double parameters = static_cast<double>(family.free_parameters(groups.components(g))) / components;
    const auto of_data = parameters_of_all(groups, g, statistics);
    const auto of_components = mean_parameters(mixture, g);
    for (std::size_t k = groups.first(g); k < groups.end(g); ++k) {
      const auto theta = mixture.parameters().row(k);
      ComponentSoundness one{parameters > 0 ? statistics.counts()[k] / parameters : nan,
                             least_eigenvalue(family.parameters(), theta, of_data),
                             least_eigenvalue(family.parameters(), theta, of_components), false};
      one.suspicious = one.rows_per_parameter < few_rows_per_parameter && one.components_eigenvalue < small_eigenvalue;
      result.push_back(one);
    }
  }
  return result;
}

std::string describe_suspicious(const std::vector<ComponentSoundness>& soundness, bool prior_may_help) {
  std::string text;
  for (std::size_t k = 0; k < soundness.size(); ++k) {
    if (!soundness[k].suspicious) continue;
    text += (text.empty() ? "component " : ", component ") + std::to_string(k) + " has " +
            short_number(soundness[k].rows_per_parameter) + " rows for a parameter and, in some direction, " +
            short_number(soundness[k].components_eigenvalue) + " of the components' mean variance";
  }
  if (text.empty()) return text;
  return "may be a spurious maximum: " + text + "; use more starts" +
         (prior_may_help ? ", fewer components or a prior (`update = map`)" : " or fewer components");
}

bool FitResult::suspicious() const {
  return std::any_of(soundness.begin(), soundness.end(), [](const auto& one) { return one.suspicious; });
}

}  // namespace mixfam
