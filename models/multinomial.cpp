#include <mixfam/error.hpp>
#include <mixfam/exponential_family.hpp>
#include <mixfam/registry.hpp>

#include "family/conjugate/dirichlet.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <optional>

namespace mixfam {

namespace {

constexpr const char* formulas = R"(
Multinomial distribution: the counts x_1 .. x_D of the D outcomes of n independent trials, given n = sum_j x_j:

    p(x | p) = n! / prod_j x_j! prod_j p_j^x_j
    t(x) = (1, x_1, .., x_D)      c = (0, log p_1, .., log p_D)      A = 0      h = n! / prod_j x_j!

The form is over-complete as that of the categorical distribution is. Each row has its own n, which is given and not
modelled; E[t] and samples are those of one trial. With `trials=n` all rows have the same n, E[t] and samples are
those of n trials, and a row of another total has probability 0.

Prior Dirichlet(a) on p, base measure dp_1 .. dp_{D-1} (Bishop 2006, eqs. 2.38 and 2.41):

    chi = (sum_j (a_j - 1) / n, a_1 - 1, .., a_D - 1)      log Z = sum_j log Gamma(a_j) - log Gamma(sum_j a_j)
    mode of the posterior in p: (sum x_j + a_j - 1) / sum_i (sum x_i + a_i - 1)

E[log p_j] = log p*_j + s adds n s to the log density of a row (dirichlet.hpp): a constant, as `vb` needs it, only
where n is the same in all rows.

Under Dirichlet(a):

    E[log p_v] = digamma(a_v) - digamma(sum_w a_w)      default prior a_v = 2
)";

class Multinomial {
 public:
  class Prior {
   public:
    Prior(std::size_t columns, std::optional<double> trials) : columns_(columns), trials_(trials) {}

    Schema hyperparameters() const { return {{{"concentration", {columns_}, Domain::positive}}}; }
    void flat(VectorView h) const { std::fill(h.begin(), h.end(), 1.0); }
    /// One pseudo-count of each outcome beyond the one that the mode takes away.
    void standard(ConstVectorView, std::size_t, VectorView h) const { std::fill(h.begin(), h.end(), 2.0); }
    void chi(ConstVectorView h, std::size_t, VectorView out) const {
      double count = 0;
      for (std::size_t j = 0; j < columns_; ++j) count += out[1 + j] = h[j] - 1;
      out[0] = count / trials_.value_or(1);
    }
    void from_chi(ConstVectorView chi, VectorView h) const {
      for (std::size_t j = 0; j < columns_; ++j) h[j] = chi[1 + j] + 1;
    }
    std::optional<double> log_partition(ConstVectorView h) const { return dirichlet::log_partition(h); }
    double expectation(ConstVectorView h, VectorView theta, VectorView c) const {
      if (!trials_)
        throw Error(ErrorKind::usage,
                    "multinomial: vb needs rows of one total; declare it as in multinomial:trials=10, or use map or "
                    "sampled");
      c[0] = *trials_ * dirichlet::expectation(h, theta, c.part(1, columns_));
      return c[0];
    }
    void sample(ConstVectorView h, Random& random, VectorView theta) const { random.dirichlet(h, theta); }
    void mean(ConstVectorView h, VectorView theta) const { dirichlet::mean(h, theta); }
    void quantile(ConstVectorView h, double level, VectorView theta) const { dirichlet::quantile(h, level, theta); }
    std::optional<std::string> check(ConstVectorView) const { return std::nullopt; }

   private:
    std::size_t columns_;
    std::optional<double> trials_;
  };

  Multinomial(std::size_t columns, std::optional<double> trials) : columns_(columns), trials_(trials) {}

  std::string spec() const {
    return trials_ ? "multinomial:trials=" + std::to_string(static_cast<std::size_t>(*trials_)) : "multinomial";
  }
  std::size_t columns() const { return columns_; }
  std::size_t statistic_size() const { return 1 + columns_; }
  Schema parameters() const { return {{{"probabilities", {columns_}, Domain::probabilities}}}; }
  Support support(std::size_t) const {
    if (!trials_) return {"whole x >= 0", 0, std::numeric_limits<double>::infinity(), false, true};
    return {"whole x from 0 to " + std::to_string(static_cast<std::size_t>(*trials_)), 0, *trials_, false, true};
  }

  void statistic(const Block& x, MatrixView T) const {
    for (std::size_t n = 0; n < x.rows; ++n) T(n, 0) = 1;
    for (std::size_t j = 0; j < columns_; ++j)
      for (std::size_t n = 0; n < x.rows; ++n) T(n, 1 + j) = x.column(j)[n];
  }
  void add_log_base(const Block& x, VectorView out) const {
    for (std::size_t n = 0; n < x.rows; ++n) {
      double total = 0;
      double log_orders = 0;
      for (std::size_t j = 0; j < columns_; ++j) {
        total += x.column(j)[n];
        if (x.column(j)[n] > 1) log_orders += special::log_gamma(x.column(j)[n] + 1);
      }
      if (trials_ && total != *trials_) {
        out[n] -= std::numeric_limits<double>::infinity();
      } else {
        out[n] += special::log_gamma(total + 1) - log_orders;
      }
    }
  }
  void coefficients(ConstVectorView theta, VectorView c) const {
    c[0] = 0;
    for (std::size_t j = 0; j < columns_; ++j) c[1 + j] = special::floored_log(theta[j]);
  }
  void mean(ConstVectorView theta, VectorView s) const {
    s[0] = 1;
    for (std::size_t j = 0; j < columns_; ++j) s[1 + j] = trials_.value_or(1) * theta[j];
  }
  std::optional<std::string> mle(ConstVectorView s, VectorView theta) const {
    return dirichlet::mode(s.part(1, columns_), theta);
  }
  void sample(ConstVectorView theta, Random& random, VectorView x) const {
    std::fill(x.begin(), x.end(), 0.0);
    for (double trial = 0; trial < trials_.value_or(1); ++trial) ++x[random.categorical(theta)];
  }

  Prior prior() const { return {columns_, trials_}; }

 private:
  std::size_t columns_;
  std::optional<double> trials_;
};

FamilyPtr make_multinomial(const Shape& shape) {
  const auto option = shape.options.find("trials");
  if (option == shape.options.end()) return make_family(Multinomial(shape.columns, std::nullopt));
  constexpr std::size_t most_digits = 9;
  const std::string& text = option->second;
  const bool digits =
      !text.empty() && text.size() <= most_digits && text.find_first_not_of("0123456789") == std::string::npos;
  const double trials = digits ? std::stod(text) : 0;
  if (!(trials >= 1))
    throw Error(ErrorKind::usage, "multinomial: trials=" + text + " (must be a whole number from 1 to 999999999)");
  return make_family(Multinomial(shape.columns, trials));
}

}  // namespace

RegistryEntry multinomial_entry();
RegistryEntry multinomial_entry() {
  return {"multinomial",
          "n! / prod_j x_j! prod_j probabilities_j^x_j for rows of counts x with the sum n",
          {"trials=n (all rows have this sum; needed for vb)"},
          make_multinomial,
          formulas};
}

}  // namespace mixfam
