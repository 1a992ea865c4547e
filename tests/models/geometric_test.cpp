#include <cmath>

#include "laws.hpp"
#include "models/posterior_checks.hpp"
#include "models/success_options.hpp"

namespace mixfam {

namespace {

FamilyPtr geometric(std::size_t columns = 1) { return Registry::builtin().make("geometric", columns); }

LawOptions geometric_options() {
  return success_options(
      [](long double p, long double failure, long double x) { return std::log(p) + x * std::log(failure); },
      [](double x) { return std::pair(1.0, x); });
}

}  // namespace

TEST_CASE("geometric: laws", "[laws][geometric]") {
  CHECK(check_laws(geometric(), geometric_options()) >= least_law_cases);
  CHECK(check_laws(geometric(2), columnwise(geometric(), geometric_options(), 2)) >= least_law_cases);
}

TEST_CASE("geometric: posteriors", "[geometric][prior]") { check_beta_posterior(*geometric(), {0, 1, 6}); }

TEST_CASE("geometric: the constants of large counts keep their digits", "[geometric][prior]") {
  // E[log p] less log p at log(1 - p) = E[log(1 - p)] is -1 / (2 a) + O(1 / a^2) for large a and b.
  std::vector<double> theta(2), log_scale(1);
  const std::vector<double> h{2e9, 6e9};
  geometric()->prior()->expectation(one_row(h), one_row(theta), log_scale);
  CHECK(close(log_scale[0], -1 / 4e9, stated(1e-8, 1 / 4e9)));
  CHECK(close(theta[0], 0.25, stated(1e-9, 1)));
}

TEST_CASE("geometric: degenerate data", "[geometric][degenerate]") {
  std::vector<double> theta;
  CHECK(mle_of_rows(*geometric(), {0, 0, 0}, theta) == "");
  CHECK(theta[0] == 1);
  CHECK(mle_of_rows(*geometric(), {3, 3}, theta) == "");  // a constant column
  CHECK(theta[0] == 0.25);
  CHECK(mle_of_rows(*geometric(), {4}, theta) == "");
  CHECK(theta[0] == 0.2);
  CHECK(mle_of_rows(*geometric(), {}, theta) == "no rows are left to it");

  const Table zeros{1, {0, 0, 0}};
  auto source = zeros.source();
  const Mixture start(geometric(), {1}, parameter_table(*geometric(), {{0.3}}));
  CHECK(check_fit(start, source, Update::ml).trace.back().log_likelihood == 0);
  for (const auto update : {Update::map, Update::vb}) check_fit(start, source, update);
}

TEST_CASE("geometric: the default prior is one row at the mean", "[geometric][prior]") {
  const Table table{1, {0, 1, 2, 9}};
  auto source = table.source();
  CHECK(to_vector(default_prior(geometric(), 2, source).components->row(0)) == std::vector<double>{2, 4});
}

TEST_CASE("geometric: fits", "[geometric]") {
  check_fits(geometric(2), {{0.8, 0.1}, {0.2, 0.6}});
  check_fits(Registry::builtin().make("geometric(0) * exponential(1)", 2), {{0.7, 1}, {0.1, 5}});
}

}  // namespace mixfam
