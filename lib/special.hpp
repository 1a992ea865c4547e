#pragma once

#include <boost/math/special_functions/digamma.hpp>
#include <boost/math/special_functions/gamma.hpp>

#include <cmath>

/// The special functions that families need: Boost.Math behind, arguments in the domains that the families guard.
namespace mixfam::special {

inline constexpr double log_two_pi = 1.8378770664093454835606594728112;
inline constexpr double log_pi = 1.1447298858494001741434273513531;
inline constexpr double log_two = 0.69314718055994530941723212145818;

/// log Gamma(x), x > 0.
inline double log_gamma(double x) { return boost::math::lgamma(x); }

/// log of the multivariate gamma function Gamma_d(x), x > (d - 1) / 2 (Murphy 2012, eq. 4.163).
inline double log_multigamma(double x, std::size_t d) {
  double sum = 0.25 * static_cast<double>(d) * (static_cast<double>(d) - 1) * log_pi;
  for (std::size_t i = 0; i < d; ++i) sum += log_gamma(x - 0.5 * static_cast<double>(i));
  return sum;
}

}  // namespace mixfam::special
