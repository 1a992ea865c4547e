#include <mixfam/registry.hpp>

#include "family/conjugate/gamma_prior.hpp"
#include "family/steps/linear_columns.hpp"

#include <cmath>
#include <limits>

namespace mixfam {

namespace {

constexpr const char* formulas = R"(
Exponential distribution: p(x | rate) = rate exp(-rate x), x >= 0.

    t(x) = (1, x)      c = (log rate, -rate)      A = -log rate      h = 1

Prior Gamma(shape a, rate b) on the rate, base measure drate (Bishop 2006, eq. 2.146):

    chi = (a - 1, b)   log Z = log Gamma(a) - a log b      mode of the posterior (N + a - 1) / (sum x + b)

The estimate is N / sum x. Under Gamma(a, b):

    E[c] = (digamma(a) - log b, -a / b)      default prior a = 2, b = mean of the column, 1 if that is 0
)";

class Exponential {
 public:
  /// Gamma(a, b): the coefficients (log rate, -rate) are those of GammaPrior; scaled to two pseudo-observations at the
  /// column's mean, but for the one that the mode takes away. Zeros show no scale: then the mean counts as 1, as it
  /// does where it is so small that the rate of the column is no finite number.
  class Prior final : public GammaPrior {
   public:
    void standard(ConstVectorView s, std::size_t, VectorView h) const {
      const double mean = s[1] / s[0];
      h[0] = 2;
      h[1] = std::isfinite((s[0] + 1) / mean) ? mean : 1;
    }
  };

  std::string spec() const { return "exponential"; }
  std::size_t columns() const { return 1; }
  std::size_t statistic_size() const { return 2; }
  Schema parameters() const { return {{{"rate", {}, Domain::positive}}}; }
  Support support(std::size_t) const { return {"x >= 0", 0, std::numeric_limits<double>::infinity()}; }

  void statistic(const Block& x, MatrixView T) const {
    for (std::size_t n = 0; n < x.rows; ++n) {
      T(n, 0) = 1;
      T(n, 1) = x.column(0)[n];
    }
  }
  void coefficients(ConstVectorView theta, VectorView c) const {
    c[0] = std::log(theta[0]);
    c[1] = -theta[0];
  }
  void mean(ConstVectorView theta, VectorView s) const {
    s[0] = 1;
    s[1] = 1 / theta[0];
  }
  std::optional<std::string> mle(ConstVectorView s, VectorView theta) const {
    if (!(s[0] > 0)) return "no rows are left to it";
    theta[0] = s[0] / s[1];
    if (!(s[1] > 0) || !std::isfinite(theta[0])) return "all its values are 0, so that the rate has no finite maximum";
    return std::nullopt;
  }
  void sample(ConstVectorView theta, Random& random, VectorView x) const { x[0] = random.exponential(theta[0]); }

  Prior prior() const { return {}; }
};

}  // namespace

RegistryEntry exponential_entry();
RegistryEntry exponential_entry() {
  return {"exponential",
          "rate exp(-rate x) for x >= 0, independently in each column",
          {},
          [](const Shape& shape) { return make_linear_family(Exponential(), shape.columns); },
          formulas};
}

}  // namespace mixfam
