#include "catch.hpp"

#include <mixfam/mixfam.hpp>

#include <cmath>
#include <limits>
#include <vector>

#include "family/total_statistics.hpp"
#include "inference/reseed.hpp"
#include "support.hpp"
#include "tolerance.hpp"

// A row of weight 0 is as if it were not there, whatever it holds. Who breaks this: a pass that multiplies what such a
// row holds by 0 (lib/data/blocks.cpp takes it out for all sums), or a draw of rows that does not look at the weights.

namespace mixfam {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

struct Case {
  std::string spec;
  double (*draw)(Random&, std::size_t component, std::size_t column);
};

double real(Random& random, std::size_t k, std::size_t) { return random.normal() + 3 * static_cast<double>(k); }
double positive(Random& random, std::size_t k, std::size_t) { return random.gamma(2, k == 0 ? 1 : 0.1); }
double count(Random& random, std::size_t k, std::size_t) { return std::floor(random.exponential(k == 0 ? 1 : 0.1)); }
double binary(Random& random, std::size_t k, std::size_t) { return random.uniform() < (k == 0 ? 0.2 : 0.7) ? 1 : 0; }
double up_to_five(Random& random, std::size_t k, std::size_t) {
  double sum = 0;
  for (int i = 0; i < 5; ++i) sum += binary(random, k, 0);
  return sum;
}
double category(Random& random, std::size_t k, std::size_t) {
  return std::floor(3 * std::pow(random.uniform(), k == 0 ? 2.0 : 0.5));
}

const std::vector<Case>& cases() {
  static const std::vector<Case> all = {
      {"gaussian", real},
      {"gaussian:covariance=diagonal", real},
      {"gaussian:covariance=spherical", real},
      {"gaussian:covariance=tied", real},
      {"log_normal", positive},
      {"exponential", positive},
      {"gamma", positive},
      {"poisson", count},
      {"geometric", count},
      {"bernoulli", binary},
      {"binomial:trials=5", up_to_five},
      {"categorical:categories=3", category},
      {"multinomial:trials=5", up_to_five},
      {"gaussian(0) * exponential(1)", positive},
  };
  return all;
}

/// Rows of two columns from two components, in turn.
Table rows_of(const Case& one, std::size_t rows) {
  Random random{7, rows};
  Table table{2, {}};
  for (std::size_t n = 0; n < rows; ++n) {
    for (std::size_t j = 0; j < 2; ++j) table.values.push_back(one.draw(random, n % 2, j));
    if (one.spec == "multinomial:trials=5") table.values[2 * n + 1] = 5 - table.values[2 * n];
  }
  return table;
}

struct Removal {
  Table table;
  std::vector<double> weights;
  MemorySource source() const { return table.source(weights); }
};

/// The rows with others between them and a whole block of others before them, all of weight 0.
Removal with_removed_rows(const Table& table, double junk) {
  Removal result{{table.columns, {}}, {}};
  const auto remove = [&] {
    result.table.values.insert(result.table.values.end(), table.columns, junk);
    result.weights.push_back(0);
  };
  for (int i = 0; i < 300; ++i) remove();
  for (std::size_t n = 0; n < table.rows(); ++n) {
    for (std::size_t j = 0; j < table.columns; ++j) result.table.values.push_back(table(n, j));
    result.weights.push_back(1);
    if (n % 3 == 0) remove();
  }
  return result;
}

/// Sums in another order, through the iterations of a fit.
Tolerance reordered(double scale) { return stated(1e-9, scale); }

void check_same_fit(const FitResult& a, const FitResult& b) {
  REQUIRE(a.trace.size() == b.trace.size());
  for (std::size_t t = 0; t < a.trace.size(); ++t)
    CHECK(close(a.trace[t].objective, b.trace[t].objective, reordered(std::abs(b.trace[t].objective) + 1)));
  for (std::size_t k = 0; k < a.mixture.components(); ++k) {
    const auto one = a.mixture.parameters().row(k), other = b.mixture.parameters().row(k);
    for (std::size_t i = 0; i < one.size(); ++i) CHECK(close(one[i], other[i], reordered(std::abs(other[i]) + 1)));
  }
}

}  // namespace

TEST_CASE("removed rows: a fit with them is the fit without them", "[weights]") {
  for (const Case& one : cases()) {
    const Table table = rows_of(one, 400);
    auto source = table.source();
    const FamilyPtr family = Registry::builtin().make(one.spec, 2);
    const Mixture start = initialize(family, 2, source);
    for (const double junk : {nan, -7.5, std::numeric_limits<double>::infinity()}) {
      const Removal removal = with_removed_rows(table, junk);
      auto removed = removal.source();
      for (const Update update : {Update::ml, Update::map, Update::vb, Update::sampled}) {
        INFO(one.spec << ", " << to_string(update) << ", " << junk);
        FitOptions options;
        options.update = update;
        options.tolerance = 0;
        options.max_iterations = 5;
        FitOptions plain = options;
        if (update != Update::ml) {
          if (!family->prior()) continue;
          options.prior = default_prior(family, 2, removed);
          plain.prior = default_prior(family, 2, source);
        }
        check_same_fit(fit(start, removed, options), fit(start, source, plain));
      }
    }
  }
}

TEST_CASE("removed rows: other methods", "[weights]") {
  const Table table = rows_of(cases().front(), 400);
  auto source = table.source();
  const FamilyPtr family = Registry::builtin().make("gaussian", 2);
  const Mixture start = initialize(family, 2, source);
  FitOptions options;
  options.tolerance = 0;
  options.max_iterations = 5;

  SECTION("hard assignment") { options.assignment = Assignment::hard; }
  SECTION("annealing") { options.temperature = 2; }
  SECTION("acceleration") { options.accelerate = Acceleration::anderson; }
  SECTION("verified trace") { options.verify = true; }
  const Removal removal = with_removed_rows(table, nan);
  auto removed = removal.source();
  check_same_fit(fit(start, removed, options), fit(start, source, options));
}

TEST_CASE("removed rows: in batches", "[weights]") {
  const Table table = rows_of(cases().front(), 400);
  auto source = table.source();
  const Mixture start = initialize(Registry::builtin().make("gaussian", 2), 2, source);
  Table longer = table;
  longer.values.insert(longer.values.end(), 2 * 150, nan);
  std::vector<double> weights(400, 1);
  weights.resize(550, 0);
  auto removed = longer.source(weights);
  FitOptions options;
  options.batch_rows = 50;  // so that the rows fill their batches
  options.max_iterations = 5;
  check_same_fit(fit(start, removed, options), fit(start, source, options));

  // Whole blocks of them in front and between.
  Table blocks{2, {}};
  std::vector<double> zeros_and_ones;
  for (const std::size_t first : {std::size_t{0}, std::size_t{250}}) {
    blocks.values.insert(blocks.values.end(), 2 * 1100, nan);
    zeros_and_ones.insert(zeros_and_ones.end(), 1100, 0);
    const std::size_t end = first == 0 ? 250 : 400;
    blocks.values.insert(blocks.values.end(), table.values.begin() + static_cast<std::ptrdiff_t>(2 * first),
                         table.values.begin() + static_cast<std::ptrdiff_t>(2 * end));
    zeros_and_ones.insert(zeros_and_ones.end(), end - first, 1);
  }
  auto in_blocks = blocks.source(zeros_and_ones);
  check_same_fit(fit(start, in_blocks, options), fit(start, source, options));
}

TEST_CASE("removed rows: responsibilities to begin with", "[weights]") {
  const Table table{1, {0, 1, nan, 2, 10, 12, 14}};
  const std::vector<double> weights = {1, 1, 0, 1, 1, 1, 1};
  const std::vector<double> R = {1, 0, 1, 0, nan, nan, 1, 0, 0, 1, 0, 1, 0, 1};
  auto source = table.source(weights);
  const FamilyPtr family = Registry::builtin().make("gaussian", 1);
  FitOptions options;
  options.max_iterations = 0;
  const FitResult result = fit_responsibilities(family, ConstMatrixView::row_major(R.data(), 7, 2), source, options);
  CHECK(close(result.mixture.parameters().field(0, "mean")[0], 1, round_off(16, 14)));
  CHECK(close(result.mixture.parameters().field(1, "mean")[0], 12, round_off(16, 14)));
}

TEST_CASE("removed rows: bytes that are no zeros and ones", "[weights]") {
  // The kernels of bernoulli index tables by the bytes themselves.
  const Table table = rows_of({"bernoulli", binary}, 600);
  std::vector<std::uint8_t> bytes(table.values.begin(), table.values.end());
  std::vector<double> weights(600, 1);
  Table kept{2, {}};
  for (std::size_t n = 0; n < 600; ++n) {
    if (n % 5 == 0) {
      weights[n] = 0;
      bytes[2 * n] = bytes[2 * n + 1] = 255;
    } else {
      kept.values.insert(kept.values.end(), {table(n, 0), table(n, 1)});
    }
  }
  MemorySource removed(BasicMatrixView<const std::uint8_t>::row_major(bytes.data(), 600, 2), weights);
  auto source = kept.source();
  const Mixture start = initialize(Registry::builtin().make("bernoulli", 2), 2, source);
  FitOptions options;
  options.tolerance = 0;
  options.max_iterations = 5;
  check_same_fit(fit(start, removed, options), fit(start, source, options));
}

TEST_CASE("removed rows: categories are not looked for in them", "[weights]") {
  const Table table{1, {0, 2, -1, 2, 7.5, 4}};
  const std::vector<double> weights = {1, 1, 0, 1, 0, 1};
  auto source = table.source(weights);
  CHECK(Registry::builtin().make("categorical", 1, {}, &source)->spec() == "categorical:categories=0|2|4");
  const std::vector<double> none(6, 0);
  auto nothing = table.source(none);
  CHECK(error_of([&] { Registry::builtin().make("categorical", 1, {}, &nothing); }) ==
        "data: data: all row weights are 0 (there must be a row to fit)");
}

TEST_CASE("removed rows: merging leaves them out", "[weights]") {
  const Table table{1, {1, nan, 2, 1, 9}};
  const std::vector<double> weights = {1, 0, 2, 3, 0};
  auto source = table.source(weights);
  MergedSource merged(source);
  REQUIRE(merged.rows() == 2);
  CHECK(merged.row_number(1) == 2);
}

TEST_CASE("removed rows: scores are of every row", "[weights]") {
  const Table table{1, {1, 2, 3}};
  const std::vector<double> weights = {1, 0, 1};
  auto source = table.source();
  auto weighted = table.source(weights);
  const FamilyPtr family = Registry::builtin().make("gaussian", 1);
  const Mixture mixture(family, {0.5, 0.5}, parameter_table(*family, {{1, 1}, {3, 1}}));
  CHECK(mixture.log_density(weighted) == mixture.log_density(source));
  CHECK(mixture.responsibilities(weighted) == mixture.responsibilities(source));
  const Table bad{1, {1, nan, 3}};
  auto bad_source = bad.source(weights);
  CHECK(error_of([&] { mixture.log_density(bad_source); }).find("data row 1") != std::string::npos);
}

TEST_CASE("removed rows: the message names the row that counts", "[weights]") {
  const Table table{1, {5, 1, nan, 2}};
  const std::vector<double> weights = {0, 1, 1, 1};
  auto source = table.source(weights);
  const std::string error = error_of([&] { initialize(Registry::builtin().make("exponential", 1), 1, source); });
  CHECK(error.find("data row 2") != std::string::npos);
}

TEST_CASE("removed rows: no component begins anew at one", "[weights]") {
  Table table{1, {}};
  std::vector<double> weights;
  Random random{3};
  for (int n = 0; n < 100; ++n) {
    table.values.push_back(random.normal());
    weights.push_back(1);
    table.values.push_back(1e6);
    weights.push_back(0);
  }
  auto source = table.source(weights);
  const FamilyPtr family = Registry::builtin().make("gaussian", 1);
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    std::size_t reseeds = 0;
    Repairer repairer(source, DegeneratePolicy::reseed, reseeds);
    Statistics statistics = total_statistics({family, 1}, source);
    UpdateRule rule{Update::ml, {}, seed, 0};
    Groups groups(family, 1);
    UpdateResult result = update(groups, statistics, rule);
    result.degenerate = {{0, "as if"}};
    REQUIRE(repairer.repair(result, groups, statistics, rule, nullptr));
    CHECK(std::abs(result.theta.row(0)[0]) < 10);
  }
}

TEST_CASE("removed rows: the start sees all others", "[initialize][weights]") {
  // 40 rows of 200 000 count, far fewer than a sample of the rows would hold.
  Random random{5};
  Table table{1, {}};
  Table kept{1, {}};
  std::vector<double> weights;
  for (std::size_t n = 0; n < 200'000; ++n) {
    const bool counts = n % 5000 == 17;
    const double x = random.normal() + (n / 5000 % 2 == 0 ? 0 : 20);
    table.values.push_back(counts ? x : nan);
    if (counts) kept.values.push_back(x);
    weights.push_back(counts ? 1 : 0);
  }
  auto removed = table.source(weights);
  auto source = kept.source();
  const FamilyPtr family = Registry::builtin().make("gaussian", 1);
  for (std::uint64_t seed = 0; seed < 6; ++seed)
    for (const auto kind : {Start::kmeans_plus_plus, Start::random_rows}) {
      const double one = fit_restarts(family, 2, removed, {kind, 1, seed, {}}).best.log_likelihood();
      const double other = fit_restarts(family, 2, source, {kind, 1, seed, {}}).best.log_likelihood();
      CHECK(close(one, other, reordered(std::abs(other))));
    }
}

}  // namespace mixfam
