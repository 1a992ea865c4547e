#include "catch.hpp"

#include <mixfam/mixfam.hpp>

#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "models/posterior_checks.hpp"
#include "support.hpp"
#include "tolerance.hpp"

// Both sides of a probability keep their digits: in estimates, expectations, fits, files and samples.

namespace mixfam {
namespace {

const char* const specs[] = {"bernoulli", "binomial:trials=7", "geometric"};

FamilyPtr family_of(const std::string& spec, std::size_t columns = 1) {
  return Registry::builtin().make(spec, columns);
}

/// (log p, log(1 - p)).
std::vector<double> logarithms(const Family& family, const std::vector<double>& theta) {
  std::vector<double> c(2);
  family.coefficients(theta, {}, c);
  return c;
}

std::vector<double> estimate(const Family& family, const std::vector<double>& s) {
  std::vector<double> theta(family.parameters().size());
  REQUIRE(family.mle(one_row(s), one_row(std::vector<double>()), one_row(theta)).degenerate.empty());
  return theta;
}

/// Rows of zeros and ones of two groups; failures are rare in the columns of the first.
Table binary_rows(std::size_t rows, std::size_t columns, std::uint64_t seed) {
  Random random{seed};
  Table table{columns, {}};
  for (std::size_t n = 0; n < rows; ++n)
    for (std::size_t j = 0; j < columns; ++j)
      table.values.push_back(random.uniform() < (n % 3 == 0 ? 0.99 : 0.4) ? 1 : 0);
  return table;
}

}  // namespace

TEST_CASE("probability: counts of either side give the logarithms of their shares", "[probability]") {
  for (const std::string spec : specs) {
    const auto family = family_of(spec);
    for (const double rare : {0.3, 1e-9, 1e-17, 1e-40, 1e-300}) {
      INFO(spec << ", " << rare);
      const auto success = logarithms(*family, estimate(*family, {200, 200 * rare}));
      CHECK(close(success[0], -std::log1p(rare), round_off(4, std::log1p(rare))));
      CHECK(close(success[1], std::log(rare) - std::log1p(rare), round_off(4, std::log(rare))));
      const auto failure = logarithms(*family, estimate(*family, {200 * rare, 200}));
      CHECK(failure[0] == success[1]);
      CHECK(failure[1] == success[0]);
    }
  }
}

TEST_CASE("probability: the mean statistic leads back to both sides", "[probability]") {
  for (const std::string spec : specs) {
    const auto family = family_of(spec);
    const auto theta = estimate(*family, {1, 1e-30});
    CHECK(theta[0] == 1);
    std::vector<double> mean(2);
    family->mean_statistic(theta, {}, mean);
    const auto back = estimate(*family, mean);
    CHECK(close(logarithms(*family, back)[1], std::log(1e-30), round_off(4, std::log(1e-30))));
  }
}

TEST_CASE("probability: given alone it is what it says", "[probability]") {
  const auto family = family_of("bernoulli");
  CHECK(logarithms(*family, {0.75, 0}) == std::vector<double>{std::log1p(-0.25), std::log(0.25)});
  CHECK(logarithms(*family, {0.25, 0}) == std::vector<double>{std::log(0.25), std::log1p(-0.25)});
  CHECK(logarithms(*family, {1, 0})[1] == -1e300);
  CHECK(family->free_parameters(3) == 3);
  CHECK(family->parameters().check(std::vector<double>{0.5, 1e-3}).value() ==
        "complement_correction[0] = 0.001 (must be within 1e-15 of 0)");
}

TEST_CASE("probability: expectations under Beta(a, b) have both sides, however small a and b are", "[probability]") {
  for (const std::string spec : specs) {
    const auto family = family_of(spec);
    for (const auto& h :
         std::vector<std::vector<double>>{{200, 0.02}, {0.02, 200}, {1e-4, 1e-4}, {1e-4, 3}, {3, 1e-4}}) {
      std::vector<double> theta(2), log_scale(1);
      family->prior()->expectation(one_row(h), one_row(theta), log_scale);
      INFO(spec << ", Beta(" << h[0] << ", " << h[1] << ")");
      CHECK_FALSE(family->parameters().check(theta));
      CHECK(std::isfinite(log_scale[0]));
      for (const double value : logarithms(*family, theta))
        CHECK(value >= std::log(std::numeric_limits<double>::min()));
    }
    // E[log(1 - p)] = digamma(0.02) - digamma(200.02) = -55.840, where p is 1 as a double; the families' constants are
    // below 0.01.
    std::vector<double> theta(2), log_scale(1);
    family->prior()->expectation(one_row(std::vector<double>{200, 0.02}), one_row(theta), log_scale);
    CHECK(theta[0] == 1);
    CHECK(close(logarithms(*family, theta)[1], -55.840, stated(1e-2, 1)));
  }
}

TEST_CASE("probability: zeros and ones may change their names", "[probability]") {
  const Table table = binary_rows(300, 6, 8);
  Table mirrored = table;
  for (double& value : mirrored.values) value = 1 - value;
  const auto family = family_of("bernoulli", 6);
  const std::vector<std::vector<double>> start{{0.9, 0.8, 0.9, 0.9, 0.7, 0.9}, {0.3, 0.5, 0.4, 0.3, 0.5, 0.4}};
  auto mirrored_start = start;
  for (auto& row : mirrored_start)
    for (double& p : row) p = 1 - p;
  auto source = table.source();
  auto mirrored_source = mirrored.source();
  const FitResult one = fit({family, {0.5, 0.5}, parameter_table(*family, start)}, source);
  const FitResult other = fit({family, {0.5, 0.5}, parameter_table(*family, mirrored_start)}, mirrored_source);
  CHECK(close(one.objective(), other.objective(), round_off(4 * 300, one.objective())));
  for (std::size_t k = 0; k < 2; ++k)
    for (std::size_t j = 0; j < 6; ++j) {
      const auto of = [&](const FitResult& result) {
        std::vector<double> c(12);
        family->coefficients(result.mixture.parameters().row(k), {}, c);
        return std::pair(c[2 * j], c[2 * j + 1]);
      };
      // Estimates settle at the root of the rounding of the objective.
      CHECK(close(of(one).first, of(other).second, stated(1e-6, 1)));
      CHECK(close(of(one).second, of(other).first, stated(1e-6, 1)));
    }
}

TEST_CASE("probability: a binomial of many trials sees failures that are rarer than the rounding of 1",
          "[probability]") {
  constexpr double trials = 5e15;
  const auto family = family_of("binomial:trials=5000000000000000");
  ParameterTable truth(family->parameters(), 1);
  const auto theta = estimate(*family, {1, 1e-17});
  std::copy(theta.begin(), theta.end(), truth.row(0).begin());
  CHECK(truth.row(0)[0] == 1);
  const Mixture mixture(family, {1}, truth);
  const Table table{1, mixture.sample(4000, 5)};
  MonteCarlo failures;
  for (const double x : table.values) failures.add(trials - x);
  CHECK(close(failures.mean(), trials * 1e-17, monte_carlo(failures.standard_error())));
  auto source = table.source();
  const Mixture fitted = fit(mixture, source).mixture;
  CHECK(close(std::exp(logarithms(*family, to_vector(fitted.parameters().row(0)))[1]), failures.mean() / trials,
              stated(1e-9, failures.mean() / trials)));
}

}  // namespace mixfam
