#include <cmath>

#include "laws.hpp"
#include "models/posterior_checks.hpp"
#include "models/success_options.hpp"

namespace mixfam {

namespace {

FamilyPtr binomial(const std::string& trials, std::size_t columns = 1) {
  return Registry::builtin().make("binomial:trials=" + trials, columns);
}

LawOptions binomial_options(double trials) {
  return success_options(
      [=](long double p, long double failure, long double x) {
        const long double n = trials;
        return std::lgamma(n + 1) - std::lgamma(x + 1) - std::lgamma(n - x + 1) + x * std::log(p) +
               (n - x) * std::log(failure);
      },
      [=](double x) { return std::pair(x, trials - x); });
}

}  // namespace

TEST_CASE("binomial: laws", "[laws][binomial]") {
  CHECK(check_laws(binomial("1"), binomial_options(1)) >= least_law_cases);
  CHECK(check_laws(binomial("12"), binomial_options(12)) >= least_law_cases);
  CHECK(check_laws(binomial("200"), binomial_options(200)) >= least_law_cases);
  CHECK(check_laws(binomial("12", 2), columnwise(binomial("12"), binomial_options(12), 2)) >= least_law_cases);
}

TEST_CASE("binomial: posteriors", "[binomial][prior]") { check_beta_posterior(*binomial("5"), {0, 2, 5}); }

TEST_CASE("binomial: one trial is bernoulli", "[binomial]") {
  const auto bernoulli = Registry::builtin().make("bernoulli", 1);
  const Table table{1, {0, 1, 1, 0, 1}};
  auto source = table.source();
  const Mixture one(binomial("1"), {1}, parameter_table(*bernoulli, {{0.3}}));
  const Mixture other(bernoulli, {1}, parameter_table(*bernoulli, {{0.3}}));
  CHECK(one.log_density(source) == other.log_density(source));
}

TEST_CASE("binomial: probabilities 0 and 1 are estimates like others", "[binomial][degenerate]") {
  std::vector<double> theta;
  CHECK(mle_of_rows(*binomial("7"), {0, 0}, theta) == "");
  CHECK(theta[0] == 0);
  CHECK(mle_of_rows(*binomial("7"), {7, 7, 7}, theta) == "");
  CHECK(theta[0] == 1);
  CHECK(mle_of_rows(*binomial("7"), {3, 3, 3}, theta) == "");  // a constant column
  CHECK(close(theta[0], 3.0 / 7, round_off(2, 1)));
  CHECK(mle_of_rows(*binomial("7"), {}, theta) == "no rows are left to it");

  // Responsibilities are fractions, yet failures that no row has stay 0: all full rows go to one component.
  const Table table{1, {7, 7, 7, 7, 7, 7, 7, 2, 3, 1}};
  auto source = table.source();
  const Mixture start(binomial("7"), {0.3, 0.7}, parameter_table(*binomial("7"), {{1}, {0.4}}));
  const FitResult result = check_fit(start, source, Update::ml);
  CHECK(result.mixture.parameters().row(0)[0] == 1);
}

TEST_CASE("binomial: fits", "[binomial]") {
  check_fits(binomial("10"), {{0.2}, {0.7}});
  check_fits(Registry::builtin().make("binomial:trials=10(0) * exponential(1)", 2), {{0.2, 1}, {0.7, 5}});
}

TEST_CASE("binomial: the number of trials", "[binomial]") {
  CHECK(binomial("12")->spec() == "binomial:trials=12");
  CHECK(binomial("12")->support(0).contains(12));
  CHECK_FALSE(binomial("12")->support(0).contains(13));
  CHECK_FALSE(binomial("12")->support(0).contains(1.5));
  CHECK(error_of([] { Registry::builtin().make("binomial", 1); }) ==
        "usage: binomial needs its number of trials; write binomial:trials=n");
  for (const char* text : {"0", "-3", "2.5", "many", "9007199254740993", "99999999999999999999"})
    CHECK(error_of([&] { binomial(text); }) ==
          std::string("usage: binomial: trials=") + text + " (must be a whole number from 1 to 9007199254740992)");
}

}  // namespace mixfam
