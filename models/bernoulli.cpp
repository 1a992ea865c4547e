#include <mixfam/columnwise.hpp>
#include <mixfam/registry.hpp>

#include "success_probability.hpp"

namespace mixfam {

namespace {

constexpr const char* formulas = R"(
Bernoulli distribution: p(x | probability p) = p^x (1 - p)^(1 - x), x in {0, 1} (Bishop 2006, eq. 2.2).

    t(x) = (x, 1 - x)      c = (log p, log(1 - p))      h = 1

In other words t = (1, x), eta = logit p, A = -log(1 - p). The estimate is the share of ones, 0 and 1 included.

Prior Beta(a, b) on the probability, base measure dp (Bishop 2006, eqs. 2.13 and 2.18):

    chi = (a - 1, b - 1)   log Z = log B(a, b)   mode of the posterior in p (sum x + a - 1) / (N + a + b - 2)

Under Beta(a, b):

    E[c] = (digamma(a) - digamma(a + b), digamma(b) - digamma(a + b))      default prior a = b = 2
)";

class Bernoulli final : public BernoulliTrials {
 public:
  Bernoulli() : BernoulliTrials(1) {}

  std::string spec() const { return "bernoulli"; }
  Support support(std::size_t) const { return {"x = 0 or 1", 0, 1, false, true}; }
  void sample(ConstVectorView theta, Random& random, VectorView x) const { x[0] = random.uniform() < theta[0] ? 1 : 0; }
};

static_assert(HasPrior<Bernoulli>);

}  // namespace

RegistryEntry bernoulli_entry();
RegistryEntry bernoulli_entry() {
  return {"bernoulli",
          "probability^x (1 - probability)^(1 - x) for x = 0 or 1, independently in each column",
          {},
          [](const Shape& shape) { return make_columnwise_family(Bernoulli(), shape.columns); },
          formulas};
}

}  // namespace mixfam
