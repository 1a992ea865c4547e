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

/// The statistics of all rows together: those of the components, whose responsibilities sum to 1, about one origin.
Statistics sum_of_components(const Family& family, const Statistics& statistics) {
  Statistics total(1, statistics.statistic_size(), statistics.origin_size());
  for (std::size_t k = 0; k < statistics.components(); ++k) total.counts()[0] += statistics.counts()[k];
  for (std::size_t k = 0; k < statistics.components(); ++k)
    for (std::size_t i = 0; i < statistics.origin_size(); ++i)
      total.origins()(0, i) += statistics.counts()[k] / total.counts()[0] * statistics.origins()(k, i);
  for (std::size_t k = 0; k < statistics.components(); ++k) {
    std::vector<double> s(statistics.sums().row(k).begin(), statistics.sums().row(k).end());
    family.recentre(statistics.origins().row(k), total.origins().row(0), s);
    for (std::size_t p = 0; p < s.size(); ++p) total.sums()(0, p) += s[p];
  }
  return total;
}

/// The parameters of one component for all the data; empty where there are none.
std::vector<double> parameters_of_all(const Family& family, const Statistics& statistics) {
  const Statistics total = sum_of_components(family, statistics);
  std::vector<double> theta(family.parameters().size());
  const auto result = family.mle(total.sums(), total.origins(), MatrixView::row_major(theta.data(), 1, theta.size()));
  return result.degenerate.empty() ? theta : std::vector<double>{};
}

std::vector<double> mean_parameters(const Mixture& mixture) {
  std::vector<double> mean(mixture.parameters().schema().size());
  for (std::size_t k = 0; k < mixture.components(); ++k)
    for (std::size_t i = 0; i < mean.size(); ++i) mean[i] += mixture.weights()[k] * mixture.parameters().row(k)[i];
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
  const Family& family = mixture.family();
  const Schema& schema = family.parameters();
  const std::size_t components = mixture.components();
  const double parameters = static_cast<double>(family.free_parameters(components)) / static_cast<double>(components);
  const auto of_data = parameters_of_all(family, statistics);
  const auto of_components = mean_parameters(mixture);
  std::vector<ComponentSoundness> result;
  for (std::size_t k = 0; k < components; ++k) {
    const auto theta = mixture.parameters().row(k);
    ComponentSoundness one{statistics.counts()[k] / parameters, least_eigenvalue(schema, theta, of_data),
                           least_eigenvalue(schema, theta, of_components), false};
    one.suspicious = one.rows_per_parameter < few_rows_per_parameter && one.components_eigenvalue < small_eigenvalue;
    result.push_back(one);
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
