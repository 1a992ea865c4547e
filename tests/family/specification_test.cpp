#include <mixfam/mixfam.hpp>

#include <optional>
#include <string>
#include <vector>

#include "catch.hpp"
#include "support.hpp"

// The grammar of groups of components, and what is wrong with a text that is none.

namespace mixfam {

namespace {

const std::vector<std::string> three_names = {"height", "count", "kind"};

/// Heights, counts from 0 to 3 and a constant behind.
Table heights_and_counts() { return {3, {0.5, 3, 7, -1, 0, 7, 2, 1, 7}}; }

std::string spec_of_groups(const std::string& spec, std::optional<std::size_t> components = std::nullopt) {
  const Table table = heights_and_counts();
  auto source = table.source();
  return Registry::builtin().make_groups(spec, components, 3, three_names, &source).spec();
}

std::string refusal_of_groups(const std::string& spec, std::optional<std::size_t> components = std::nullopt) {
  return error_of([&] { spec_of_groups(spec, components); });
}

}  // namespace

TEST_CASE("registry: groups of components", "[registry][groups]") {
  const std::string expected = "2 gaussian + 1 exponential";
  for (const char* spec : {"2 gaussian + 1 exponential", "2gaussian+1exponential", " 2  gaussian\t+ 1\texponential ",
                           "2 (gaussian) + 1(exponential)", "002 gaussian + 1 exponential"}) {
    CAPTURE(spec);
    CHECK(spec_of_groups(spec) == expected);
  }
  CHECK(spec_of_groups("gaussian + 1 exponential", 3) == expected);
  CHECK(spec_of_groups("2 gaussian + exponential", 3) == expected);
  CHECK(spec_of_groups("2 gaussian + 1 exponential", 3) == expected);
  CHECK(spec_of_groups("3 gaussian") == "gaussian");
  CHECK(spec_of_groups("gaussian", 3) == "gaussian");
  CHECK(spec_of_groups("1 gaussian + 2 gaussian") == "1 gaussian + 2 gaussian");
  // A sign within a number, or within parentheses, joins no groups.
  CHECK(spec_of_groups("1 gaussian + 1 uniform:lower=-1e+05,upper=1.E+5") ==
        "1 gaussian + 1 uniform:lower=-1e+05,upper=1e+05");
  CHECK(spec_of_groups("1 gaussian:covariance=spherical,variance=1e+2+1exponential") ==
        "1 gaussian:covariance=spherical,variance=100 + 1 exponential");
  CHECK(spec_of_groups("2 (gaussian(height,kind) * poisson(count)) + 1 (exponential(0) * (geometric(1) * "
                       "poisson(0))(kind, count))") ==
        "2 (gaussian(0,2) * poisson(1)) + 1 (exponential(0) * (geometric(1) * poisson(0))(2,1))");
  const std::vector<std::string> plus = {"a+b", "c", "d"};
  CHECK(Registry::builtin().make_groups("1 gaussian(a+b, c, d) + 1 gaussian", std::nullopt, 3, plus).spec() ==
        "1 gaussian(0,1,2) + 1 gaussian");
}

TEST_CASE("registry: groups that cannot be made", "[registry][groups]") {
  const auto family = [](const std::string& spec) { return "usage: family '" + spec + "': "; };
  for (const char* spec :
       {"+", "2 gaussian +", "+ 2 gaussian", "2 gaussian + + 1 exponential", "2", "2 + 1 gaussian", ""}) {
    CAPTURE(spec);
    CHECK(refusal_of_groups(spec).find(family(spec) + "'") == 0);
    CHECK(refusal_of_groups(spec).find("names no family; groups are written as in") != std::string::npos);
  }
  for (const char* spec : {"-1 gaussian", "1.5 gaussian + 1 exponential", "2 3 gaussian", "2 * gaussian", "?"}) {
    CAPTURE(spec);
    CHECK(refusal_of_groups(spec).find("begins with neither a whole number of components nor a family; groups are "
                                       "written as in '3 gaussian + 1 uniform'") != std::string::npos);
  }
  for (const char* spec : {"0 gaussian", "000 gaussian", "1000000000 gaussian", "99999999999999999999999 gaussian"})
    CHECK(refusal_of_groups(spec).find("components (must be at least 1, below 1000000000)") != std::string::npos);
  CHECK(refusal_of_groups("2 gaussian + exponential") ==
        family("2 gaussian + exponential") +
            "how many components of 'exponential'? Write a number before it or give `components`");
  CHECK(refusal_of_groups("gaussian + exponential", 3) ==
        family("gaussian + exponential") + "of its families only one may be without a number of components");
  CHECK(refusal_of_groups("2 gaussian + 1 exponential", 4) ==
        family("2 gaussian + 1 exponential") +
            "its numbers add up to 3, but 4 components are asked for; leave one of the two out");
  CHECK(refusal_of_groups("2 gaussian + exponential", 2) ==
        family("2 gaussian + exponential") + "of 2 components none is left for 'exponential'");
  // Components stand outside of products.
  CHECK(refusal_of_groups("2 (1 gaussian + 1 exponential)").find("as in '3 gaussian + 1 uniform'") !=
        std::string::npos);
  CHECK(refusal_of_groups("2 gaussian 1 exponential").find("as in '3 gaussian + 1 uniform'") != std::string::npos);
  CHECK(refusal_of_groups("2 gaussian + 1 gausian").find("usage: no family 'gausian'") == 0);
  CHECK(refusal_of_groups("1 gaussian + 1 poisson(0)").find("uses 1 of 3 columns") != std::string::npos);
  CHECK(refusal_of_groups("1 gaussian + 1 " + std::string(100000, '(') + "uniform" + std::string(100000, ')')) ==
        "usage: a family of products within products deeper than 32");
}

TEST_CASE("registry: a specification in other words means the same groups", "[registry][groups]") {
  const Registry registry = Registry::builtin();
  const Table table = heights_and_counts();
  auto source = table.source();
  const Groups groups = registry.make_groups("2 (gaussian(height,kind) * poisson(count)) + 1 uniform:lower=-9,upper=9",
                                             std::nullopt, 3, three_names, &source);
  for (const char* same : {"2 (poisson(1) * gaussian(0,2)) + 1 uniform", "(gaussian(0,2)*poisson(count))+1uniform",
                           "2 (gaussian(height,kind) * poisson(1)) + uniform:upper=9,lower=-9"}) {
    CAPTURE(same);
    CHECK(registry.means(same, groups, three_names));
  }
  for (const char* other : {"1 uniform + 2 (gaussian(0,2) * poisson(1))", "3 (gaussian(0,2) * poisson(1))",
                            "1 (gaussian(0,2) * poisson(1)) + 2 uniform", "gaussian(0,2) * poisson(1)",
                            "2 (gaussian(2,0) * poisson(1)) + 1 uniform", "", "2", "+",
                            "2 (gaussian(0,2) * poisson(1)) + 1 uniform:lower=-8,upper=9"}) {
    CAPTURE(other);
    CHECK(!registry.means(other, groups, three_names));
  }
}

TEST_CASE("registry: a uniform family counts where any factor of the mixture does", "[registry][groups][uniform]") {
  const std::string counted = "lower=-1;0;7,upper=2;3;9,whole=0;1;0";
  CHECK(spec_of_groups("1 (gaussian(0,2) * poisson(1)) + 1 uniform:upper=2;3;9") ==
        "1 (gaussian(0,2) * poisson(1)) + 1 uniform:" + counted);
  // Also where that factor stands beside a uniform one, whichever group comes first.
  const std::string mixed = "(uniform:lower=-1,upper=2(0) * poisson(1) * gaussian(2))";
  for (const std::string& spec :
       {"1 " + mixed + " + 1 (gaussian(0,2) * uniform(1))", "1 (gaussian(0,2) * uniform(1)) + 1 " + mixed})
    CHECK(spec_of_groups(spec).find("uniform:lower=0,upper=3,whole=1(1)") != std::string::npos);
  CHECK(spec_of_groups("1 uniform:lower=0;0;0,upper=9,whole=0;1;0 + 1 uniform:upper=2;3;9") ==
        "1 uniform:lower=0,upper=9,whole=0;1;0 + 1 uniform:" + counted);
  // A constant count is the only one of its box.
  const Table table{1, {4, 4, 4}};
  auto source = table.source();
  CHECK(Registry::builtin().make_groups("1 poisson + 1 uniform", std::nullopt, 1, {}, &source).spec() ==
        "1 poisson + 1 uniform:lower=4,upper=4,whole=1");
}

TEST_CASE("registry: a column that no box can hold is named", "[registry][groups][uniform]") {
  CHECK(refusal_of_groups("2 gaussian + 1 uniform")
            .find("usage: family 'uniform': column 2 (\"kind\"): from 7 to 7: its box has no volume; declare a wider "
                  "one") == 0);
  CHECK(refusal_of_groups("2 gaussian + 1 (gaussian(0,1) * uniform(kind))")
            .find("usage: family 'uniform': column 2 (\"kind\"): from 7 to 7") == 0);
}

}  // namespace mixfam
