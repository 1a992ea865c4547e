#include <mixfam/registry.hpp>

#include "family/conjugate/success_probability.hpp"
#include "family/steps/linear_columns.hpp"
#include "numerics/special.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace mixfam {

namespace {

constexpr const char* formulas = R"(
Geometric distribution: p(x | probability p) = p (1 - p)^x, the number x = 0, 1, .. of failures before the first
success.

    t(x) = (1, x)      c = (log p, log(1 - p))      A = -log p      h = 1

t counts one success and x failures. The estimate N / (N + sum x) is 1 where all values are 0.
1 - p is (1 - probability) + complement_correction, the second term for what the rounded difference lacks: failures
that are rarer than 1e-16 have their logarithm.

Prior Beta(a, b) on the probability, base measure dp:

    chi = (a - 1, b - 1)   log Z = log B(a, b)   mode of the posterior in p (N + a - 1) / (N + sum x + a + b - 2)

Under Beta(a, b):

    E[c] = (digamma(a) - digamma(a + b), digamma(b) - digamma(a + b))      default prior a = b = 2
)";

class Geometric final : public SuccessProbability {
 public:
  class Prior final : public BetaPrior {
   public:
    /// Beta(2, 1 + mean of the column): one row more, at the mean.
    void standard(ConstVectorView s, std::size_t, VectorView h) const {
      h[0] = 2;
      h[1] = 1 + s[1] / s[0];
    }
    /// log(1 - p) = E[log(1 - p)], so that p = m (1 - (b / a) (exp(e) - 1)) with m = a / (a + b) and
    /// e = digamma_minus_log(b) - digamma_minus_log(a + b); the constant is E[log p] - log p, about -1 / (2 a).
    double expectation(ConstVectorView h, VectorView theta, VectorView c) const {
      expected_logs(h, c);
      const double both = special::digamma_minus_log(h[0] + h[1]);
      const double correction = -h[1] / h[0] * std::expm1(special::digamma_minus_log(h[1]) - both);
      Probability{std::min(1.0, h[0] / (h[0] + h[1]) * (1 + correction)),
                  std::max(std::exp(c[1]), std::numeric_limits<double>::min())}
          .store(theta);
      return (special::digamma_minus_log(h[0]) - both) - std::log1p(correction);
    }
  };

  std::string spec() const { return "geometric"; }
  Support support(std::size_t) const {
    return {"x = 0, 1, 2, ..", 0, std::numeric_limits<double>::infinity(), false, true};
  }

  void statistic(const Block& x, MatrixView T) const {
    for (std::size_t n = 0; n < x.rows; ++n) {
      T(n, 0) = 1;
      T(n, 1) = x.column(0)[n];
    }
  }
  void mean(ConstVectorView theta, VectorView s) const {
    const auto p = Probability::of(theta);
    s[0] = 1;
    s[1] = p.failure / p.success;
  }
  std::optional<std::string> mle(ConstVectorView s, VectorView theta) const {
    if (!(s[0] > 0)) return "no rows are left to it";
    return SuccessProbability::mle(s, theta);
  }
  /// By inversion: the whole part of an exponential variate.
  void sample(ConstVectorView theta, Random& random, VectorView x) const {
    const auto p = Probability::of(theta);
    x[0] = p.failure > 0 ? std::floor(random.exponential(1) / -p.log_failure()) : 0;
  }

  Prior prior() const { return {}; }
};

static_assert(HasPrior<Geometric>);

}  // namespace

RegistryEntry geometric_entry();
RegistryEntry geometric_entry() {
  return {"geometric",
          "probability (1 - probability)^x for x = 0, 1, .. failures, independently in each column",
          {},
          [](const Shape& shape) { return make_linear_family(Geometric(), shape.columns); },
          formulas};
}

}  // namespace mixfam
