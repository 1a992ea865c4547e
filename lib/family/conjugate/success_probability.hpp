#pragma once

#include <mixfam/family.hpp>

#include "family/conjugate/beta_prior.hpp"
#include "family/conjugate/probability.hpp"
#include "numerics/special.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string>

namespace mixfam {

/// What families with a probability of success p share: t = (successes, failures), c = (log p, log(1 - p)).
/// The constant 1 is a combination of the two, so that its coefficient -A is in c already. Counts of either kind that
/// are 0 stay exactly 0 in sums, as the floored logarithms of p = 0 and p = 1 require; a count that is not 0, however
/// small, leaves its side of the probability above 0.
class SuccessProbability {
 public:
  std::size_t columns() const { return 1; }
  std::size_t statistic_size() const { return 2; }
  Schema parameters() const { return Probability::fields(); }

  void coefficients(ConstVectorView theta, VectorView c) const {
    const auto p = Probability::of(theta);
    c[0] = p.log_success();
    c[1] = p.log_failure();
  }
  /// p = successes / (successes + failures), 0 and 1 included.
  std::optional<std::string> mle(ConstVectorView s, VectorView theta) const {
    const double trials = s[0] + s[1];
    if (!(trials > 0)) return "no rows are left to it";
    if (s[0] < 0) return "fewer successes are left to it than the prior on the probability takes away";
    if (s[1] < 0) return "fewer failures are left to it than the prior on the probability takes away";
    Probability{special::share(s[0], trials), special::share(s[1], trials)}.store(theta);
    return std::nullopt;
  }
};

/// x successes out of a known number of trials.
class BernoulliTrials : public SuccessProbability {
 public:
  class Prior final : public BetaPrior {
   public:
    explicit Prior(double trials) : trials_(trials) {}

    /// Beta(2, 2): one success and one failure more.
    void standard(ConstVectorView, std::size_t, VectorView h) const { h[0] = h[1] = 2; }
    /// p has the expected log odds, digamma(a) - digamma(b); every trial then lacks the same constant
    /// log(exp digamma(a) + exp digamma(b)) - digamma(a + b), about -1 / (2 (a + b)).
    /// A side that underflows, at an a or b below about 1.4e-3, is the least normal number.
    double expectation(ConstVectorView h, VectorView theta, VectorView c) const {
      expected_logs(h, c);
      const double a = special::digamma_minus_log(h[0]);
      const double b = special::digamma_minus_log(h[1]);
      const double odds = h[0] / h[1] * std::exp(a - b);
      constexpr double least = std::numeric_limits<double>::min();
      Probability{std::max(1 / (1 + 1 / odds), least), std::max(1 / (1 + odds), least)}.store(theta);
      const double excess = (h[0] * std::expm1(a) + h[1] * std::expm1(b)) / (h[0] + h[1]);
      // Both priors below a count of 1: nothing cancels, but exp digamma may underflow.
      if (excess < -0.5) return trials_ * (std::max(c[0], c[1]) + std::log1p(std::exp(-std::abs(c[0] - c[1]))));
      return trials_ * (std::log1p(excess) - special::digamma_minus_log(h[0] + h[1]));
    }

   private:
    double trials_;
  };

  explicit BernoulliTrials(double trials) : trials_(trials) {}

  void statistic(const Block& x, MatrixView T) const {
    for (std::size_t n = 0; n < x.rows; ++n) {
      T(n, 0) = x.column(0)[n];
      T(n, 1) = trials_ - x.column(0)[n];
    }
  }
  void mean(ConstVectorView theta, VectorView s) const {
    const auto p = Probability::of(theta);
    s[0] = trials_ * p.success;
    s[1] = trials_ * p.failure;
  }
  Prior prior() const { return Prior(trials_); }

 protected:
  double trials_;
};

}  // namespace mixfam
