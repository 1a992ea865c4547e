#include <boost/math/distributions/exponential.hpp>
#include <boost/math/distributions/normal.hpp>
#include <cmath>

#include "catch.hpp"
#include "laws.hpp"
#include "support.hpp"
#include "tolerance.hpp"

namespace mixfam {

namespace {

FamilyPtr gaussian(std::size_t d) { return Registry::builtin().make("gaussian", d); }
FamilyPtr exponential(std::size_t d) { return Registry::builtin().make("exponential", d); }

/// gaussian(2) * exponential(0,1): columns out of order on purpose. theta = (mean, covariance, rate, rate).
FamilyPtr mixed() { return make_product({{gaussian(1), {2}}, {exponential(2), {0, 1}}}); }

LawOptions mixed_options() {
  LawOptions options;
  options.parameters = [](Random& random) {
    return std::vector{uniform_between(random, -5, 5), log_uniform(random, 1e-2, 1e2), log_uniform(random, 1e-2, 1e2),
                       log_uniform(random, 1e-2, 1e2)};
  };
  options.hyperparameters = [](Random& random) {  // mu0, kappa0, nu0, psi0; shape, shape, rate, rate
    std::vector<double> h = {uniform_between(random, -5, 5), log_uniform(random, 0.01, 10),
                             uniform_between(random, 1, 10), log_uniform(random, 1e-2, 1e2)};
    for (const double lower : {1.0, 1.0, 0.1, 0.1}) h.push_back(uniform_between(random, lower, 10));
    return h;
  };
  options.log_density = [](ConstVectorView theta, ConstVectorView x) {
    return std::log(pdf(boost::math::normal(theta[0], std::sqrt(theta[1])), x[2])) +
           std::log(pdf(boost::math::exponential(theta[2]), x[0])) +
           std::log(pdf(boost::math::exponential(theta[3]), x[1]));
  };
  return options;
}

}  // namespace

TEST_CASE("product: laws of a product over columns out of order", "[laws][product]") {
  CHECK(check_laws(mixed(), mixed_options()) >= least_law_cases);
}

TEST_CASE("product: laws of a product of products", "[laws][product]") {
  LawOptions options = mixed_options();
  options.cases = 200;
  options.log_density = nullptr;
  const auto inner = make_product({{exponential(2), {0, 1}}});
  check_laws(make_product({{gaussian(1), {2}}, {inner, {0, 1}}}), options);
}

TEST_CASE("product: names, sizes and specification", "[product]") {
  const auto family = make_product({{gaussian(2), {3, 0}}, {exponential(1), {1}}, {exponential(1), {2}}});
  CHECK(family->columns() == 4);
  CHECK(family->spec() == "gaussian(3,0) * exponential(1) * exponential(2)");
  std::vector<std::string> names;
  for (const Field& field : family->parameters().fields()) names.push_back(field.name);
  CHECK(names ==
        std::vector<std::string>{"gaussian/mean", "gaussian/covariance", "exponential/rate", "exponential_2/rate"});
  CHECK(family->free_parameters(2) == 2 * (5 + 1 + 1));
  CHECK(family->statistic_size() == 7 + 2 + 2);
  CHECK(family->origin_size() == 2);
  CHECK(family->support(1).rule == "x >= 0");
  CHECK(family->support(0).rule == "finite x");
  // The specification makes the same family again.
  const auto again = Registry::builtin().make(family->spec(), 4);
  CHECK(again->spec() == family->spec());
  CHECK(again->parameters().size() == family->parameters().size());
}

TEST_CASE("product: a product within a product is a factor of its own columns", "[product]") {
  const auto inner = make_product({{gaussian(1), {1}}, {exponential(1), {0}}});
  const auto family = make_product({{exponential(1), {1}}, {inner, {3, 0}}, {inner, {2, 4}}});
  CHECK(family->spec() == "exponential(1) * (gaussian(1) * exponential(0))(3,0) * (gaussian(1) * exponential(0))(2,4)");
  std::vector<std::string> names;
  std::vector<std::vector<std::size_t>> columns;
  for (const Field& field : family->parameters().fields()) {
    names.push_back(field.name);
    columns.push_back(field.columns);
  }
  CHECK(names == std::vector<std::string>{"exponential/rate", "product/gaussian/mean", "product/gaussian/covariance",
                                          "product/exponential/rate", "product_2/gaussian/mean",
                                          "product_2/gaussian/covariance", "product_2/exponential/rate"});
  // Of the data, not of the factor.
  CHECK(columns == std::vector<std::vector<std::size_t>>{{1}, {0}, {0}, {3}, {4}, {4}, {2}});
  for (const std::size_t j : {1, 2, 3}) CHECK(family->support(j).rule == "x >= 0");
  for (const std::size_t j : {0, 4}) CHECK(family->support(j).rule == "finite x");
}

TEST_CASE("product: a value outside the support names the factor that models its column", "[product]") {
  const auto inner = make_product({{gaussian(1), {0}}, {exponential(1), {1}}});
  const auto family = make_product({{Registry::builtin().make("poisson", 1), {2}}, {inner, {0, 1}}});
  const auto refusal = [&](std::vector<double> row) {
    const Table table{3, std::move(row)};
    auto source = table.source();
    return error_of([&] { initialize(family, 1, source); });
  };
  CHECK(refusal({-1, -2, 3}) == "data: data row 0, column 1: -2 is outside the support of 'exponential' (x >= 0)");
  CHECK(refusal({-1, 2, 0.5}) ==
        "data: data row 0, column 2: 0.5 is outside the support of 'poisson' (x = 0, 1, 2, ..)");
}

TEST_CASE("product: a degenerate factor is named", "[product]") {
  const auto family = mixed();
  const Table table{3, {1, 0, 5, 2, 0, 7, 3, 0, 8}};
  auto source = table.source();
  const Mixture start(family, {1}, parameter_table(*family, {{0, 1, 1, 1}}));
  const FitResult result = fit(start, source);
  CHECK(result.verdict == Verdict::degenerate);
  CHECK(result.message.find("component 0: column 1: exponential: all its values are 0") != std::string::npos);
}

TEST_CASE("product: a mixture over it is the product of densities within components", "[product]") {
  const auto family = mixed();
  const Mixture mixture(family, {0.25, 0.75}, parameter_table(*family, {{0, 1, 1, 2}, {3, 4, 0.5, 0.25}}));
  const Table table{3, {0.5, 1, 2}};
  auto source = table.source();
  const auto p = [](double mean, double deviation, double a, double b) {
    return pdf(boost::math::normal(mean, deviation), 2) * a * std::exp(-0.5 * a) * b * std::exp(-b);
  };
  const double expected = std::log(0.25 * p(0, 1, 1, 2) + 0.75 * p(3, 2, 0.5, 0.25));
  CHECK(close(mixture.log_density(source)[0], expected, round_off(32, expected)));
}

TEST_CASE("product: columns must be used exactly once", "[product]") {
  CHECK(error_of([] { make_product({}); }) == "usage: product: no factors");
  CHECK(error_of([] {
          make_product({{gaussian(1), {0}}, {gaussian(1), {0}}});
        }) == "usage: product: column 0 is used twice");
  CHECK(error_of([] {
          make_product({{gaussian(1), {0}}, {gaussian(1), {2}}});
        }) == "usage: product: column 2 is beyond the columns of all factors");
  CHECK(error_of([] {
          make_product({{gaussian(2), {0}}});
        }) == "usage: product: 'gaussian' models 2 columns, but 1 is given");
}

}  // namespace mixfam
