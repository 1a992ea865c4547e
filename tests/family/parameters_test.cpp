#include <cmath>
#include <utility>

#include "catch.hpp"
#include "support.hpp"

namespace mixfam {

namespace {

Schema everything() {
  return {{{"location", {2}, Domain::real},
           {"rate", {}, Domain::positive},
           {"kappa", {}, Domain::nonnegative},
           {"chance", {}, Domain::probability},
           {"categories", {2, 3}, Domain::probabilities},
           {"covariance", {2, 2}, Domain::covariance, MatrixForm::dense, 2},
           {"variances", {2}, Domain::covariance, MatrixForm::diagonal, 2},
           {"scatter", {2, 2}, Domain::scatter, MatrixForm::dense, 2}}};
}

std::vector<double> valid() { return {-1, 1e300, 0.5, 0, 1, 0.2, 0.3, 0.5, 1, 0, 0, 2, 1, 1, 2, 0.1, 3, 0, 0, 0, 0}; }

std::string broken(std::size_t i, double value) {
  auto values = valid();
  values[i] = value;
  return everything().check(values).value_or("");
}

}  // namespace

TEST_CASE("schema: places and sizes", "[parameters]") {
  const Schema schema = everything();
  CHECK(schema.size() == 21);
  CHECK(schema.offset(*schema.find("categories")) == 5);
  CHECK(schema.offset(*schema.find("scatter")) == 17);
  CHECK(!schema.find("nothing"));
  // location 2, rate 1, kappa 1, chance 1, categories 2 x (3 - 1), covariance 3, variances 2, scatter 4
  CHECK(schema.free_values() == 2 + 1 + 1 + 1 + 4 + 3 + 2 + 4);
  CHECK(Schema().empty());
  CHECK(Schema().size() == 0);
}

TEST_CASE("schema: each domain says what it wants", "[parameters]") {
  CHECK(!everything().check(valid()));
  CHECK(broken(0, NAN) == "location[0] = nan (must be finite)");
  CHECK(broken(1, INFINITY) == "location[1] = inf (must be finite)");
  CHECK(broken(2, 0) == "rate = 0 (must be > 0)");
  CHECK(broken(2, -1) == "rate = -1 (must be > 0)");
  CHECK(broken(3, -1e-9) == "kappa = -1e-09 (must be >= 0)");
  CHECK(broken(4, 1.5) == "chance = 1.5 (must be in [0, 1])");
  CHECK(broken(6, 0.4) == "categories[0] and the entries after it sum to 1.1 (must be 1)");
  CHECK(broken(9, -0.5) == "categories[4] = -0.5 (must be in [0, 1])");
  CHECK(broken(12, 0.5) == "covariance is not symmetric: entry (1, 0) is 1 and its mirror 0.5");
  CHECK(broken(11, 0.5) == "covariance is not positive definite");
  CHECK(broken(11, -2) == "covariance has the diagonal entry -2 (must be >= 0)");
  CHECK(broken(15, 0) == "variances[0] = 0 (must be > 0)");
  CHECK(broken(20, -1) == "scatter has the diagonal entry -1 (must be >= 0)");
}

TEST_CASE("schema: a scatter matrix must be positive semidefinite", "[parameters]") {
  const Schema schema({{"scatter", {2, 2}, Domain::scatter, MatrixForm::dense, 2}});
  CHECK(!schema.check(std::vector<double>{1, 1, 1, 1}));  // singular is allowed
  CHECK(!schema.check(std::vector<double>{0, 0, 0, 0}));
  CHECK(schema.check(std::vector<double>{1, 2, 2, 1}));  // eigenvalues 3 and -1
  CHECK(schema.check(std::vector<double>{0, 1, 1, 1}));
}

TEST_CASE("parameter table: rows and fields", "[parameters]") {
  ParameterTable table({{{"mean", {2}, Domain::real}, {"rate", {}, Domain::positive}}}, 3);
  table.field(1, "mean")[1] = 4;
  table.field(2, "rate")[0] = 5;
  CHECK(table.components() == 3);
  CHECK(to_vector(table.row(1)) == std::vector<double>{0, 4, 0});
  CHECK(table.view()(2, 2) == 5);
  CHECK(std::as_const(table).field(2, "rate")[0] == 5);
  CHECK(error_of([&] { table.field(0, "scale"); }) == "usage: no parameter 'scale'; there are: mean, rate");
}

TEST_CASE("parameter table: a component that is not there is refused", "[parameters]") {
  ParameterTable table({{{"rate", {}, Domain::positive}}}, 2);
  const auto expected = [](const std::string& k) { return "usage: no component " + k + " in a table of 2 components"; };
  CHECK(error_of([&] { table.field(7, "rate"); }) == expected("7"));
  CHECK(error_of([&] { std::as_const(table).field(2, "rate"); }) == expected("2"));
  CHECK(error_of([&] { table.row(2); }) == expected("2"));
  CHECK(error_of([&] { std::as_const(table).row(static_cast<std::size_t>(-1)); }) == expected("18446744073709551615"));
  CHECK(error_of([] { ParameterTable().row(0); }) == "usage: no component 0 in a table of 0 components");
}

TEST_CASE("schema: where two differ", "[parameters]") {
  const Schema needed({{"mean", {2}, Domain::real}, {"rate", {}, Domain::positive}});
  CHECK(!needed.mismatch(needed));
  CHECK(needed.mismatch({{{"mean", {2}, Domain::real}, {"scale", {}, Domain::positive}}}) ==
        "'scale' where 'rate' is needed");
  CHECK(needed.mismatch({{{"mean", {2, 1}, Domain::real}, {"rate", {}, Domain::positive}}}) ==
        "'mean' [2] [1] where 'mean' [2] is needed");
  CHECK(needed.mismatch({{{"mean", {2}, Domain::real}}}) == "nothing where 'rate' is needed");
  CHECK(Schema().mismatch(needed) == "'mean' [2] where nothing is needed");
}

TEST_CASE("support: what lies inside", "[parameters]") {
  const Support half{"x >= 0", 0, INFINITY};
  CHECK(half.contains(0));
  CHECK(half.contains(1e308));
  CHECK(!half.contains(-1e-300));
  CHECK(!half.contains(INFINITY));
  CHECK(!half.contains(NAN));
  const Support open{"0 < x < 1", 0, 1, true};
  CHECK(!open.contains(0));
  CHECK(!open.contains(1));
  CHECK(open.contains(5e-324));
  const Support counts{"whole x in 0 .. 3", 0, 3, false, true};
  CHECK(counts.contains(3));
  CHECK(!counts.contains(2.5));
  CHECK(!counts.contains(4));
}

}  // namespace mixfam
