#include "catch.hpp"

#include <mixfam/mixfam.hpp>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "support.hpp"
#include "tolerance.hpp"

namespace mixfam {
namespace {

FamilyPtr family_of(const std::string& spec, std::size_t columns) { return Registry::builtin().make(spec, columns); }

}  // namespace

TEST_CASE("divergences between components and mixtures", "[divergence]") {
  const auto family = family_of("exponential", 1);
  const Mixture mixture(family, {0.5, 0.5}, parameter_table(*family, {{1}, {3}}));
  const auto kl = component_divergences(mixture);
  CHECK(kl[0] == 0);
  CHECK(close(kl[1], std::log(1.0 / 3) + 3 - 1, round_off(20, 3)));  // log(a/b) + b/a - 1
  CHECK(close(kl[2], std::log(3.0) + 1.0 / 3 - 1, round_off(20, 3)));

  const Mixture first(family, {1}, parameter_table(*family, {{1}}));
  const Mixture second(family, {1}, parameter_table(*family, {{3}}));
  const Estimate estimate = divergence(first, second, 20'000, 1);
  CHECK(close(estimate.value, kl[1], monte_carlo(estimate.standard_error)));
  CHECK(divergence(first, first, 100, 1).value == 0);

  const auto shares = overlap(mixture, 4000, 2);
  for (std::size_t j = 0; j < 2; ++j)
    CHECK(close(shares[2 * j].value + shares[2 * j + 1].value, 1, round_off(4000, 1)));
  const Mixture far(family, {0.5, 0.5}, parameter_table(*family, {{1e-6}, {1e6}}));
  CHECK(overlap(far, 1000, 3)[0].value > 0.999);
  const auto gaussian = family_of("gaussian", 2);
  const Mixture other(gaussian, {1}, parameter_table(*gaussian, {{0, 0, 1, 0, 0, 1}}));
  CHECK(error_of([&] { divergence(first, other, 10, 1); }).rfind("usage: ", 0) == 0);
  CHECK(error_of([&] { divergence(mixture, first, 1, 1); }) == "usage: 1 draws for a divergence (must be at least 2)");
}

TEST_CASE("the divergence of two single components of a family is known", "[divergence]") {
  const auto family = family_of("gaussian", 1);
  // The maximum likelihood estimates of 200 values against parameters on the way there: mean and standard deviation of
  // both, and by how much the mean negative log likelihood of these values differs at the two.
  const auto one = [&](double mean, double deviation) {
    return Mixture(family, {1}, parameter_table(*family, {{mean, deviation * deviation}}));
  };
  const Estimate known =
      divergence(one(2.95922903482792, 0.928673488735471), one(1.12110968103858, 2.46463047795772), 2, 0);
  CHECK(close(known.value, 0.825137384417172, stated(1e-12, 1)));
  CHECK(known.standard_error == 0);

  // By draws where there is more than one component.
  for (const std::string spec : {"gaussian", "gaussian:covariance=diagonal", "exponential", "gamma", "log_normal"}) {
    const auto both = family_of(spec, 1);
    const auto theta = [&](double a, double b) {
      std::vector<double> row = {a, b};
      row.resize(both->parameters().size());
      return row;
    };
    const Mixture p(both, {1}, parameter_table(*both, {theta(1.5, 2)}));
    const Mixture q(both, {1}, parameter_table(*both, {theta(1, 3)}));
    const Mixture q_twice(both, {0.5, 0.5}, parameter_table(*both, {theta(1, 3), theta(1, 3)}));
    const Estimate drawn = divergence(p, q_twice, 20'000, 1);
    INFO(spec);
    CHECK(drawn.standard_error > 0);
    CHECK(close(divergence(p, q, 2, 0).value, drawn.value, monte_carlo(drawn.standard_error)));
  }
}

TEST_CASE("a divergence is infinite where a probability is 0 and only there", "[divergence]") {
  const double infinity = std::numeric_limits<double>::infinity();
  struct Case {
    std::string spec;
    std::vector<double> whole, part;  // parameters, the second with less support
    double part_of_whole;             // KL(part || whole), by hand
  };
  const std::vector<Case> cases = {
      {"bernoulli", {0.25}, {0}, -std::log(0.75)},
      {"bernoulli", {0.25}, {1}, -std::log(0.25)},
      {"binomial:trials=3", {0.25}, {0}, -3 * std::log(0.75)},
      {"geometric", {0.25}, {1}, -std::log(0.25)},
      {"poisson", {2}, {0}, 2},
      {"categorical:categories=3", {0.5, 0.25, 0.25}, {0.5, 0.5, 0}, 0.5 * std::log(2.0)},
  };
  for (const auto& [spec, whole, part, expected] : cases) {
    INFO(spec);
    const auto family = family_of(spec, 1);
    const auto kl = component_divergences(Mixture(family, {0.5, 0.5}, parameter_table(*family, {whole, part})));
    CHECK(kl[1] == infinity);
    CHECK(close(kl[2], expected, round_off(16, 4)));
    CHECK(kl[0] == 0);
    CHECK(kl[3] == 0);
    const Mixture p(family, {1}, parameter_table(*family, {whole})), q(family, {1}, parameter_table(*family, {part}));
    CHECK(divergence(p, q, 2, 0).value == infinity);
    CHECK(close(divergence(q, p, 2, 0).value, expected, round_off(16, 4)));
    // By draws.
    const Mixture p2(family, {0.5, 0.5}, parameter_table(*family, {whole, whole}));
    const Mixture q2(family, {0.5, 0.5}, parameter_table(*family, {part, part}));
    CHECK(divergence(p2, q2, 1000, 1).value == infinity);
    CHECK(divergence(p2, q2, 1000, 1).standard_error == 0);
    const Estimate back = divergence(q2, p2, 20'000, 1);
    CHECK(close(back.value, expected, {5 * back.standard_error + 1e-12, "5 standard errors, or rounding"}));
  }
  // Where the support of the family itself is smaller.
  const auto gaussian = family_of("gaussian", 1);
  const auto exponential = family_of("exponential", 1);
  const Mixture real(gaussian, {1}, parameter_table(*gaussian, {{0, 1}}));
  const Mixture positive(exponential, {1}, parameter_table(*exponential, {{1}}));
  CHECK(divergence(real, positive, 1000, 1).value == infinity);
  CHECK(std::isfinite(divergence(positive, real, 1000, 1).value));
}

}  // namespace mixfam
