#include <mixfam/random.hpp>

#include <boost/math/special_functions/digamma.hpp>
#include <boost/math/special_functions/trigamma.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <set>
#include <vector>

#include "catch.hpp"
#include "tolerance.hpp"

namespace mixfam {

namespace {

constexpr int draws = 100'000;

template <class Draw>
MonteCarlo moments(Draw draw) {
  MonteCarlo result;
  for (int i = 0; i < draws; ++i) result.add(draw());
  return result;
}

/// Mean, and second moment about it, within 5 standard errors of the draws.
template <class Draw>
void check_moments(Draw draw, double mean, double variance) {
  const MonteCarlo first = moments(draw);
  CHECK(close(first.mean(), mean, monte_carlo(first.standard_error())));
  const MonteCarlo second = moments([&] {
    const double residual = draw() - mean;
    return residual * residual;
  });
  CHECK(close(second.mean(), variance, monte_carlo(second.standard_error())));
}

}  // namespace

TEST_CASE("random: streams are fixed", "[random]") {
  // std::mt19937_64 seeded by std::seed_seq{1, 0, 2, 0}: both are fixed by the C++ standard (29.6.3.2, 29.6.8.1).
  std::seed_seq sequence{1u, 0u, 2u, 0u};
  std::mt19937_64 engine(sequence);
  Random random{1, 2};
  for (int i = 0; i < 100; ++i) REQUIRE(random() == engine());
  CHECK(Random{1, 2}() == 960524919686204622u);
  // Boost.Random 1.74: changes here change every start and every sample.
  CHECK(Random{1, 2}.uniform() == 0.052070160232512389);
  CHECK(Random{1, 2}.below(1000) == 52);
  CHECK(Random{1, 2}.categorical(std::vector<double>{1, 2, 3, 4}) == 0);
  const auto pinned = [](double actual, double expected) { CHECK(close(actual, expected, round_off(8, expected))); };
  pinned(Random{1, 2}.normal(), -0.051158974266960776);
  pinned(Random{1, 2}.exponential(2), 0.020803491594839494);
  pinned(Random{1, 2}.gamma(2.5, 3), 0.61486597712581326);
  pinned(Random{1, 2}.gamma(0.5, 3), 0.025265678254772283);
  pinned(Random{1, 2}.beta(2, 3), 0.67819734506704288);
}

TEST_CASE("random: other keys, other numbers", "[random]") {
  std::set<std::uint64_t> first;
  for (std::uint64_t a = 0; a < 40; ++a)
    for (std::uint64_t b = 0; b < 40; ++b) first.insert(Random{a, b}());
  CHECK(first.size() == 1600);
  CHECK(Random{1, 2}() != Random{2, 1}());
  CHECK(Random{1}() != Random{1, 0}());
  CHECK(Random{std::uint64_t{1} << 40}() != Random{0}());  // all 64 bits count
}

TEST_CASE("random: moments", "[random]") {
  Random random{2026};
  check_moments([&] { return random.uniform(); }, 0.5, 1.0 / 12);
  check_moments([&] { return random.normal(); }, 0, 1);
  check_moments([&] { return random.exponential(4); }, 0.25, 1.0 / 16);
  check_moments([&] { return random.gamma(0.3, 2); }, 0.15, 0.075);
  // The logarithm of Gamma(a) has the mean digamma(a) and the variance trigamma(a), for small a -1/a and 1/a^2
  // (Johnson, Kotz and Balakrishnan 1994, section 17.8.7).
  for (const double shape : {1e-100, 1e-3, 0.3, 4.0, 1e6}) {
    INFO("shape " << shape);
    const double scale = std::min(shape, 1.0);
    const double mean = boost::math::digamma(shape);
    const double variance = boost::math::trigamma(shape);
    check_moments([&] { return scale * random.log_gamma_variate(shape); }, scale * mean, scale * variance * scale);
  }
  check_moments([&] { return random.gamma(7, 0.5); }, 14, 28);
  check_moments([&] { return random.beta(2, 6); }, 0.25, 12.0 / (64 * 9));
  check_moments([&] { return static_cast<double>(random.below(6)); }, 2.5, 35.0 / 12);
}

TEST_CASE("random: ranges", "[random]") {
  Random random{5};
  for (int i = 0; i < draws; ++i) {
    const double u = random.uniform();
    REQUIRE((u >= 0 && u < 1));
    REQUIRE(random.below(1) == 0);
    REQUIRE(random.below(3) < 3);
    REQUIRE(random.exponential(2) >= 0);
    const double b = random.beta(0.5, 0.5);
    REQUIRE((b >= 0 && b <= 1));
  }
}

TEST_CASE("random: variates of tiny shapes are numbers > 0", "[random]") {
  Random random{7};
  for (const double shape : {5e-324, 1e-300, 1e-6, 1e-3, 0.02})
    for (const double rate : {5e-324, 1e-3, 1.0, 1e308})
      for (int i = 0; i < 200; ++i) {
        const double g = random.gamma(shape, rate);
        REQUIRE((g >= std::numeric_limits<double>::min() && std::isfinite(1 / g)));
        REQUIRE((g <= std::numeric_limits<double>::max()));
        REQUIRE(std::isfinite(random.log_gamma_variate(shape)));
        const double b = random.beta(shape, shape);
        REQUIRE((b > 0 && b < 1));
      }
}

// Means a_k / a and variances a_k (a - a_k) / (a^2 (a + 1)) (Bishop 2006, eqs. B.17 and B.18).
TEST_CASE("random: Dirichlet variates", "[random]") {
  Random random{8};
  for (const std::vector<double>& a : {std::vector<double>{2, 5, 0.5}, {1e-3, 2e-3, 3e-3}}) {
    const double total = a[0] + a[1] + a[2];
    std::vector<double> p(3);
    for (std::size_t k = 0; k < 3; ++k) {
      INFO("a = " << a[k] << " of " << total);
      check_moments(
          [&] {
            random.dirichlet(a, p);
            return p[k];
          },
          a[k] / total, a[k] * (total - a[k]) / (total * total * (total + 1)));
    }
  }
  for (const double shape : {5e-324, 1e-300, 1e-3})
    for (int i = 0; i < 1000; ++i) {
      std::vector<double> p(4);
      random.dirichlet(std::vector<double>(4, shape), p);
      double sum = 0;
      for (const double value : p) {
        REQUIRE(value >= std::numeric_limits<double>::min());
        sum += value;
      }
      REQUIRE(close(sum, 1, round_off(8, 1)));
    }
}

TEST_CASE("random: categories in proportion to their weights", "[random]") {
  Random random{6};
  const std::vector<double> weights = {2, 0, 5, 3, 0};
  std::array<int, 5> counts = {};
  for (int i = 0; i < draws; ++i) ++counts[random.categorical(weights)];
  CHECK(counts[1] == 0);
  CHECK(counts[4] == 0);
  for (std::size_t k = 0; k < 5; ++k) {
    const double p = weights[k] / 10;
    CHECK(close(counts[k], draws * p, monte_carlo(std::sqrt(draws * p * (1 - p)))));
  }
  CHECK(random.categorical(std::vector<double>{0, 0, 1e-300}) == 2);
}

}  // namespace mixfam
