#include <boost/math/distributions/beta.hpp>
#include <cmath>
#include <limits>
#include <numbers>

#include "catch.hpp"
#include "numerics/special.hpp"
#include "tolerance.hpp"

namespace mixfam {

TEST_CASE("special: constants", "[special]") {
  CHECK(close(special::log_two, std::numbers::ln2, exact()));
  CHECK(close(special::log_pi, std::log(std::numbers::pi), round_off(1, 1.2)));
  CHECK(close(special::log_two_pi, std::log(2 * std::numbers::pi), round_off(1, 1.9)));
}

TEST_CASE("special: log gamma at known points", "[special]") {
  double log_factorial = 0;
  for (int n = 1; n <= 170; ++n) {  // Gamma(n + 1) = n!
    log_factorial += std::log(n);
    CHECK(close(special::log_gamma(n + 1), log_factorial, round_off(n, log_factorial)));
  }
  CHECK(close(special::log_gamma(0.5), 0.5 * special::log_pi, round_off(2, 0.6)));
  CHECK(special::log_gamma(1) == 0);
  CHECK(special::log_gamma(2) == 0);
  CHECK(close(special::log_gamma(1e-10), 10 * std::log(10.0) - std::numbers::egamma * 1e-10, round_off(4, 23)));
  // Stirling's series at 1e10: (x - 1/2) log x - x + log(2 pi) / 2 + 1 / (12 x); what follows is 1e-33.
  const double x = 1e10;
  CHECK(close(special::log_gamma(x), (x - 0.5) * std::log(x) - x + 0.5 * special::log_two_pi + 1 / (12 * x),
              round_off(4, x * std::log(x))));
}

TEST_CASE("special: log gamma against another implementation", "[special]") {
  // Steps of 10^(1/10); the C library's own log gamma in long double.
  for (int i = -100; i <= 100; ++i) {
    const double x = std::pow(10.0, 0.1 * i);
    const double expected = static_cast<double>(std::lgamma(static_cast<long double>(x)));
    CHECK(close(special::log_gamma(x), expected, round_off(8, std::max(1.0, std::abs(expected)))));
  }
}

TEST_CASE("special: what no double holds is infinite or NaN, not an exception", "[special]") {
  CHECK(special::log_gamma(1.7e308) == std::numeric_limits<double>::infinity());
  // A scale of 0: all mass at 0.
  for (const double level : {0.025, 0.5, 0.975}) {
    CHECK(special::inverse_gamma_quantile(3, 0, level) == 0);
    CHECK(special::gamma_quantile(3, std::numeric_limits<double>::infinity(), level) == 0);
    CHECK(std::isnan(special::gamma_quantile(0, 1, level)));
    CHECK(std::isnan(special::beta_quantile(0, 1, level)));
    CHECK(std::isnan(special::student_t_quantile(-1, level)));
    CHECK_NOTHROW(special::beta_quantile(150, 1.7e308, level));
    CHECK_NOTHROW(special::beta_quantile(1e-13, 1.7e308, level));
  }
}

// Where Boost's iterations do not end, or where it has no answer.
TEST_CASE("special: beta quantiles of extreme shapes", "[special]") {
  for (const double a : {1e5, 1e10, 1e12, 1e16, 1e100, 1e300})
    for (const double b : {1e5, 1e10, 1e12, 1e16, 1e100, 1e300, 1.7e308}) {
      INFO(a << " " << b);
      const double mean = 1 / (1 + b / a);
      const double deviation = std::sqrt(mean / (1 + a / b)) / std::sqrt(a + b);
      const double low = special::beta_quantile(a, b, 0.025);
      const double high = special::beta_quantile(a, b, 0.975);
      CHECK(low <= high);
      // Nearly normal: 1.96 standard deviations to both sides.
      CHECK(close(low, mean - 1.959964 * deviation, stated(0.01, deviation + round_off(8, 1).allowed)));
      CHECK(close(high, mean + 1.959964 * deviation, stated(0.01, deviation + round_off(8, 1).allowed)));
    }
  // The expansion meets the values of Boost, whose iterations end a little short of them, where both are at home.
  const boost::math::beta_distribution<long double> law(2e11L, 5e11L);
  for (const double level : {0.025, 0.5, 0.975}) {
    const auto expected = static_cast<double>(quantile(law, static_cast<long double>(level)));
    CHECK(close(special::beta_quantile(2e11, 5e11, level), expected, stated(1e-13, expected)));
  }
}

TEST_CASE("special: the multivariate gamma function", "[special]") {
  for (const double x : {2.6, 3.0, 10.5, 1e4}) {
    CHECK(special::log_multigamma(x, 1) == special::log_gamma(x));
    for (std::size_t d = 2; d <= 5; ++d) {
      // Gamma_d(x) = pi^((d-1)/2) Gamma(x) Gamma_{d-1}(x - 1/2)
      const double expected = 0.5 * static_cast<double>(d - 1) * special::log_pi + special::log_gamma(x) +
                              special::log_multigamma(x - 0.5, d - 1);
      CHECK(close(special::log_multigamma(x, d), expected, round_off(32, 1 + std::abs(expected))));
    }
  }
  // Gamma_2(x) = sqrt(pi) Gamma(x) Gamma(x - 1/2) = pi 2^(2 - 2x) Gamma(2x - 1), by the duplication formula.
  const double expected = special::log_pi - 3 * special::log_two + special::log_gamma(4);
  CHECK(close(special::log_multigamma(2.5, 2), expected, round_off(16, 3)));
}

}  // namespace mixfam
