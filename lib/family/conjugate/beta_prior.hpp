#pragma once

#include <mixfam/parameters.hpp>
#include <mixfam/random.hpp>

#include "family/conjugate/probability.hpp"
#include "numerics/special.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string>

namespace mixfam {

/// Beta(a, b) on a probability p with base measure dp, for families whose t counts (successes, failures) and whose
/// c = (log p, log(1 - p)) (Bishop 2006, eqs. 2.13 and B.21):
///
///     chi = (a - 1, b - 1)     log Z = log B(a, b)
///     E[c] = (digamma(a) - digamma(a + b), digamma(b) - digamma(a + b))
///
/// The parameters of an expectation differ from family to family, because the constants in t do.
class BetaPrior {
 public:
  Schema hyperparameters() const { return {{{"a", {}, Domain::positive}, {"b", {}, Domain::positive}}}; }
  void flat(VectorView h) const { h[0] = h[1] = 1; }
  void chi(ConstVectorView h, std::size_t, VectorView out) const {
    out[0] = h[0] - 1;
    out[1] = h[1] - 1;
  }
  void from_chi(ConstVectorView chi, VectorView h) const {
    h[0] = chi[0] + 1;
    h[1] = chi[1] + 1;
  }
  std::optional<double> log_partition(ConstVectorView h) const {
    if (!(h[0] > 0 && h[1] > 0)) return std::nullopt;
    return special::log_beta(h[0], h[1]);
  }
  /// By logarithms of two gamma variates, Gamma(a) = Gamma(a + 1) U^(1/a) (Marsaglia and Tsang 2000, section 6), which
  /// do not underflow for small a. No draw is 0 or 1, where the density may be infinite.
  void sample(ConstVectorView h, Random& random, VectorView theta) const {
    const double p = random.beta(h[0], h[1]);
    Probability{p, 1 - p}.store(theta);
  }
  void mean(ConstVectorView h, VectorView theta) const {
    Probability{h[0] / (h[0] + h[1]), h[1] / (h[0] + h[1])}.store(theta);
  }
  void quantile(ConstVectorView h, double level, VectorView theta) const {
    const double p = special::beta_quantile(h[0], h[1], level);
    Probability{p, 1 - p}.store(theta);
  }
  std::optional<std::string> check(ConstVectorView) const { return std::nullopt; }

 protected:
  /// E[c]. With digamma(x) = log x + digamma_minus_log(x) large counts keep their digits.
  static void expected_logs(ConstVectorView h, VectorView c) {
    const double both = special::digamma_minus_log(h[0] + h[1]);
    c[0] = (special::digamma_minus_log(h[0]) - both) - std::log1p(h[1] / h[0]);
    c[1] = (special::digamma_minus_log(h[1]) - both) - std::log1p(h[0] / h[1]);
  }
};

}  // namespace mixfam
