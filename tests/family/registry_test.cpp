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

TEST_CASE("registry: products within products", "[registry]") {
  const Registry registry = Registry::builtin();
  const std::vector<std::string> names = {"a", "b", "c (cm)", "d*"};
  const auto spec = [&](const std::string& text) { return registry.make(text, 4, names)->spec(); };
  // Numbers within count the columns that follow, names are names.
  const std::string expected = "gaussian(2) * (exponential(1) * poisson(0))(0,3) * gamma(1)";
  CHECK(spec("gaussian(c (cm)) * ( exponential(d*) * poisson(a) ) ( a , d* ) * gamma(b)") == expected);
  CHECK(spec(expected) == expected);
  CHECK(spec("(gaussian(0) * exponential(1,2,3))") == "gaussian(0) * exponential(1,2,3)");
  CHECK(spec("(gaussian:covariance=diagonal)(0,2) * exponential(1,3)") ==
        "gaussian:covariance=diagonal(0,2) * exponential(1,3)");
  CHECK(refusal("gaussian(0) * (exponential(2))(1)", 2) == "usage: no column '2'; there is 1 column, numbered from 0");
  CHECK(refusal("gaussian(0) * (exponential(a))(1)", 2, {"a", "b"}) == "usage: no column 'a'; there is 1 column: b");
  CHECK(refusal("gaussian(0) * (exponential(0))(1,2)", 3) ==
        "usage: family 'exponential(0)' uses 1 of 2 columns; name the others too, or leave them out of the data "
        "(`columns`)");
  CHECK(refusal("gaussian(0) * (exponential(1)", 2) ==
        "usage: family 'gaussian(0) * (exponential(1)': the '(' is not "
        "closed");
  CHECK(refusal("gaussian(0)(1)", 2).find("usage: family 'gaussian(0)(1)': something follows the columns") == 0);
  CHECK(refusal("()", 2).find("usage: family '' does not begin with a name") == 0);
  CHECK(refusal(std::string(100000, '(') + "gaussian" + std::string(100000, ')'), 2) ==
        "usage: a family of products within products deeper than 32");
}

namespace {

/// A specification of each family, in each of its shapes.
const std::vector<std::string> leaves = {"gaussian",
                                         "gaussian:covariance=diagonal",
                                         "gaussian:covariance=spherical,variance=0.25",
                                         "gaussian:covariance=tied",
                                         "log_normal",
                                         "exponential",
                                         "gamma",
                                         "poisson",
                                         "geometric",
                                         "bernoulli",
                                         "binomial:trials=7",
                                         "categorical:categories=0|5..7",
                                         "multinomial:trials=4",
                                         "uniform:lower=-1,upper=2",
                                         "multinomial"};

/// A random specification over `columns` columns, products within products included.
std::string random_spec(Random& random, std::size_t columns, int depth) {
  std::vector<std::size_t> order(columns);
  for (std::size_t j = 0; j < columns; ++j) std::swap(order[j] = j, order[random.below(j + 1)]);
  std::string text;
  for (std::size_t first = 0; first < columns;) {
    const std::size_t count = 1 + random.below(columns - first);
    const bool nested = depth > 0 && random.below(3) == 0;
    text += (text.empty() ? "" : " * ") +
            (nested ? "(" + random_spec(random, count, depth - 1) + ")" : leaves[random.below(leaves.size())]) + "(";
    for (std::size_t j = first; j < first + count; ++j) text += (j == first ? "" : ",") + std::to_string(order[j]);
    text += ")";
    first += count;
  }
  return text;
}

}  // namespace

TEST_CASE("registry: components of several families", "[registry][groups]") {
  const Registry registry = Registry::builtin();
  const auto spec_of = [&](const std::string& spec, std::optional<std::size_t> components, std::size_t columns = 1) {
    const Groups groups = registry.make_groups(spec, components, columns);
    CHECK(registry.means(groups.spec(), groups));
    CHECK(registry.means(spec, groups));
    CHECK(Registry::count_components(spec, components) == groups.components());
    // What it is called makes it again.
    CHECK(registry.make_groups(groups.spec(), groups.components(), columns).spec() == groups.spec());
    return std::to_string(groups.components()) + ": " + groups.spec();
  };
  CHECK(spec_of("gaussian", 3) == "3: gaussian");
  CHECK(spec_of("3 gaussian", std::nullopt) == "3: gaussian");
  CHECK(spec_of("2 gaussian + 1 gamma", std::nullopt) == "3: 2 gaussian + 1 gamma");
  CHECK(spec_of(" 2  gaussian+1 gamma ", 3) == "3: 2 gaussian + 1 gamma");
  CHECK(spec_of("gaussian + 1 gamma", 4) == "4: 3 gaussian + 1 gamma");
  CHECK(spec_of("1 uniform:lower=-1e+05,upper=1e+5 + gaussian", 2) ==
        "2: 1 uniform:lower=-1e+05,upper=1e+05 + 1 gaussian");
  CHECK(spec_of("2 (gaussian(0) * poisson(1)) + 1 (exponential(1)*gamma(0)) + gaussian", 5, 2) ==
        "5: 2 (gaussian(0) * poisson(1)) + 1 (exponential(1) * gamma(0)) + 2 gaussian");
  CHECK(spec_of("2(gaussian(0) * poisson(1)) + gaussian", 3, 2) == "3: 2 (gaussian(0) * poisson(1)) + 1 gaussian");
  // Whole numbers of the others are whole numbers of the box.
  CHECK(spec_of("1 (gaussian(0) * poisson(1)) + 1 uniform:lower=0,upper=9", std::nullopt, 2) ==
        "2: 1 (gaussian(0) * poisson(1)) + 1 uniform:lower=0,upper=9,whole=0;1");

  const Groups groups = registry.make_groups("2 gaussian + 1 gamma", std::nullopt, 1);
  CHECK_FALSE(registry.means("1 gaussian + 2 gamma", groups));
  CHECK_FALSE(registry.means("1 gamma + 2 gaussian", groups));
  CHECK_FALSE(registry.means("gaussian", groups));
  CHECK(registry.means("gaussian:covariance=full + 1 gamma", groups));

  const auto error = [&](const std::string& spec, std::optional<std::size_t> components = std::nullopt) {
    return error_of([&] { registry.make_groups(spec, components, 1); });
  };
  CHECK(error("gaussian") ==
        "usage: family 'gaussian': how many components of 'gaussian'? Write a number before it or "
        "give `components`");
  CHECK(error("gaussian + gamma", 4) ==
        "usage: family 'gaussian + gamma': of its families only one may be without a number of components");
  CHECK(error("2 gaussian + 1 gamma", 4) ==
        "usage: family '2 gaussian + 1 gamma': its numbers add up to 3, but 4 "
        "components are asked for; leave one of the two out");
  CHECK(error("2 gaussian + gamma", 2) ==
        "usage: family '2 gaussian + gamma': of 2 components none is left for 'gamma'");
  CHECK(error("0 gaussian") == "usage: family '0 gaussian': 0 components (must be at least 1, below 1000000000)");
  CHECK(error("2 gaussian +") ==
        "usage: family '2 gaussian +': '' names no family; groups are written as in '3 gaussian "
        "+ 1 uniform'");
  CHECK(error("2 gaussian + 3").find("'3' names no family") != std::string::npos);
  CHECK(error("+", 1).find("names no family") != std::string::npos);
  CHECK(error("99999999999999999999 gaussian").find("must be at least 1, below 1000000000") != std::string::npos);
  CHECK(error("1 gaussian + 1 nosuch").find("no family 'nosuch'") != std::string::npos);
  CHECK(error_of([&] {
          Groups(std::vector<Group>{{registry.make("gaussian", 1), 1}, {registry.make("gaussian", 2), 1}});
        }) ==
        "usage: 'gaussian' models 1 column, but 'gaussian' models 2 (components of one mixture are over the same "
        "columns)");
}

TEST_CASE("registry: the specification of a family makes it again", "[registry]") {
  const Registry registry = Registry::builtin();
  Random random{8};
  for (const RegistryEntry& entry : registry.entries()) {
    INFO(entry.name);
    CHECK(std::any_of(leaves.begin(), leaves.end(),
                      [&](const std::string& leaf) { return leaf.substr(0, leaf.find(':')) == entry.name; }));
  }
  std::size_t nested = 0;
  for (int i = 0; i < 500; ++i) {
    const std::size_t columns = 1 + random.below(6);
    const std::string text = random_spec(random, columns, 3);
    INFO(text);
    const auto family = registry.make(text, columns);
    const auto again = registry.make(family->spec(), columns);
    nested += family->spec().front() == '(' || family->spec().find(" (") != std::string::npos;
    CHECK(again->spec() == family->spec());
    CHECK(again->columns() == columns);
    CHECK(!family->parameters().mismatch(again->parameters()));
    REQUIRE((family->prior() == nullptr) == (again->prior() == nullptr));
    if (family->prior()) CHECK(!family->prior()->hyperparameters().mismatch(again->prior()->hyperparameters()));
    for (std::size_t f = 0; f < family->parameters().fields().size(); ++f)
      CHECK(again->parameters().fields()[f].columns == family->parameters().fields()[f].columns);
    for (std::size_t j = 0; j < columns; ++j) {
      CHECK(again->support(j).rule == family->support(j).rule);
      CHECK(again->factor_of(j).spec() == family->factor_of(j).spec());
    }
  }
  CHECK(nested > 100);
}

TEST_CASE("registry: categories of a product within a product are those of its own columns", "[registry]") {
  const Table table{3, {0, 3, 9, 1, 4, 9, 0, 3, 8}};
  auto source = table.source();
  const auto family =
      Registry::builtin().make("exponential(0) * (categorical(1) * categorical(0))(1,2)", 3, {}, &source);
  CHECK(family->support(1).rule == "one of 2 categories 3, 4");
  CHECK(family->support(2).rule == "one of 2 categories 8, 9");
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
        "(`columns`)");
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
  CHECK(!product->prior());  // one factor without a prior leaves the product without
  Prior prior;
  prior.components = ParameterTable(Registry::builtin().make("exponential", 1)->prior()->hyperparameters(), 1);
  CHECK(error_of([&] { check_prior({product, 2}, prior); }).find("has no conjugate prior") != std::string::npos);
  CHECK(error_of([&] { default_prior(family, 2, source); }) ==
        "usage: 'own_poisson' has no conjugate prior; use `update = ml`");
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
        }) == "usage: family name 'own poisson' (must be letters, digits and underscores, and begin with no digit)");
  CHECK(error_of([&] { registry.add({"", "", {}, make}); }).find("usage: family name ''") == 0);
  CHECK(error_of([&] {
          registry.add({"hollow", "", {}, {}});
        }) == "usage: family 'hollow' is registered without a function");
  CHECK(Registry().entries().empty());
}

TEST_CASE("registry: the specification of groups makes them again", "[registry][groups]") {
  const Registry registry = Registry::builtin();
  Random random{9};
  for (int i = 0; i < 200; ++i) {
    const std::size_t columns = 1 + random.below(4);
    std::string text;
    std::size_t components = 0;
    const std::size_t count = 2 + random.below(3);
    for (std::size_t g = 0; g < count; ++g) {
      const std::size_t number = 1 + random.below(20);
      components += number;
      text += (g == 0 ? "" : " + ") + std::to_string(number) + " (" + random_spec(random, columns, 2) + ")";
    }
    CAPTURE(text);
    const Groups groups = registry.make_groups(text, std::nullopt, columns);
    CHECK(groups.components() == components);
    REQUIRE(groups.size() == count);
    CHECK(registry.make_groups(groups.spec(), components, columns).spec() == groups.spec());
    CHECK(registry.means(text, groups));
    CHECK(registry.means(groups.spec(), groups));
    CHECK(!registry.means(groups.spec() + " + 1 gaussian", groups));
  }
}

TEST_CASE("registry: options of other families may be called as those of uniform are", "[registry]") {
  struct Worded : OwnPoisson {
    std::string spec() const { return "worded:lower=left,upper=right"; }
  };
  Registry registry;
  registry.add({"worded", "", {"lower=WORD", "upper=WORD"}, [](const Shape&) { return make_family(Worded()); }});
  const FamilyPtr family = registry.make("worded:lower=left,upper=right", 1);
  CHECK(registry.means("worded:upper=right,lower=left", *family));
  CHECK_FALSE(registry.means("worded", *Registry::builtin().make("exponential", 1)));
}

}  // namespace mixfam
