#include <boost/math/special_functions/gamma.hpp>
#include <cmath>

#include "laws.hpp"
#include "models/posterior_checks.hpp"

namespace mixfam {

namespace {

FamilyPtr poisson(std::size_t columns = 1) { return Registry::builtin().make("poisson", columns); }

double log_gamma_density(ConstVectorView h, double rate) {
  const long double a = h[0], b = h[1], r = rate;
  return static_cast<double>(a * std::log(b) - std::lgamma(a) + (a - 1) * std::log(r) - b * r);
}

LawOptions poisson_options() {
  LawOptions options;
  options.parameters = [](Random& random) { return std::vector{log_uniform(random, 1e-2, 1e3)}; };
  options.hyperparameters = [](Random& random) {
    return std::vector{uniform_between(random, 1.1, 20), log_uniform(random, 1e-2, 1e1)};
  };
  options.log_density = [](ConstVectorView theta, ConstVectorView x) {
    const long double rate = theta[0], count = x[0];
    return static_cast<double>(count * std::log(rate) - rate - std::lgamma(count + 1));
  };
  options.log_prior = [](ConstVectorView h, ConstVectorView theta) { return log_gamma_density(h, theta[0]); };
  options.posterior_mode = [](ConstVectorView h, ConstMatrixView x) {
    double sum = 0;
    for (std::size_t n = 0; n < x.rows(); ++n) sum += x(n, 0);
    return std::vector{(sum + h[0] - 1) / (static_cast<double>(x.rows()) + h[1])};
  };
  return options;
}

}  // namespace

TEST_CASE("poisson: laws", "[laws][poisson]") {
  CHECK(check_laws(poisson(), poisson_options()) >= least_law_cases);
  CHECK(check_laws(poisson(3), columnwise(poisson(), poisson_options(), 3)) >= least_law_cases);
}

TEST_CASE("poisson: posteriors", "[poisson][prior]") {
  for (const auto& h :
       std::vector<std::vector<double>>{{2, 1}, {1, 0.1}, {0.3, 2}, {0.05, 1}, {30, 4}, {9.5, 1e-3}, {1e4, 2e3}}) {
    for (const double x : {0.0, 1.0, 6.0}) {
      check_expectation(*poisson(), h, {x});
      check_draws(*poisson(), h, {x});
    }
    check_quantile(*poisson(), h, [&](double rate) { return boost::math::gamma_p(h[0], h[1] * rate); });
  }
}

TEST_CASE("poisson: the prior integrates to 1", "[poisson][prior]") {
  // The trapezium rule in u = log rate, exact to rounding for an integrand that vanishes at both ends.
  for (const auto& h : std::vector<std::vector<double>>{{2, 1}, {0.7, 0.1}, {30, 4}}) {
    double total = 0;
    for (double u = -60; u < 10; u += 0.02) {
      const std::vector<double> theta{std::exp(u)};
      total += 0.02 * std::exp(poisson()->prior()->log_density(h, *poisson()->step(one_row(theta))) + u);
    }
    CHECK(close(total, 1, quadrature(1e-10, 1)));
  }
}

TEST_CASE("poisson: the constants of large counts keep their digits", "[poisson][prior]") {
  // (a / b) (exp(digamma(a) - log a) - 1) = -1 / (2 b) + O(1 / a).
  std::vector<double> theta(1), log_scale(1);
  const std::vector<double> h{8e9, 2e9};
  poisson()->prior()->expectation(one_row(h), one_row(theta), log_scale);
  CHECK(close(log_scale[0], -1 / 4e9, stated(1e-9, 1 / 4e9)));
}

TEST_CASE("poisson: degenerate data", "[poisson][degenerate]") {
  std::vector<double> theta;
  CHECK(mle_of_rows(*poisson(), {0, 0, 0}, theta) == "");
  CHECK(theta[0] == 0);
  CHECK(mle_of_rows(*poisson(), {4, 4}, theta) == "");  // a constant column
  CHECK(theta[0] == 4);
  CHECK(mle_of_rows(*poisson(), {}, theta) == "no rows are left to it");

  const Table zeros{1, {0, 0, 0}};
  auto source = zeros.source();
  const Mixture start(poisson(), {1}, parameter_table(*poisson(), {{0.3}}));
  CHECK(check_fit(start, source, Update::ml).trace.back().log_likelihood == 0);
  for (const auto update : {Update::map, Update::vb}) check_fit(start, source, update);

  // A component of zeros beside one of counts.
  const Table inflated{1, {0, 0, 0, 0, 0, 0, 7, 9, 8, 11}};
  auto counts = inflated.source();
  const Mixture two(poisson(), {0.5, 0.5}, parameter_table(*poisson(), {{0}, {5}}));
  const FitResult result = check_fit(two, counts, Update::ml);
  CHECK(result.mixture.parameters().row(0)[0] == 0);
  for (const auto update : {Update::map, Update::vb}) check_fit(two, counts, update);
}

TEST_CASE("poisson: the default prior is one row at the mean", "[poisson][prior]") {
  const Table table{1, {0, 1, 2, 9}};
  auto source = table.source();
  CHECK(to_vector(default_prior(poisson(), 2, source).components->row(0)) == std::vector<double>{4, 1});
}

TEST_CASE("poisson: fits", "[poisson]") {
  check_fits(poisson(2), {{1, 20}, {6, 10}});
  check_fits(Registry::builtin().make("poisson(0) * exponential(1)", 2), {{1, 1}, {6, 5}});
}

}  // namespace mixfam
