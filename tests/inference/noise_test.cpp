#include "catch.hpp"

#include <mixfam/mixfam.hpp>

#include <cmath>

#include "reference/faithful.hpp"
#include "reference/noise.hpp"
#include "support.hpp"
#include "tolerance.hpp"

// A component of noise: Old Faithful with 5 % of uniform rows, whose truth is known, beside the fit that mclust makes.

namespace mixfam {

namespace {

namespace noise = reference::noise;

Table noisy_faithful() {
  Table table{2, reference::faithful};
  table.values.insert(table.values.end(), noise::rows.begin(), noise::rows.end());
  return table;
}

FitOptions to_the_maximum() {
  FitOptions options;
  options.accelerate = Acceleration::anderson;
  options.tolerance = 1e-12;
  return options;
}

FitResult fit_with_noise(Source& source) {
  const Groups groups = Registry::builtin().make_groups("2 gaussian + 1 uniform", std::nullopt, 2, {}, &source);
  return fit_restarts(groups, source, {}, to_the_maximum()).best;
}

/// The greatest log likelihood where the noise has a given weight and the others share the rest as they did.
double profile(const FitResult& best, Source& source, double weight) {
  std::vector<double> weights = best.mixture.weights();
  for (double& other : weights) other *= (1 - weight) / (1 - weights[2]);
  weights[2] = weight;
  FitOptions options = to_the_maximum();
  options.freeze.weights = true;
  return fit(Mixture(best.mixture.groups(), weights, best.mixture.parameters()), source, options).log_likelihood();
}

/// By the curvature of the profile, which is that of the likelihood with the ratio of the others known.
double standard_error_of_noise(const FitResult& best, Source& source) {
  constexpr double step = 0.01;
  const double at = best.mixture.weights()[2];
  const double curvature =
      (profile(best, source, at - step) + profile(best, source, at + step) - 2 * best.log_likelihood()) / (step * step);
  return 1 / std::sqrt(-curvature);
}

/// The component whose eruptions are shorter, and the other.
std::vector<std::size_t> by_first_mean(const Mixture& mixture) {
  const auto& theta = mixture.parameters();
  return theta.row(0)[0] < theta.row(1)[0] ? std::vector<std::size_t>{0, 1} : std::vector<std::size_t>{1, 0};
}

constexpr double within = 3;  // standard errors

}  // namespace

TEST_CASE("noise: the maximum is that of mclust", "[noise][groups]") {
  const Table table = noisy_faithful();
  auto source = table.source();
  const FitResult result = fit_with_noise(source);
  CHECK(result.verdict == Verdict::converged);
  // mclust stops where a gain is below 1e-15 of the log likelihood: parameters to the root of that, times their slopes.
  CHECK(close(result.log_likelihood(), noise::log_likelihood, stated(1e-11, std::abs(noise::log_likelihood))));
  const auto order = by_first_mean(result.mixture);
  for (std::size_t k = 0; k < 2; ++k) {
    CHECK(close(result.mixture.weights()[order[k]], noise::weights[k], stated(1e-6, 1)));
    const auto theta = result.mixture.parameters().row(order[k]);
    for (std::size_t i = 0; i < 2; ++i) CHECK(close(theta[i], noise::means[k][i], stated(1e-6, noise::means[k][i])));
    for (std::size_t i = 0; i < 4; ++i)
      CHECK(close(theta[2 + i], noise::covariances[k][i], stated(1e-5, noise::covariances[k][3])));
  }
  CHECK(close(result.mixture.weights()[2], noise::weights[2], stated(1e-6, 1)));
}

TEST_CASE("noise: its weight is found, and the clusters are what they are without it", "[noise][groups]") {
  const Table table = noisy_faithful();
  auto source = table.source();
  const FitResult result = fit_with_noise(source);
  const double truth = 14.0 / 286;
  CHECK(std::abs(result.mixture.weights()[2] - truth) < within * standard_error_of_noise(result, source));

  const Table clean{2, reference::faithful};
  auto clean_source = clean.source();
  const FitResult alone =
      fit_restarts(Registry::builtin().make("gaussian", 2), 2, clean_source, {}, to_the_maximum()).best;
  const auto order = by_first_mean(result.mixture);
  const auto alone_order = by_first_mean(alone.mixture);
  for (std::size_t k = 0; k < 2; ++k) {
    const auto theta = result.mixture.parameters().row(order[k]);
    const double rows = result.mixture.weights()[order[k]] * 286;
    for (std::size_t i = 0; i < 2; ++i) {
      const double standard_error = std::sqrt(theta[2 + 3 * i] / rows);
      CHECK(std::abs(theta[i] - alone.mixture.parameters().row(alone_order[k])[i]) < within * standard_error);
    }
  }
}

}  // namespace mixfam
