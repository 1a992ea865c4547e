#include <boost/math/quadrature/gauss_kronrod.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "catch.hpp"
#include "laws.hpp"
#include "support.hpp"
#include "tolerance.hpp"

// Rows with missing cells. Guilty, if a law breaks: a cell that is not there counted as one that is, the conditional
// moments of a Gaussian, or constants of a posterior given to columns that have no value.

namespace mixfam {
namespace {

constexpr double gap = std::numeric_limits<double>::quiet_NaN();

/// Of Gauss-Kronrod sums over a density without heavy tails.
constexpr double integrated = 1e-10;

MemorySource with_gaps(const Table& table, const std::vector<double>& weights = {}) {
  MemorySource source = table.source(weights);
  source.allow_gaps();
  return source;
}

bool same_bits(const Mixture& a, const Mixture& b) {
  bool same = a.weights() == b.weights();
  for (std::size_t k = 0; k < a.components(); ++k)
    same = same && std::ranges::equal(a.parameters().row(k), b.parameters().row(k));
  return same;
}

/// The log of the integral of the mixture's density over a cell of a row, from lower to upper.
double log_integral(const Mixture& mixture, std::vector<double> row, std::size_t column, double lower, double upper) {
  const auto density = [&](double x) {
    row[column] = x;
    const Table table{row.size(), row};
    auto source = table.source();
    return std::exp(mixture.log_density(source).front());
  };
  return std::log(boost::math::quadrature::gauss_kronrod<double, 61>::integrate(density, lower, upper, 10, 1e-12));
}

/// Two components in two columns of positive numbers, of any family of numbers.
Mixture two_components(const std::string& spec) {
  const FamilyPtr family = Registry::builtin().make(spec, 2);
  Random random{7};
  Table table{2, {}};
  for (std::size_t n = 0; n < 60; ++n) {
    const double x = (n % 2 == 0 ? 2 : 6) + 0.5 * random.normal();
    table.values.push_back(std::abs(x));
    table.values.push_back(std::abs(0.5 * x + 3 + 0.4 * random.normal()));
  }
  auto source = table.source();
  FitOptions options;
  options.max_iterations = 5;
  options.tolerance = 0;
  return fit(initialize(family, 2, source), source, options).mixture;
}

}  // namespace

TEST_CASE("gaps: the density of a row is that of all integrated over what is missing", "[gaps]") {
  for (const std::string spec : {"gaussian", "gaussian:covariance=tied", "gaussian:covariance=diagonal",
                                 "gaussian:covariance=spherical", "log_normal", "gamma", "exponential"}) {
    CAPTURE(spec);
    const Mixture mixture = two_components(spec);
    const bool positive = spec.rfind("gaussian", 0) != 0;
    const Table table{2, {2.5, gap, gap, 4.75, 6.1, gap, gap, gap, 3, 5}};
    auto source = with_gaps(table);
    const std::vector<double> log_density = mixture.log_density(source);
    for (std::size_t n = 0; n < 3; ++n) {
      const std::size_t missing = std::isnan(table(n, 0)) ? 0 : 1;
      const double expected =
          log_integral(mixture, {table(n, 0), table(n, 1)}, missing, positive ? 1e-12 : -30, positive ? 500 : 80);
      CHECK(log_density[n] == Approx(expected).epsilon(integrated).margin(integrated));
    }
    CHECK(std::abs(log_density[3]) < integrated);
    const Table whole{2, {3, 5}};
    auto complete = whole.source();
    CHECK(log_density[4] == Approx(mixture.log_density(complete)[0]).epsilon(1e-14));
  }
}

TEST_CASE("gaps: three and a half points (Duda, Hart and Stork 2001, section 3.9, example 2)", "[gaps]") {
  const Table table{2, {0, 2, 1, 0, 2, 2, gap, 4}};
  for (const char* spec : {"gaussian:covariance=diagonal", "gaussian(0) * gaussian(1)"}) {
    CAPTURE(spec);
    auto source = with_gaps(table);
    const FamilyPtr family = Registry::builtin().make(spec, 2);
    const bool is_product = family->name() == "product";
    const std::vector<double> first = is_product ? std::vector<double>{0, 1, 0, 1} : std::vector<double>{0, 0, 1, 1};
    const std::vector<double> expected =
        is_product ? std::vector<double>{1, 2.0 / 3, 2, 2} : std::vector<double>{1, 2, 2.0 / 3, 2};
    const FitResult result = fit({family, {1}, parameter_table(*family, {first})}, source);
    const auto theta = result.mixture.parameters().row(0);
    for (std::size_t q = 0; q < expected.size(); ++q) CHECK(theta[q] == Approx(expected[q]).epsilon(1e-12));
  }
  // The full covariance: the book's problem with a correlation has the same marginal of the second column.
  auto source = with_gaps(table);
  const FamilyPtr family = Registry::builtin().make("gaussian", 2);
  FitOptions options;
  options.tolerance = 1e-12;
  const FitResult result = fit({family, {1}, parameter_table(*family, {{0, 0, 1, 0, 0, 1}})}, source, options);
  CHECK(result.mixture.parameters().row(0)[1] == Approx(2).epsilon(1e-9));
  CHECK(result.mixture.parameters().row(0)[5] == Approx(2).epsilon(1e-9));
}

TEST_CASE("gaps: complete data give the same bits whether gaps are allowed or not", "[gaps]") {
  for (const std::string spec : {"gaussian", "gaussian:covariance=tied", "gaussian:covariance=diagonal",
                                 "gaussian:covariance=spherical", "log_normal", "gamma", "exponential"}) {
    CAPTURE(spec);
    const Mixture start = two_components(spec);
    const Table table{2, start.sample(3000, 5)};
    for (const Update update : {Update::ml, Update::map, Update::vb, Update::sampled}) {
      auto source = table.source();
      auto allowed = with_gaps(table);
      if (update != Update::ml && !start.family().prior()) continue;
      FitOptions options;
      options.update = update;
      options.max_iterations = 5;
      if (update == Update::sampled) options.assignment = Assignment::sampled;
      if (update != Update::ml) options.prior = default_prior(start.family_ptr(), 2, source);
      CHECK(same_bits(fit(start, source, options).mixture, fit(start, allowed, options).mixture));
      const Mixture plain = initialize(start.family_ptr(), 2, source);
      CHECK(same_bits(plain, initialize(start.family_ptr(), 2, allowed)));
    }
  }
}

TEST_CASE("gaps: rows without a cell take the weights and say nothing", "[gaps]") {
  const Mixture start = two_components("gaussian");
  Table table{2, start.sample(200, 9)};
  auto source = table.source();
  FitOptions options;
  options.tolerance = 1e-10;
  const FitResult without = fit(start, source, options);
  for (int i = 0; i < 50; ++i) table.values.insert(table.values.end(), {gap, gap});
  auto more = with_gaps(table);
  const FitResult with = fit(start, more, options);
  CHECK(with.log_likelihood() == Approx(without.log_likelihood()).epsilon(1e-12));
  for (std::size_t k = 0; k < 2; ++k) {
    CHECK(with.mixture.weights()[k] == Approx(without.mixture.weights()[k]).epsilon(1e-6));
    for (std::size_t q = 0; q < 6; ++q)
      CHECK(with.mixture.parameters().row(k)[q] == Approx(without.mixture.parameters().row(k)[q]).epsilon(1e-5));
  }
  CHECK(with.bic() == Approx(without.bic()).epsilon(1e-12));
  const std::vector<double> R = with.mixture.responsibilities(more);
  CHECK(R[2 * 249] == Approx(with.mixture.weights()[0]).epsilon(1e-12));
}

TEST_CASE("gaps: a column without a value is named", "[gaps]") {
  const Mixture start = two_components("gaussian");
  Table table{2, start.sample(20, 9)};
  for (std::size_t n = 0; n < 20; ++n) table.values[2 * n + 1] = gap;
  auto source = with_gaps(table);
  source.set_column_names({"height", "width"});
  CHECK_THROWS_WITH(fit(start, source), "data, column 1 (\"width\") is missing in all rows; leave it out");
  table.values[1] = 3;
  auto refused = table.source();
  CHECK_THROWS_WITH(fit(start, refused), Catch::Contains("data row 1, column 1: nan is not a finite number"));
}

TEST_CASE("gaps: the bits do not depend on threads", "[gaps][threads]") {
  const Mixture start = two_components("gaussian");
  Table table{2, start.sample(9000, 11)};
  Random random{12};
  for (double& value : table.values)
    if (random.uniform() < 0.15) value = gap;
  for (const Update update : {Update::ml, Update::vb, Update::sampled}) {
    FitOptions options;
    options.update = update;
    options.max_iterations = 4;
    if (update == Update::sampled) options.assignment = Assignment::sampled;
    auto source = with_gaps(table);
    if (update != Update::ml) options.prior = default_prior(start.family_ptr(), 2, source);
    options.threads = 1;
    const Mixture one = fit(start, source, options).mixture;
    options.threads = 5;
    CHECK(same_bits(one, fit(start, source, options).mixture));
  }
}

}  // namespace mixfam
