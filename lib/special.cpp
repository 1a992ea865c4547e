#include "special.hpp"

#include <boost/math/distributions/beta.hpp>
#include <boost/math/distributions/gamma.hpp>
#include <boost/math/distributions/inverse_gamma.hpp>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>

namespace mixfam::special {

namespace {

namespace policies = boost::math::policies;

/// Quantiles beyond the range of doubles are infinite, those of no distribution NaN.
using Quiet =
    policies::policy<policies::domain_error<policies::ignore_error>, policies::overflow_error<policies::ignore_error>,
                     policies::evaluation_error<policies::ignore_error>>;

}  // namespace

/// From shape 1e6 on by the expansion of Cornish and Fisher (1938) in the normal quantile z, which ends within rounding
/// there; Boost's series give up near 1e11.
double gamma_quantile(double shape, double rate, double level) {
  if (shape < 1e6) return boost::math::quantile(boost::math::gamma_distribution<double, Quiet>(shape, 1 / rate), level);
  const double z = boost::math::quantile(boost::math::normal_distribution<double, Quiet>(), level);
  const double z2 = z * z;
  const double root = std::sqrt(shape);
  return (shape + root * z + (z2 - 1) / 3 + z * (z2 - 7) / (36 * root) - ((3 * z2 + 7) * z2 - 16) / (810 * shape) +
          z * ((9 * z2 + 256) * z2 - 433) / (38880 * shape * root)) /
         rate;
}

double beta_quantile(double a, double b, double level) {
  return boost::math::quantile(boost::math::beta_distribution<double, Quiet>(a, b), level);
}

double inverse_gamma_quantile(double shape, double scale, double level) {
  return boost::math::quantile(boost::math::inverse_gamma_distribution<double, Quiet>(shape, scale), level);
}

double student_t_quantile(double degrees, double level) {
  return boost::math::quantile(boost::math::students_t_distribution<double, Quiet>(degrees), level);
}

}  // namespace mixfam::special
