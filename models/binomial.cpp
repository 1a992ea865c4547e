#include <mixfam/columnwise.hpp>
#include <mixfam/error.hpp>
#include <mixfam/registry.hpp>

#include "family/conjugate/success_probability.hpp"
#include "numerics/special.hpp"

#include <algorithm>
#include <boost/random/binomial_distribution.hpp>
#include <boost/random/poisson_distribution.hpp>
#include <cctype>
#include <cstdint>

namespace mixfam {

namespace {

constexpr const char* formulas = R"(
Binomial distribution with a known number n of trials: p(x | probability p) = C(n, x) p^x (1 - p)^(n - x),
x = 0, 1, .. n (Bishop 2006, eq. 2.9).

    t(x) = (x, n - x)      c = (log p, log(1 - p))      log h = log C(n, x)

In other words t = (1, x), eta = logit p, A = -n log(1 - p).
1 - p is (1 - probability) + complement_correction, the second term for what the rounded difference lacks: failures
that are rarer than 1e-16 have their logarithm.

Prior Beta(a, b) on the probability, base measure dp (Bishop 2006, eqs. 2.13 and 2.18):

    chi = (a - 1, b - 1)   log Z = log B(a, b)   mode of the posterior in p (sum x + a - 1) / (N n + a + b - 2)

Under Beta(a, b):

    E[c] = (digamma(a) - digamma(a + b), digamma(b) - digamma(a + b))      default prior a = b = 2
)";

class Binomial final : public BernoulliTrials {
 public:
  explicit Binomial(std::int64_t trials) : BernoulliTrials(static_cast<double>(trials)), count_(trials) {}

  std::string spec() const { return "binomial:trials=" + std::to_string(count_); }
  Support support(std::size_t) const {
    return {"whole x from 0 to " + std::to_string(count_), 0, trials_, false, true};
  }
  void add_log_base(const Block& x, VectorView out) const {
    for (std::size_t n = 0; n < x.rows; ++n) out[n] += special::log_choose(trials_, x.column(0)[n]);
  }
  void sample(ConstVectorView theta, Random& random, VectorView x) const {
    // By the rarer outcome, whose probability has all its digits.
    const auto [success, failure] = Probability::of(theta);
    x[0] = static_cast<double>(failure < success ? count_ - draw(failure, random) : draw(success, random));
  }

 private:
  /// Outcomes of probability p. Boost's powers of 1 - p lose the digits of a small one; those outcomes are Poisson
  /// distributed to within p in total variation (Le Cam 1960).
  std::int64_t draw(double p, Random& random) const {
    constexpr double small = 1e-8;
    if (p == 0) return 0;
    if (p > small) return boost::random::binomial_distribution<std::int64_t>(count_, p)(random);
    return std::min(count_, boost::random::poisson_distribution<std::int64_t>(trials_ * p)(random));
  }

  std::int64_t count_;
};

static_assert(HasPrior<Binomial>);

/// Whole numbers that a double holds exactly.
constexpr std::int64_t most_trials = std::int64_t{1} << 53;

std::int64_t parse_trials(const Shape& shape) {
  const auto option = shape.options.find("trials");
  if (option == shape.options.end())
    throw Error(ErrorKind::usage, "binomial needs its number of trials; write binomial:trials=n");
  const std::string& text = option->second;
  const bool digits = !text.empty() && text.size() <= 16 &&
                      std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isdigit(c); });
  const std::int64_t trials = digits ? std::stoll(text) : 0;
  if (trials < 1 || trials > most_trials)
    throw Error(ErrorKind::usage,
                "binomial: trials=" + text + " (must be a whole number from 1 to " + std::to_string(most_trials) + ")");
  return trials;
}

}  // namespace

RegistryEntry binomial_entry();
RegistryEntry binomial_entry() {
  return {"binomial",
          "C(n, x) probability^x (1 - probability)^(n - x) for x = 0, 1, .. n, independently in each column",
          {"trials=n"},
          [](const Shape& shape) { return make_columnwise_family(Binomial(parse_trials(shape)), shape.columns); },
          formulas,
          false,
          "binomial:trials=10"};
}

}  // namespace mixfam
