#pragma once

#include <boost/math/policies/policy.hpp>
#include <boost/math/special_functions/beta.hpp>
#include <boost/math/special_functions/digamma.hpp>
#include <boost/math/special_functions/gamma.hpp>
#include <boost/math/special_functions/log1p.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <utility>

/// The special functions that families need: Boost.Math behind, arguments in the domains that the families guard.
namespace mixfam::special {

inline constexpr double log_two_pi = 1.8378770664093454835606594728112;
inline constexpr double log_pi = 1.1447298858494001741434273513531;
inline constexpr double log_two = 0.69314718055994530941723212145818;
/// log 0, kept finite so that 0 * log 0 is 0 in every product.
inline constexpr double log_zero = -1e300;

/// What is too large for a double is infinite, and what has no value is NaN: whoever made the argument has to judge,
/// not an exception from within.
using Quiet =
    boost::math::policies::policy<boost::math::policies::domain_error<boost::math::policies::ignore_error>,
                                  boost::math::policies::pole_error<boost::math::policies::ignore_error>,
                                  boost::math::policies::overflow_error<boost::math::policies::ignore_error>,
                                  boost::math::policies::evaluation_error<boost::math::policies::ignore_error>>;

/// log Gamma(x), x > 0.
inline double log_gamma(double x) { return boost::math::lgamma(x, Quiet()); }

/// psi(x) = d log Gamma(x) / dx, x > 0.
inline double digamma(double x) { return boost::math::digamma(x, Quiet()); }

/// log x for x > 0, log_zero for 0.
inline double floored_log(double x) { return x > 0 ? std::log(x) : log_zero; }

/// a / b, b > 0: where it underflows for a > 0, the least normal number, so that a share of 0 is that of nothing.
inline double share(double a, double b) { return a > 0 ? std::max(a / b, std::numeric_limits<double>::min()) : a / b; }

/// log(1 + x) - x, x > -1. Error: a few ulp, also near 0 where both terms are nearly equal.
inline double log1p_minus(double x) { return std::abs(x) < 0.5 ? boost::math::log1pmx(x) : std::log1p(x) - x; }

/// exp(x) - 1 - x for all x. Error: a few ulp, also near 0 where the terms are nearly equal.
inline double expm1_minus(double x) {
  if (std::abs(x) >= 0.5) return std::expm1(x) - x;
  double sum = 1;  // of x^k 2 / (k + 2)!, by Horner's rule; the first term left out is 2e-18
  for (int k = 15; k > 2; --k) sum = 1 + sum * x / k;
  return 0.5 * x * x * sum;
}

/// log r - (r - 1), r > 0. Error: a few ulp, also near 1.
inline double log_minus_linear(double r) { return r > 0.5 && r < 2 ? log1p_minus(r - 1) : std::log(r) - (r - 1); }

namespace detail {

/// From here on the asymptotic series below end within rounding.
inline constexpr double asymptotic = 10;

/// sum_i terms[i] / y^i by Horner's rule.
template <std::size_t size>
double inverse_powers(const double (&terms)[size], double y) {
  double sum = 0;
  for (std::size_t i = size; i-- > 0;) sum = terms[i] + sum / y;
  return sum;
}

}  // namespace detail

/// psi(x) - log x = -1 / (2 x) - .., x > 0. Error: 1e-15 relative.
/// The series of DLMF 5.11.2, reached by psi(x) = psi(x + 1) - 1 / x, whose terms have one sign here.
inline double digamma_minus_log(double x) {
  double sum = 0;
  for (; x < detail::asymptotic; ++x) sum += log1p_minus(1 / x);
  constexpr double terms[] = {1.0 / 12,  -1.0 / 120,     1.0 / 252, -1.0 / 240,
                              1.0 / 132, -691.0 / 32760, 1.0 / 12,  -3617.0 / 8160};
  return sum - (0.5 + detail::inverse_powers(terms, x * x) / x) / x;
}

/// psi'(x) - 1 / x = 1 / (2 x^2) + .., x > 0: the derivative of digamma_minus_log. Error: 1e-14 relative.
inline double trigamma_minus_reciprocal(double x) {
  double sum = 0;
  for (; x < detail::asymptotic; ++x) sum += 1 / (x * x * (x + 1));
  constexpr double terms[] = {1.0 / 6, -1.0 / 30, 1.0 / 42, -1.0 / 30, 5.0 / 66, -691.0 / 2730, 7.0 / 6, -3617.0 / 510};
  return sum + (0.5 + detail::inverse_powers(terms, x * x) / x) / (x * x);
}

/// log Gamma(x) - ((x - 1/2) log x - x + log(2 pi) / 2) = 1 / (12 x) - .., x > 0: what Stirling's formula leaves
/// (DLMF 5.11.1). Error: 1e-16 absolute from x = 10, below a few ulp of the terms.
inline double stirling_remainder(double x) {
  if (x < detail::asymptotic) return log_gamma(x) - ((x - 0.5) * std::log(x) - x + 0.5 * log_two_pi);
  constexpr double terms[] = {1.0 / 12,   -1.0 / 360,      1.0 / 1260, -1.0 / 1680,
                              1.0 / 1188, -691.0 / 360360, 1.0 / 156,  -3617.0 / 122400};
  return detail::inverse_powers(terms, x * x) / x;
}

/// log B(a, b), a, b > 0. Error: a few ulp of max(1, |log B|), without the cancellation of three log gammas for large
/// arguments (DiDonato and Morris 1992, BETALN).
inline double log_beta(double a, double b) {
  if (a > b) std::swap(a, b);
  if (b < detail::asymptotic) return log_gamma(a) + log_gamma(b) - log_gamma(a + b);
  const double remainder = stirling_remainder(b) - stirling_remainder(a + b);
  if (a < detail::asymptotic)
    return log_gamma(a) - a * std::log(b) + (a - (a + b - 0.5) * std::log1p(a / b)) + remainder;
  return 0.5 * (log_two_pi - std::log(b)) - (a - 0.5) * std::log1p(b / a) - b * std::log1p(a / b) +
         (stirling_remainder(a) + remainder);
}

/// log n! for whole n >= 0.
inline double log_factorial(double n) { return log_gamma(n + 1); }

/// log of the binomial coefficient, whole numbers 0 <= k <= n. Error: a few ulp of max(log n, log C).
inline double log_choose(double n, double k) {
  k = std::min(k, n - k);
  if (k == 0) return 0;
  return -log_beta(k + 1, n - k + 1) - std::log1p(n);
}

/// Quantiles at a level in (0, 1). A scale of 0 puts all mass at 0; NaN for what is no distribution.
double gamma_quantile(double shape, double rate, double level);
double beta_quantile(double a, double b, double level);
double inverse_gamma_quantile(double shape, double scale, double level);
double student_t_quantile(double degrees, double level);

/// log of the multivariate gamma function Gamma_d(x), x > (d - 1) / 2 (Murphy 2012, eq. 4.163).
inline double log_multigamma(double x, std::size_t d) {
  double sum = 0.25 * static_cast<double>(d) * (static_cast<double>(d) - 1) * log_pi;
  for (std::size_t i = 0; i < d; ++i) sum += log_gamma(x - 0.5 * static_cast<double>(i));
  return sum;
}

}  // namespace mixfam::special
