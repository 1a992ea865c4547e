#include <boost/math/special_functions/beta.hpp>
#include <cmath>

#include "laws.hpp"
#include "models/posterior_checks.hpp"
#include "models/success_options.hpp"

namespace mixfam {

namespace {

FamilyPtr bernoulli(std::size_t columns = 1) { return Registry::builtin().make("bernoulli", columns); }

LawOptions bernoulli_options() {
  return success_options(
      [](long double p, long double failure, long double x) { return std::log(x == 1 ? p : failure); },
      [](double x) { return std::pair(x, 1 - x); });
}

}  // namespace

TEST_CASE("bernoulli: laws", "[laws][bernoulli]") {
  CHECK(check_laws(bernoulli(), bernoulli_options()) >= least_law_cases);
  CHECK(check_laws(bernoulli(3), columnwise(bernoulli(), bernoulli_options(), 3)) >= least_law_cases);
}

TEST_CASE("bernoulli: posteriors", "[bernoulli][prior]") { check_beta_posterior(*bernoulli(), {0, 1}); }

TEST_CASE("bernoulli: the constants of large counts keep their digits", "[bernoulli][prior]") {
  // log(exp digamma(a) + exp digamma(b)) - digamma(a + b) = -1 / (2 (a + b)) + O(1 / a^2) for large a and b.
  std::vector<double> theta(2), log_scale(1);
  const std::vector<double> h{3e9, 1e9};
  bernoulli()->prior()->expectation(one_row(h), one_row(theta), log_scale);
  CHECK(close(log_scale[0], -1 / 8e9, stated(1e-9, 1 / 8e9)));
  CHECK(close(theta[0], 0.75, stated(1e-9, 1)));
}

TEST_CASE("bernoulli: probabilities 0 and 1 are estimates like others", "[bernoulli][degenerate]") {
  std::vector<double> theta;
  CHECK(mle_of_rows(*bernoulli(), {0, 0, 0}, theta) == "");
  CHECK(theta[0] == 0);
  CHECK(mle_of_rows(*bernoulli(), {1}, theta) == "");
  CHECK(theta[0] == 1);
  CHECK(mle_of_rows(*bernoulli(), {}, theta) == "no rows are left to it");

  // A column of ones, one of zeros and one of both; two components, one of them with probability 0 in the last.
  const Table table{3, {1, 0, 1, 1, 0, 0, 1, 0, 1, 1, 0, 0, 1, 0, 0}};
  auto source = table.source();
  const Mixture start(bernoulli(3), {0.5, 0.5}, parameter_table(*bernoulli(3), {{1, 0, 0}, {0.9, 0.2, 0.7}}));
  const FitResult result = check_fit(start, source, Update::ml);
  // The best two components can do is the likelihood of the last column alone: 2 ones in 5.
  const double expected = 2 * std::log(0.4) + 3 * std::log(0.6);
  CHECK(close(result.trace.back().log_likelihood, expected, round_off(64, expected)));
  for (const auto update : {Update::map, Update::vb}) check_fit(start, source, update);
  for (const double value : component_divergences(result.mixture)) CHECK(!std::isnan(value));
}

TEST_CASE("bernoulli: one component and one row", "[bernoulli][degenerate]") {
  const Table table{1, {1}};
  auto source = table.source();
  const Mixture start(bernoulli(), {1}, parameter_table(*bernoulli(), {{0.3}}));
  CHECK(check_fit(start, source, Update::ml).trace.back().log_likelihood == 0);
  // Beta(2, 2) and one success: mode 2/3.
  CHECK(close(check_fit(start, source, Update::map).mixture.parameters().row(0)[0], 2.0 / 3, round_off(4, 1)));
  check_fit(start, source, Update::vb);
}

TEST_CASE("bernoulli: fits", "[bernoulli]") {
  check_fits(bernoulli(4), {{0.9, 0.8, 0.1, 0.5}, {0.2, 0.3, 0.7, 0.5}});
  check_fits(Registry::builtin().make("bernoulli(0,1,2) * exponential(3)", 4),
             {{0.9, 0.8, 0.1, 1}, {0.2, 0.3, 0.7, 9}});
}

TEST_CASE("bernoulli: data outside the support are refused", "[bernoulli]") {
  const Table table{1, {0, 2}};
  auto source = table.source();
  CHECK(error_of([&] {
          default_prior(bernoulli(), 1, source);
        }).find("row 1, column 0: 2 is outside the support of 'bernoulli' (x = 0 or 1)") != std::string::npos);
}

}  // namespace mixfam
