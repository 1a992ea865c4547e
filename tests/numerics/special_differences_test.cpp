#include <algorithm>
#include <boost/math/distributions/gamma.hpp>
#include <boost/math/special_functions/digamma.hpp>
#include <boost/math/special_functions/gamma.hpp>
#include <boost/math/special_functions/trigamma.hpp>
#include <boost/multiprecision/cpp_bin_float.hpp>
#include <cmath>

#include "catch.hpp"
#include "numerics/special.hpp"
#include "tolerance.hpp"

// Functions that a direct formula would lose to cancellation, against that formula in 100 decimal digits.

namespace mixfam {

namespace {

using Exact = boost::multiprecision::number<boost::multiprecision::cpp_bin_float<100>, boost::multiprecision::et_off>;

/// `steps` points from `lower` to `upper`, evenly spaced in the logarithm.
template <class Check>
void for_each_between(double lower, double upper, int steps, Check check) {
  for (int i = 0; i <= steps; ++i) check(lower * std::pow(upper / lower, static_cast<double>(i) / steps));
}

void check_relative(double actual, const Exact& expected, double operations) {
  const double value = static_cast<double>(expected);
  CHECK(close(actual, value, round_off(operations, value)));
}

Exact exact_log_beta(double a, double b) {
  using boost::math::lgamma;
  return lgamma(Exact(a)) + lgamma(Exact(b)) - lgamma(Exact(a) + Exact(b));
}

}  // namespace

TEST_CASE("special: differences of exp, log and their tangents", "[special]") {
  for_each_between(1e-20, 0.999, 200, [](double x) {
    INFO("x = " << x);
    check_relative(special::log1p_minus(x), log1p(Exact(x)) - Exact(x), 8);
    check_relative(special::log1p_minus(-x), log1p(Exact(-x)) + Exact(x), 8);
  });
  for_each_between(1e-20, 600, 200, [](double x) {
    INFO("x = " << x);
    check_relative(special::expm1_minus(x), expm1(Exact(x)) - Exact(x), 8);
    check_relative(special::expm1_minus(-x), expm1(Exact(-x)) + Exact(x), 8);
    check_relative(special::log1p_minus(x), log1p(Exact(x)) - Exact(x), 8);
  });
  for_each_between(1e-30, 1e30, 200, [](double r) {
    INFO("r = " << r);
    check_relative(special::log_minus_linear(r), log(Exact(r)) - (Exact(r) - 1), 8);
  });
  for (const double r : {1 - 1e-3, 1 - 1e-9, 1 - 1e-15, 1 + 1e-15, 1 + 1e-9, 1 + 1e-3})
    check_relative(special::log_minus_linear(r), log(Exact(r)) - (Exact(r) - 1), 8);
}

TEST_CASE("special: what digamma and log gamma are beyond logarithms", "[special]") {
  for_each_between(1e-12, 1e12, 240, [](double x) {
    INFO("x = " << x);
    const Exact exact(x);
    check_relative(special::digamma_minus_log(x), boost::math::digamma(exact) - log(exact), 8);
    check_relative(special::trigamma_minus_reciprocal(x), boost::math::trigamma(exact) - 1 / exact, 64);
    const Exact half_log_two_pi = log(2 * boost::math::constants::pi<Exact>()) / 2;
    const Exact remainder = boost::math::lgamma(exact) - ((exact - 0.5) * log(exact) - exact + half_log_two_pi);
    CHECK(close(special::stirling_remainder(x), static_cast<double>(remainder),
                round_off(8, x < 10 ? 1 + std::abs((x - 0.5) * std::log(x)) : 1 / x)));
  });
}

TEST_CASE("special: log beta and binomial coefficients of all sizes", "[special]") {
  for_each_between(1e-6, 1e12, 36, [](double a) {
    for_each_between(1e-6, 1e12, 35, [a](double b) {
      const double expected = static_cast<double>(exact_log_beta(a, b));
      INFO("a = " << a << ", b = " << b);
      CHECK(close(special::log_beta(a, b), expected, round_off(16, std::max(1.0, std::abs(expected)))));
    });
  });
  CHECK(special::log_beta(1, 1) == 0);
  for (const double n : {1.0, 2.0, 9.0, 30.0, 1e3, 1e6, 9007199254740992.0})
    for (const double share : {0.0, 0.001, 0.1, 0.3, 0.5, 0.7, 0.999, 1.0})
      for (const double offset : {0.0, 1.0, 2.0}) {
        const double k = std::min(std::floor(share * n) + offset, n);
        const double expected = static_cast<double>(-log1p(Exact(n)) - exact_log_beta(k + 1, n - k + 1));
        INFO("n = " << n << ", k = " << k);
        CHECK(close(special::log_choose(n, k), expected, round_off(16, std::max(std::log1p(n), expected))));
      }
  CHECK(special::log_choose(7, 0) == 0);
  CHECK(special::log_choose(7, 7) == 0);
  CHECK(close(special::log_choose(10, 3), std::log(120.0), round_off(8, 5)));
}

TEST_CASE("special: quantiles of gamma distributions of all shapes", "[special]") {
  for_each_between(1e-2, 1e9, 110, [](double shape) {
    for (const double level : {1e-6, 0.025, 0.5, 0.975, 1 - 1e-6}) {
      const double expected = boost::math::quantile(boost::math::gamma_distribution<>(shape, 1), level);
      INFO("shape = " << shape << ", level " << level);
      CHECK(close(special::gamma_quantile(shape, 4, level), expected / 4, round_off(8, expected)));
    }
  });
  const double shape = 1e14;  // nearly normal
  CHECK(close(special::gamma_quantile(shape, 1, 0.975), shape + 1.959963984540054 * 1e7, stated(1e-7, 1e7)));
}

}  // namespace mixfam
