#pragma once

#include <boost/math/special_functions/beta.hpp>
#include <cmath>
#include <functional>
#include <utility>
#include <vector>

#include "laws.hpp"
#include "models/posterior_checks.hpp"

/// What the tests of families with a probability of success and a Beta prior share.
namespace mixfam {

/// 1 - p of parameters theta = (p, d), to the digits of the smaller side.
inline long double failure_probability(ConstVectorView theta) {
  return (1 - static_cast<long double>(theta[0])) + static_cast<long double>(theta[1]);
}

/// From log p(x | p, 1 - p) in long double, and the successes and failures that a row counts.
inline LawOptions success_options(
    const std::function<long double(long double p, long double failure, long double x)>& log_density,
    const std::function<std::pair<double, double>(double x)>& counts) {
  LawOptions options;
  options.parameters = [](Random& random) {
    const double p = log_uniform(random, 1e-2, 0.5);
    return random.below(2) == 0 ? std::vector{p, 0.0} : std::vector{1 - p, p - (1 - (1 - p))};
  };
  options.hyperparameters = [](Random& random) {
    return std::vector{uniform_between(random, 1.1, 20), uniform_between(random, 1.1, 20)};
  };
  options.log_density = [=](ConstVectorView theta, ConstVectorView x) {
    return static_cast<double>(log_density(theta[0], failure_probability(theta), x[0]));
  };
  options.log_prior = [](ConstVectorView h, ConstVectorView theta) {
    const long double a = h[0], b = h[1], p = theta[0];
    return static_cast<double>((a - 1) * std::log(p) + (b - 1) * std::log(failure_probability(theta)) +
                               std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b));
  };
  options.posterior_mode = [=](ConstVectorView h, ConstMatrixView x) {
    double successes = h[0] - 1, failures = h[1] - 1;
    for (std::size_t n = 0; n < x.rows(); ++n) {
      const auto [s, f] = counts(x(n, 0));
      successes += s;
      failures += f;
    }
    return std::vector{successes / (successes + failures), 0.0};
  };
  return options;
}

/// Expectations, draws and quantiles under Beta posteriors of many shapes. A small b puts mass on p nearer to 1 than a
/// double can say; only its expectation is exact.
inline void check_beta_posterior(const Family& family, const std::vector<double>& values) {
  for (const auto& h : std::vector<std::vector<double>>{
           {2, 2}, {1, 1}, {0.3, 0.6}, {0.05, 0.7}, {0.1, 30}, {30, 0.1}, {9.5, 10.5}, {1e3, 2}, {4e4, 7e4}}) {
    for (const double x : values) {
      check_expectation(family, h, {x});
      if (h[1] > 0.5) check_draws(family, h, {x});
    }
    if (h[1] > 0.5) check_quantile(family, h, [&](double p) { return boost::math::ibeta(h[0], h[1], p); });
  }
}

}  // namespace mixfam
