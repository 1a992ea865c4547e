#include <mixfam/exponential_family.hpp>

#include <cmath>

#include "catch.hpp"
#include "laws.hpp"
#include "support.hpp"

namespace mixfam {

namespace {

/// A family that the library does not know: Poisson, p(x | mean) = mean^x exp(-mean) / x!, written as formulas only.
class OwnPoisson {
 public:
  std::string spec() const { return "own_poisson"; }
  std::size_t columns() const { return 1; }
  std::size_t statistic_size() const { return 2; }
  Schema parameters() const { return {{{"mean", {}, Domain::positive}}}; }
  Support support(std::size_t) const {
    return {"whole x >= 0", 0, std::numeric_limits<double>::infinity(), false, true};
  }
  void statistic(const Block& x, MatrixView T) const {
    for (std::size_t n = 0; n < x.rows; ++n) {
      T(n, 0) = 1;
      T(n, 1) = x.column(0)[n];
    }
  }
  void add_log_base(const Block& x, VectorView out) const {
    for (std::size_t n = 0; n < x.rows; ++n) out[n] -= std::lgamma(x.column(0)[n] + 1);
  }
  void coefficients(ConstVectorView theta, VectorView c) const {
    c[0] = -theta[0];
    c[1] = std::log(theta[0]);
  }
  void mean(ConstVectorView theta, VectorView s) const {
    s[0] = 1;
    s[1] = theta[0];
  }
  std::optional<std::string> mle(ConstVectorView s, VectorView theta) const {
    if (!(s[1] > 0)) return "all its counts are 0";
    theta[0] = s[1] / s[0];
    return std::nullopt;
  }
  void sample(ConstVectorView theta, Random& random, VectorView x) const {  // arrivals until time 1
    x[0] = 0;
    for (double time = random.exponential(theta[0]); time < 1; time += random.exponential(theta[0])) ++x[0];
  }
};

Registry with_own() {
  Registry registry = Registry::builtin();
  registry.add({"own_poisson", "counts", {"unused=1|2"}, [](const Shape&) { return make_family(OwnPoisson()); }});
  return registry;
}

std::string refusal(const std::string& spec, std::size_t columns, const std::vector<std::string>& names = {}) {
  return error_of([&] { Registry::builtin().make(spec, columns, names); });
}

}  // namespace

TEST_CASE("registry: specifications", "[registry]") {
  const Registry registry = Registry::builtin();
  const std::vector<std::string> names = {"height", "width", "age"};
  CHECK(registry.make("gaussian", 3)->columns() == 3);
  CHECK(registry.make(" gaussian ", 3)->columns() == 3);
  CHECK(registry.make("gaussian:covariance=full", 2)->spec() == "gaussian");
  CHECK(registry.make("gaussian(0,1)*exponential(2)", 3)->spec() == "gaussian(0,1) * exponential(2)");
  CHECK(registry.make("exponential ( age ) * gaussian( height , width )", 3, names)->spec() ==
        "exponential(2) * gaussian(0,1)");
  CHECK(registry.make("gaussian:covariance=full(height,2) * exponential(width)", 3, names)->columns() == 3);
  CHECK(registry.make("exponential(1,0)", 2)->columns() == 2);
  std::vector<std::string> known;
  for (const RegistryEntry& entry : registry.entries()) {
    known.push_back(entry.name);
    CHECK(!entry.summary.empty());
    CHECK(registry.make(entry.example.empty() ? entry.name : entry.example, 2)->columns() == 2);
  }
  CHECK(std::find(known.begin(), known.end(), "gaussian") != known.end());
  CHECK(std::find(known.begin(), known.end(), "exponential") != known.end());
}

TEST_CASE("registry: what is wrong with a specification", "[registry]") {
  CHECK(refusal("gausian", 2).find("usage: no family 'gausian'; there are: ") == 0);
  CHECK(refusal("", 2).find("usage: family '' does not begin with a name") == 0);
  CHECK(refusal("gaussian(0,1) *", 2).find("usage: family '' does not begin with a name") == 0);
  CHECK(refusal("gaussian *", 2).find("usage: ") == 0);
  CHECK(refusal("gaussian(0,1", 2) == "usage: family 'gaussian(0,1': the '(' is not closed");
  CHECK(refusal("gaussian(0) * exponential", 2) ==
        "usage: family 'exponential' is one of several factors and must name its columns: 'exponential(column, ..)'");
  CHECK(refusal("gaussian(0,2)", 2) == "usage: no column '2'; there are 2 columns, numbered from 0");
  CHECK(refusal("gaussian(0,age)", 2, {"a", "b"}) == "usage: no column 'age'; there are 2 columns: a, b");
  CHECK(refusal("gaussian()", 2) == "usage: no column ''; there are 2 columns, numbered from 0");
  CHECK(refusal("gaussian(-1)", 2).find("usage: no column '-1'") == 0);
  CHECK(refusal("gaussian(99999999999999999999)", 2).find("usage: no column '99999999999999999999'") == 0);
  CHECK(refusal("gaussian(0,0)", 2) == "usage: product: column 0 is used twice");
  CHECK(refusal("gaussian(0) * exponential(0)", 2) == "usage: product: column 0 is used twice");
  CHECK(refusal("gaussian(0)", 2) ==
        "usage: family 'gaussian(0)' uses 1 of 2 columns; name the others too, or leave them out of the data "
        "(columns)");
  CHECK(refusal("gaussian:shape=full", 2) ==
        "usage: family 'gaussian' has no option 'shape'; it has: covariance=full|diagonal|spherical|tied, "
        "variance=V, known, of covariance=spherical");
  CHECK(refusal("exponential:rate=1", 2) == "usage: family 'exponential' has no option 'rate'; it has none");
  CHECK(refusal("gaussian:covariance", 2) ==
        "usage: family 'gaussian:covariance': the option 'covariance' is not of the form key=value");
  CHECK(refusal("gaussian:covariance=full,covariance=full", 2) ==
        "usage: family 'gaussian:covariance=full,covariance=full': the option 'covariance' is given twice");
}

TEST_CASE("registry: an option's value is checked too", "[registry]") {
  CHECK(refusal("gaussian:covariance=bananas", 2).find("usage: ") == 0);
  CHECK(refusal("gaussian:covariance=", 2).find("usage: ") == 0);
}

TEST_CASE("registry: a family of one's own", "[registry]") {
  const Registry registry = with_own();
  CHECK(registry.entries().size() == Registry::builtin().entries().size() + 1);
  CHECK(refusal("own_poisson", 1).find("usage: no family 'own_poisson'") == 0);  // the built-in table is untouched

  const auto family = registry.make("own_poisson", 1);
  const Table table{1, {0, 1, 0, 2, 9, 12, 8, 1}};
  auto source = table.source();
  const FitResult result = fit(initialize(family, 2, source), source);
  CHECK(result.verdict == Verdict::converged);

  const auto product = registry.make("own_poisson(1) * exponential(0)", 2);
  CHECK(product->parameters().fields()[0].name == "own_poisson/mean");
  CHECK(product->hyperparameters().empty());  // one factor without a prior leaves the product without
  Prior prior;
  prior.components = ParameterTable(Registry::builtin().make("exponential", 1)->hyperparameters(), 1);
  CHECK(error_of([&] { check_prior(*product, 2, prior); }).find("has no conjugate prior") != std::string::npos);
  CHECK(error_of([&] { default_prior(family, 2, source); }) ==
        "usage: 'own_poisson' has no conjugate prior; use maximum likelihood");
}

TEST_CASE("registry: laws of a family of one's own", "[laws][registry]") {
  LawOptions options;
  options.cases = 300;
  options.parameters = [](Random& random) { return std::vector{log_uniform(random, 0.1, 50)}; };
  CHECK(check_laws(with_own().make("own_poisson", 1), options) > 3000);
}

TEST_CASE("registry: names", "[registry]") {
  Registry registry = with_own();
  const auto make = [](const Shape&) { return make_family(OwnPoisson()); };
  CHECK(error_of([&] {
          registry.add({"own_poisson", "", {}, make});
        }) == "usage: a family 'own_poisson' is registered already");
  CHECK(error_of([&] {
          registry.add({"own poisson", "", {}, make});
        }) == "usage: family name 'own poisson' (must be letters, digits and underscores)");
  CHECK(error_of([&] { registry.add({"", "", {}, make}); }).find("usage: family name ''") == 0);
  CHECK(Registry().entries().empty());
}

}  // namespace mixfam
