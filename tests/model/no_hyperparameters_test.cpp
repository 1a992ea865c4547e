#include <mixfam/columnwise.hpp>

#include <cmath>
#include <numbers>

#include "catch.hpp"
#include "support.hpp"
#include "tolerance.hpp"

// A family with nothing to estimate has a conjugate prior without hyperparameters, which is not the same as none:
// beside another family it changes no fit by any method, and what it says of the data is its log h alone.

namespace mixfam {
namespace {

/// Standard normal, with nothing to estimate: t = 1, c = 0, log h(x) = -x^2/2 - log(2 pi)/2.
class KnownNormal {
 public:
  /// p(theta) = 1 at the only theta there is, chi = 0.
  class Prior {
   public:
    Schema hyperparameters() const { return {}; }
    void flat(VectorView) const {}
    void standard(ConstVectorView, std::size_t, VectorView) const {}
    void chi(ConstVectorView, std::size_t, VectorView out) const { out[0] = 0; }
    void from_chi(ConstVectorView, VectorView) const {}
    std::optional<double> log_partition(ConstVectorView) const { return 0; }
    double expectation(ConstVectorView, VectorView, VectorView c) const { return c[0] = 0; }
    void sample(ConstVectorView, Random&, VectorView) const {}
    void mean(ConstVectorView, VectorView) const {}
    void quantile(ConstVectorView, double, VectorView) const {}
    std::optional<std::string> check(ConstVectorView) const { return std::nullopt; }
  };

  std::string spec() const { return "known_normal"; }
  std::size_t columns() const { return 1; }
  std::size_t statistic_size() const { return 1; }
  Schema parameters() const { return {}; }
  Support support(std::size_t) const {
    return {"any number", -std::numeric_limits<double>::infinity(), std::numeric_limits<double>::infinity()};
  }
  void statistic(const Block& x, MatrixView T) const {
    for (std::size_t n = 0; n < x.rows; ++n) T(n, 0) = 1;
  }
  void add_log_base(const Block& x, VectorView out) const {
    for (std::size_t n = 0; n < x.rows; ++n) out[n] += log_density(x.column(0)[n]);
  }
  void coefficients(ConstVectorView, VectorView c) const { c[0] = 0; }
  void mean(ConstVectorView, VectorView s) const { s[0] = 1; }
  std::optional<Reason> mle(ConstVectorView, VectorView) const { return std::nullopt; }
  void sample(ConstVectorView, Random& random, VectorView x) const { x[0] = random.normal(); }
  Prior prior() const { return {}; }

  static double log_density(double x) { return -0.5 * x * x - 0.5 * std::log(2 * std::numbers::pi); }
};

/// Rows (y, x) of a standard normal y and of x from two exponentials.
Table rows_of_both() {
  Random random{20260714};
  Table table{2, {}};
  for (std::size_t n = 0; n < 300; ++n) {
    table.values.push_back(random.normal());
    table.values.push_back(random.exponential(n % 3 == 0 ? 5 : 0.5));
  }
  return table;
}

Table second_column(const Table& table) {
  Table result{1, {}};
  for (std::size_t n = 0; n < table.rows(); ++n) result.values.push_back(table(n, 1));
  return result;
}

/// As a product of one factor, so that blocks go the same way and bits can be compared.
FamilyPtr exponential() { return make_product({{Registry::builtin().make("exponential", 1), {0}}}); }
FamilyPtr known_times_exponential() {
  return make_product({{make_family(KnownNormal()), {0}}, {Registry::builtin().make("exponential", 1), {1}}});
}

std::vector<double> values_of(const ParameterTable& table) {
  std::vector<double> values;
  for (std::size_t k = 0; k < table.components(); ++k)
    values.insert(values.end(), table.row(k).begin(), table.row(k).end());
  return values;
}

}  // namespace

TEST_CASE("a prior without hyperparameters is a prior", "[prior]") {
  for (const FamilyPtr& family : {make_family(KnownNormal()), make_columnwise_family(KnownNormal(), 1)}) {
    REQUIRE(family->prior());
    CHECK(family->prior()->hyperparameters().empty());
    const Table table{1, {-1, 0, 2, 0.5}};
    auto source = table.source();
    const Prior prior = default_prior(family, 1, source);
    REQUIRE(prior.components);
    CHECK(prior.components->components() == 1);
    CHECK(error_of([&] { check_prior({family, 1}, prior); }).empty());
    CHECK(flat_hyperparameters(family).components() == 1);
    for (const Update update : {Update::ml, Update::map, Update::vb, Update::sampled}) {
      CAPTURE(to_string(update));
      FitOptions options;
      options.update = update;
      if (update == Update::sampled) options.assignment = Assignment::sampled;
      options.max_iterations = 20;
      if (update != Update::ml) options.prior = prior;
      const FitResult result = fit(Mixture(family, {1}, ParameterTable(family->parameters(), 1)), source, options);
      CHECK(result.verdict != Verdict::degenerate);
      CHECK(result.posterior.has_value() == (update != Update::ml));
      double expected = 0;
      for (const double x : table.values) expected += KnownNormal::log_density(x);
      CHECK(close(result.log_likelihood(), expected, round_off(16, expected)));
    }
  }
}

TEST_CASE("a product has a prior where a factor has one without hyperparameters", "[prior][product]") {
  const Table both = rows_of_both();
  const Table one = second_column(both);
  auto source = both.source();
  auto source_of_one = one.source();
  const FamilyPtr family = known_times_exponential();
  REQUIRE(family->prior());
  CHECK(family->prior()->hyperparameters().fields().front().name == "exponential/shape");
  const Prior prior = default_prior(family, 2, source);
  const Prior prior_of_one = default_prior(exponential(), 2, source_of_one);
  CHECK(values_of(*prior.components) == values_of(*prior_of_one.components));

  double log_base = 0;
  for (std::size_t n = 0; n < both.rows(); ++n) log_base += KnownNormal::log_density(both(n, 0));
  const std::vector<std::vector<double>> start = {{2}, {0.2}};
  for (const Update update : {Update::map, Update::vb, Update::sampled}) {
    CAPTURE(to_string(update));
    FitOptions options, options_of_one;
    options.update = options_of_one.update = update;
    options.prior = prior;
    options_of_one.prior = prior_of_one;
    options.max_iterations = options_of_one.max_iterations = 20;
    options.tolerance = options_of_one.tolerance = 0;
    if (update == Update::sampled) options.assignment = options_of_one.assignment = Assignment::sampled;
    const FitResult result = fit(Mixture(family, {0.5, 0.5}, parameter_table(*family, start)), source, options);
    const FitResult of_one =
        fit(Mixture(exponential(), {0.5, 0.5}, parameter_table(*exponential(), start)), source_of_one, options_of_one);
    REQUIRE(result.posterior);
    CHECK(result.mixture.weights() == of_one.mixture.weights());
    CHECK(values_of(result.mixture.parameters()) == values_of(of_one.mixture.parameters()));
    CHECK(values_of(result.posterior->hyperparameters) == values_of(of_one.posterior->hyperparameters));
    CHECK(close(result.log_likelihood(), of_one.log_likelihood() + log_base, round_off(1e3, log_base)));

    const auto predictive = log_predictive(family, *result.posterior, source);
    const auto predictive_of_one = log_predictive(exponential(), *of_one.posterior, source_of_one);
    for (const std::size_t n : {0, 1, 299}) {
      const double expected = predictive_of_one[n] + KnownNormal::log_density(both(n, 0));
      CHECK(close(predictive[n], expected, round_off(64, 1 + std::abs(expected))));
    }
  }
  std::vector<std::size_t> labels(both.rows());
  for (std::size_t n = 0; n < labels.size(); ++n) labels[n] = n % 3 == 0;
  CHECK(close(log_marginal_likelihood(family, 2, source, labels, prior),
              log_marginal_likelihood(exponential(), 2, source_of_one, labels, prior_of_one) + log_base,
              round_off(1e3, log_base)));
}

}  // namespace mixfam
