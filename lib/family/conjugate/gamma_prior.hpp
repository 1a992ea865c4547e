#pragma once

#include <mixfam/parameters.hpp>
#include <mixfam/random.hpp>

#include "numerics/special.hpp"

#include <cmath>
#include <optional>
#include <string>

namespace mixfam {

/// Gamma(shape a, rate b) on a rate r with base measure dr, for families with c = (log r, -r) (Bishop 2006, eq. 2.146):
///
///     chi = (a - 1, b)     log Z = log Gamma(a) - a log b     E[c] = (digamma(a) - log b, -a / b)
class GammaPrior {
 public:
  Schema hyperparameters() const { return {{{"shape", {}, Domain::positive}, {"rate", {}, Domain::nonnegative}}}; }
  void flat(VectorView h) const {
    h[0] = 1;
    h[1] = 0;
  }
  void chi(ConstVectorView h, std::size_t, VectorView out) const {
    out[0] = h[0] - 1;
    out[1] = h[1];
  }
  void from_chi(ConstVectorView chi, VectorView h) const {
    h[0] = chi[0] + 1;
    h[1] = chi[1];
  }
  std::optional<double> log_partition(ConstVectorView h) const {
    if (!(h[0] > 0 && h[1] > 0)) return std::nullopt;
    return special::log_gamma(h[0]) - h[0] * std::log(h[1]);
  }
  double expectation(ConstVectorView h, VectorView theta, VectorView c) const {
    theta[0] = h[0] / h[1];
    c[0] = special::digamma(h[0]) - std::log(h[1]);
    c[1] = -theta[0];
    return special::digamma_minus_log(h[0]);
  }
  void sample(ConstVectorView h, Random& random, VectorView theta) const { theta[0] = random.gamma(h[0], h[1]); }
  void mean(ConstVectorView h, VectorView theta) const { theta[0] = h[0] / h[1]; }
  void quantile(ConstVectorView h, double level, VectorView theta) const {
    theta[0] = special::gamma_quantile(h[0], h[1], level);
  }
  std::optional<std::string> check(ConstVectorView) const { return std::nullopt; }
};

}  // namespace mixfam
