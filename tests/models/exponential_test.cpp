#include <boost/math/distributions/exponential.hpp>
#include <boost/math/distributions/gamma.hpp>
#include <cmath>

#include "catch.hpp"
#include "laws.hpp"
#include "support.hpp"
#include "tolerance.hpp"

namespace mixfam {

namespace {

LawOptions exponential_options() {
  LawOptions options;
  options.parameters = [](Random& random) { return std::vector{log_uniform(random, 1e-3, 1e3)}; };
  options.hyperparameters = [](Random& random) {
    return std::vector{uniform_between(random, 1, 20), log_uniform(random, 1e-3, 1e1)};
  };
  options.log_density = [](ConstVectorView theta, ConstVectorView x) {
    return std::log(pdf(boost::math::exponential(theta[0]), x[0]));
  };
  options.log_prior = [](ConstVectorView h, ConstVectorView theta) {
    // long double, whose range holds densities such as exp(-1e4)
    return static_cast<double>(std::log(pdf(boost::math::gamma_distribution<long double>(h[0], 1 / h[1]), theta[0])));
  };
  options.posterior_mode = [](ConstVectorView h, ConstMatrixView x) {
    double sum = 0;
    for (std::size_t n = 0; n < x.rows(); ++n) sum += x(n, 0);
    return std::vector{(static_cast<double>(x.rows()) + h[0] - 1) / (sum + h[1])};
  };
  return options;
}

}  // namespace

TEST_CASE("exponential: laws", "[laws][exponential]") {
  const auto one = Registry::builtin().make("exponential", 1);
  CHECK(check_laws(one, exponential_options()) >= least_law_cases);
  CHECK(check_laws(Registry::builtin().make("exponential", 3), columnwise(one, exponential_options(), 3)) >=
        least_law_cases);
}

TEST_CASE("exponential: known values", "[exponential]") {
  const auto family = Registry::builtin().make("exponential", 2);
  const Mixture mixture(family, {1}, parameter_table(*family, {{2, 0.5}}));
  const Table table{2, {0, 0, 1, 4, 0.25, 1000}};
  auto source = table.source();
  const auto density = mixture.log_density(source);
  // log 2 + log 0.5 = 0, less 2 x_1 + x_2 / 2
  CHECK(close(density[0], 0, round_off(2, 1)));
  CHECK(close(density[1], -4, round_off(4, 4)));
  CHECK(close(density[2], -500.5, round_off(4, 500)));
  CHECK(family->free_parameters(3) == 6);
  CHECK(family->parameters().fields()[0].name == "rate");
}

TEST_CASE("exponential: estimates and degenerate data", "[exponential][degenerate]") {
  const auto estimate = [](const Table& table, const std::vector<double>& weights) {
    auto source = table.source(weights);
    const auto family = Registry::builtin().make("exponential", table.columns);
    const Mixture start(family, {1}, parameter_table(*family, {std::vector<double>(table.columns, 1)}));
    FitOptions options;
    options.max_iterations = 1;
    return fit(start, source, options);
  };
  CHECK(close(estimate({1, {1, 2, 3}}, {}).mixture.parameters().row(0)[0], 0.5, round_off(2, 1)));
  CHECK(close(estimate({1, {1, 2, 3}}, {0, 0, 5}).mixture.parameters().row(0)[0], 1.0 / 3, round_off(2, 1)));
  CHECK(estimate({1, {4}}, {}).mixture.parameters().row(0)[0] == 0.25);        // one row
  CHECK(estimate({1, {4, 4, 4}}, {}).mixture.parameters().row(0)[0] == 0.25);  // a constant column
  CHECK(estimate({1, {0, 0, 3}}, {}).mixture.parameters().row(0)[0] == 1);     // some zeros
  const FitResult zeros = estimate({2, {1, 0, 2, 0}}, {});
  CHECK(zeros.verdict == Verdict::degenerate);
  CHECK(zeros.message.find("component 0: column 1: all its values are 0, so that the rate has no finite maximum") !=
        std::string::npos);
  CHECK(estimate({1, {5e-324, 0}}, {}).verdict == Verdict::degenerate);  // 2 / 5e-324 is beyond the doubles
  CHECK(close(estimate({1, {1e-300, 3e-300}}, {}).mixture.parameters().row(0)[0], 5e299, round_off(4, 5e299)));
}

TEST_CASE("exponential: the default prior is Gamma(2, mean of the column)", "[exponential][prior]") {
  const Table table{2, {1, 10, 2, 20, 6, 60}};
  auto source = table.source();
  const auto family = Registry::builtin().make("exponential", 2);
  const Prior prior = default_prior(family, 3, source);
  CHECK(prior.concentration == std::vector<double>{2});
  REQUIRE(prior.components.has_value());
  CHECK(to_vector(prior.components->field(0, "shape")) == std::vector<double>{2, 2});
  CHECK(to_vector(prior.components->field(0, "rate")) == std::vector<double>{3, 30});
}

TEST_CASE("exponential: priors that map cannot use", "[exponential][prior]") {
  const auto family = Registry::builtin().make("exponential", 1);
  const auto refusal = [&](double shape, double rate) {
    Prior prior{WeightsPrior::dirichlet, {1}, flat_hyperparameters(family)};
    prior.components->field(0, "shape")[0] = shape;
    prior.components->field(0, "rate")[0] = rate;
    return error_of([&] { check_prior({family, 2}, prior); });
  };
  CHECK(refusal(1, 0) == "");
  CHECK(refusal(0.5, 1) == "");  // proper; the data decide whether its mode is inside
  CHECK(refusal(0, 1) == "usage: prior: shape[0] = 0 (must be > 0)");
  CHECK(refusal(1, -1) == "usage: prior: rate[0] = -1 (must be >= 0)");
}

}  // namespace mixfam
