#include <mixfam/registry.hpp>

#include "family/conjugate/gamma_prior.hpp"
#include "family/steps/linear_columns.hpp"
#include "numerics/special.hpp"

#include <algorithm>
#include <boost/random/poisson_distribution.hpp>
#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>

namespace mixfam {

namespace {

constexpr const char* formulas = R"(
Poisson distribution: p(x | rate) = rate^x exp(-rate) / x!, x = 0, 1, ..

    t(x) = (1, x)      c = (-rate, log rate)      A = rate      log h = -log x!

The estimate is the mean, 0 included: a component of zeros only.

Prior Gamma(shape a, rate b) on the rate, base measure drate (Gelman et al. 2013, section 2.6):

    chi = (b, a - 1)   log Z = log Gamma(a) - a log b      mode of the posterior (sum x + a - 1) / (N + b)

Under Gamma(a, b):

    E[c] = (-a / b, digamma(a) - log b)      default prior a = 1 + mean of the column, b = 1
)";

class Poisson {
 public:
  /// Gamma(a, b): the coefficients (-rate, log rate) are those of GammaPrior, the other way round.
  class Prior final : public GammaPrior {
   public:
    /// Gamma(1 + mean of the column, 1): one row more, at the mean.
    void standard(ConstVectorView s, std::size_t, VectorView h) const {
      h[0] = 1 + s[1] / s[0];
      h[1] = 1;
    }
    void chi(ConstVectorView h, std::size_t components, VectorView out) const {
      GammaPrior::chi(h, components, out);
      std::swap(out[0], out[1]);
    }
    void from_chi(ConstVectorView chi, VectorView h) const {
      const double swapped[] = {chi[1], chi[0]};
      GammaPrior::from_chi({swapped, 2}, h);
    }
    /// log rate = E[log rate] = digamma(a) - log b; the constant is rate - E[rate].
    double expectation(ConstVectorView h, VectorView theta, VectorView c) const {
      const double mean = h[0] / h[1];
      const double excess = special::digamma_minus_log(h[0]);
      const double root = std::exp(0.5 * excess);  // its square may underflow where the product does not
      theta[0] = std::max(mean * root * root, std::numeric_limits<double>::min());
      c[0] = -mean;
      c[1] = std::log(mean) + excess;
      return mean * std::expm1(excess);
    }
  };

  std::string spec() const { return "poisson"; }
  std::size_t columns() const { return 1; }
  std::size_t statistic_size() const { return 2; }
  Schema parameters() const { return {{{"rate", {}, Domain::nonnegative}}}; }
  Support support(std::size_t) const {
    return {"x = 0, 1, 2, ..", 0, std::numeric_limits<double>::infinity(), false, true};
  }

  void statistic(const Block& x, MatrixView T) const {
    for (std::size_t n = 0; n < x.rows; ++n) {
      T(n, 0) = 1;
      T(n, 1) = x.column(0)[n];
    }
  }
  void add_log_base(const Block& x, VectorView out) const {
    for (std::size_t n = 0; n < x.rows; ++n) out[n] -= special::log_factorial(x.column(0)[n]);
  }
  void coefficients(ConstVectorView theta, VectorView c) const {
    c[0] = -theta[0];
    c[1] = special::floored_log(theta[0]);
  }
  void mean(ConstVectorView theta, VectorView s) const {
    s[0] = 1;
    s[1] = theta[0];
  }
  std::optional<std::string> mle(ConstVectorView s, VectorView theta) const {
    if (!(s[0] > 0)) return "no rows are left to it";
    if (s[1] < 0) return "its values are smaller in sum than what the prior on the rate takes away";
    theta[0] = special::share(s[1], s[0]);
    return std::nullopt;
  }
  void sample(ConstVectorView theta, Random& random, VectorView x) const {
    x[0] = theta[0] > 0 ? static_cast<double>(boost::random::poisson_distribution<std::int64_t>(theta[0])(random)) : 0;
  }

  Prior prior() const { return {}; }
};

static_assert(HasPrior<Poisson>);

}  // namespace

RegistryEntry poisson_entry();
RegistryEntry poisson_entry() {
  return {"poisson",
          "rate^x exp(-rate) / x! for x = 0, 1, .., independently in each column",
          {},
          [](const Shape& shape) { return make_linear_family(Poisson(), shape.columns); },
          formulas};
}

}  // namespace mixfam
