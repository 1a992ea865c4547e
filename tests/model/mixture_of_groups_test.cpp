#include <mixfam/mixfam.hpp>

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "catch.hpp"
#include "support.hpp"
#include "tolerance.hpp"

// What a mixture says of rows, against each family by itself.

namespace mixfam {
namespace {

/// Logarithms of sums of a few densities.
constexpr double of_sums = 1e-12;

}  // namespace

TEST_CASE("mixture of groups: draws have the moments of the mixture, from the families of its components",
          "[groups][sample]") {
  const Groups groups = Registry::builtin().make_groups(
      "1 (exponential(0) * poisson(1)) + 2 uniform:lower=2;0,upper=6;9", std::nullopt, 2);
  ParameterTable theta = groups.parameters();
  std::ranges::copy(std::vector{0.5, 3.0}, theta.row(0).begin());  // rates
  const Mixture mixture(groups, {0.5, 0.2, 0.3}, theta);
  constexpr std::size_t rows = 40000;
  const Table draws{2, mixture.sample(rows, 5)};
  CHECK(draws.values == mixture.sample(rows, 5));
  // E[x] = w E_exp[x] + (1 - w) E_box[x], for the counts likewise: mean of 0..9 is 4.5.
  const double mean[] = {0.5 * 2 + 0.5 * 4, 0.5 * 3 + 0.5 * 4.5};
  const double square[] = {0.5 * 8 + 0.5 * (16 + 16.0 / 12), 0.5 * (3 + 9) + 0.5 * (4.5 * 4.5 + 99.0 / 12)};
  for (std::size_t j = 0; j < 2; ++j) {
    double sum = 0;
    for (std::size_t n = 0; n < rows; ++n) sum += draws(n, j);
    const double standard_error = std::sqrt((square[j] - mean[j] * mean[j]) / rows);
    CHECK(std::abs(sum / rows - mean[j]) < 5 * standard_error);
  }
  for (std::size_t n = 0; n < rows; ++n) REQUIRE(draws(n, 1) == std::floor(draws(n, 1)));
}

TEST_CASE("mixture of groups: responsibilities are Bayes' law over single families", "[groups]") {
  Random random{20261124};
  Table table;
  for (int n = 0; n < 300; ++n) table.values.push_back((n % 2 == 0 ? 1 : 6) * std::exp(0.3 * random.normal()));
  auto source = table.source();
  const Groups groups =
      Registry::builtin().make_groups("1 exponential + 1 gamma + 1 uniform:lower=0,upper=5", std::nullopt, 1);
  const Mixture mixture = initialize(groups, source, {});
  const auto R = mixture.responsibilities(source);
  for (std::size_t k = 0; k < 3; ++k) {
    ParameterTable theta(groups.family(k).parameters(), 1);
    std::ranges::copy(mixture.parameters().row(k), theta.row(0).begin());
    const auto all = mixture.log_density(source);
    for (std::size_t n = 0; n < table.rows(); ++n) {
      const Table row{1, {table.values[n]}};
      auto one = row.source();
      double density = 0;
      const bool outside = k == 2 && table.values[n] > 5;
      if (!outside) density = std::exp(Mixture(groups.family_ptr(k), {1}, theta).log_density(one)[0]);
      REQUIRE(close(R[3 * n + k], mixture.weights()[k] * density / std::exp(all[n]), stated(of_sums, 1)));
    }
  }
}

}  // namespace mixfam
