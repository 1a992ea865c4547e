#include "catch.hpp"

#include <mixfam/mixfam.hpp>

#include <cmath>
#include <limits>

#include "support.hpp"

namespace mixfam {

namespace {

FamilyPtr uniform(const std::string& options, std::size_t columns = 1) {
  return Registry::builtin().make("uniform:" + options, columns);
}

/// log h of one row.
double log_base_of(const Family& family, const std::vector<double>& row) {
  std::vector<const double*> columns;
  for (const double& value : row) columns.push_back(&value);
  std::vector<double> out(1);
  family.add_log_base({columns.data(), columns.size(), 1}, out);
  return out[0];
}

constexpr double infinity = std::numeric_limits<double>::infinity();

}  // namespace

TEST_CASE("uniform: the density is 1 / volume within the box", "[uniform]") {
  const FamilyPtr box = uniform("lower=0;-1,upper=4;1", 2);
  CHECK(log_base_of(*box, {1, 0.5}) == -std::log(4) - std::log(2));
  CHECK(log_base_of(*box, {0, 1}) == -std::log(4) - std::log(2));  // its border belongs to it
  CHECK(log_base_of(*box, {4.000001, 0}) == -infinity);
  CHECK(log_base_of(*box, {1, -2}) == -infinity);
}

TEST_CASE("uniform: whole numbers are counted", "[uniform]") {
  const FamilyPtr die = uniform("lower=1,upper=6,whole=1");
  CHECK(log_base_of(*die, {6}) == -std::log(6));
  CHECK(die->support(0).integer);
  std::vector<double> draw(1);
  Random random{1};
  const auto sample = die->sampler({});
  std::vector<int> seen(6);
  for (int i = 0; i < 600; ++i) {
    sample(random, draw);
    REQUIRE(draw[0] == std::floor(draw[0]));
    REQUIRE((draw[0] >= 1 && draw[0] <= 6));
    ++seen[static_cast<std::size_t>(draw[0]) - 1];
  }
  // 600 draws, 100 expected of each: five standard deviations of sqrt(600 5 / 36) = 9.1.
  for (const int count : seen) CHECK(std::abs(count - 100) < 46);
}

TEST_CASE("uniform: nothing is estimated", "[uniform]") {
  const FamilyPtr box = uniform("lower=0,upper=2");
  CHECK(box->parameters().size() == 0);
  CHECK(box->statistic_size() == 0);
  CHECK(box->free_parameters(3) == 0);
  REQUIRE(box->prior() != nullptr);
  CHECK(box->prior()->hyperparameters().size() == 0);
  const Table table{1, {0.5, 1, 1.5, 2}};
  auto source = table.source();
  for (const auto update : {Update::ml, Update::map, Update::vb, Update::sampled}) {
    FitOptions options;
    options.update = update;
    options.max_iterations = 3;
    if (update == Update::sampled) options.assignment = Assignment::sampled;
    if (update != Update::ml) options.prior = default_prior(box, 1, source);
    const FitResult result = fit_restarts(box, 1, source, {}, options).best;
    CHECK(result.log_likelihood() == Approx(-4 * std::log(2)).epsilon(1e-15));
    CHECK(result.mixture.weights() == std::vector<double>{1});
  }
}

TEST_CASE("uniform: the box comes from the data, or is declared", "[uniform][registry]") {
  const Table table{2, {3, 0.25, 7, -1, 4, 2}};
  auto source = table.source();
  const Registry registry = Registry::builtin();
  CHECK(registry.make("uniform", 2, {}, &source)->spec() == "uniform:lower=3;-1,upper=7;2");
  CHECK(registry.make("uniform:lower=0", 2, {}, &source)->spec() == "uniform:lower=0,upper=7;2");
  CHECK(registry.make("uniform:lower=0;upper=9", 2)->spec() == "uniform:lower=0,upper=9");
  CHECK(registry.make("uniform:lower=0;1;upper=9;2.5e+100", 2)->spec() == "uniform:lower=0;1,upper=9;2.5e+100");
  CHECK(registry.make("uniform:lower=0;1,upper=9;2.5e+100", 2)->spec() == "uniform:lower=0;1,upper=9;2.5e+100");
  const std::vector<double> weights{1, 0, 1};
  auto weighted = table.source(weights);
  CHECK(registry.make("uniform", 2, {}, &weighted)->spec() == "uniform:lower=3;0.25,upper=4;2");
}

TEST_CASE("uniform: what no box can be made of is refused", "[uniform][registry]") {
  const auto error = [](const std::string& options, std::size_t columns = 1) {
    return error_of([&] { uniform(options, columns); });
  };
  CHECK(error("lower=0") ==
        "usage: family 'uniform': its box is not known: it comes from data, or is declared as in "
        "uniform:lower=0,upper=1");
  CHECK(error("lower=1,upper=1") ==
        "usage: family 'uniform': column 0: from 1 to 1: its box has no volume; declare a wider one, "
        "as in uniform:lower=0,upper=1");
  CHECK(error("lower=x,upper=1") ==
        "usage: family 'uniform': lower=x: 'x' is not a finite number; separate those of "
        "several columns by ';'");
  CHECK(error("lower=0;0;0,upper=1", 2) == "usage: family 'uniform': lower=0;0;0 is for 3 columns, but it has 2");
  CHECK(error("lower=0.5,upper=3,whole=1") ==
        "usage: family 'uniform': column 0: from 0.5 to 3: a column of whole numbers needs whole bounds");
  CHECK(error("lower=-1e308,upper=1e308").find("its box has no volume") != std::string::npos);
}

}  // namespace mixfam
