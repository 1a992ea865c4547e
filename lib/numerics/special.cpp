#include "numerics/special.hpp"

#include <boost/math/distributions/beta.hpp>
#include <boost/math/distributions/gamma.hpp>
#include <boost/math/distributions/inverse_gamma.hpp>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>

#include <exception>
#include <limits>

namespace mixfam::special {

namespace {

using Gamma = boost::math::gamma_distribution<double, Quiet>;
using Beta = boost::math::beta_distribution<double, Quiet>;
using InverseGamma = boost::math::inverse_gamma_distribution<double, Quiet>;
using Normal = boost::math::normal_distribution<double, Quiet>;
using StudentT = boost::math::students_t_distribution<double, Quiet>;

/// NaN where Boost gives up: its searches for a root have a policy of their own, which throws.
template <class Distribution>
double found_quantile(const Distribution& distribution, double level) {
  try {
    return quantile(distribution, level);
  } catch (const std::exception&) {
    return std::numeric_limits<double>::quiet_NaN();
  }
}

}  // namespace

/// From shape 1e6 on by the expansion of Cornish and Fisher (1938) in the normal quantile z, which ends within rounding
/// there; Boost's series give up near 1e11.
double gamma_quantile(double shape, double rate, double level) {
  if (1 / rate == 0) return 0;
  if (shape < 1e6) return found_quantile(Gamma(shape, 1 / rate), level);
  const double z = quantile(Normal(), level);
  const double z2 = z * z;
  const double root = std::sqrt(shape);
  return (shape + root * z + (z2 - 1) / 3 + z * (z2 - 7) / (36 * root) - ((3 * z2 + 7) * z2 - 16) / (810 * shape) +
          z * ((9 * z2 + 256) * z2 - 433) / (38880 * shape * root)) /
         rate;
}

/// Where one shape is next to nothing beside the other, the smaller of x and 1 - x is a gamma variate over the greater
/// shape; where both are great, by the first two terms of the expansion of Cornish and Fisher (1938), which ends within
/// rounding there. Boost's iterations may not end in either.
double beta_quantile(double a, double b, double level) {
  constexpr double next_to_nothing = 1e-17;
  constexpr double great = 1e11;
  if (a < next_to_nothing * b && a > next_to_nothing) return gamma_quantile(a, b, level);
  if (b < next_to_nothing * a && b > next_to_nothing) return 1 - gamma_quantile(b, a, 1 - level);
  if (std::min(a, b) < great) return found_quantile(Beta(a, b), level);
  const double z = quantile(Normal(), level);
  const double mean = 1 / (1 + b / a);
  if (std::isinf(a + b)) return mean;
  const double deviation = std::sqrt(mean / (1 + a / b)) / std::sqrt(a + b);
  const double skewness = 2 * (1 / (1 + a / b) - mean) / deviation / (a + b);
  return mean + deviation * (z + (z * z - 1) / 6 * skewness);
}

double inverse_gamma_quantile(double shape, double scale, double level) {
  return scale == 0 ? 0 : found_quantile(InverseGamma(shape, scale), level);
}

double student_t_quantile(double degrees, double level) { return found_quantile(StudentT(degrees), level); }

}  // namespace mixfam::special
