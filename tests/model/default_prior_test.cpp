#include "catch.hpp"

#include <mixfam/mixfam.hpp>

#include <cmath>
#include <string>
#include <vector>

#include "laws.hpp"
#include "support.hpp"
#include "tolerance.hpp"

// The default prior is proper whatever the data: with it every method goes through on data that maximum likelihood
// finds degenerate.

namespace mixfam {
namespace {

struct SingularData {
  std::string name;
  Table table;
  std::size_t most_components;
};

/// Rows by a formula of the row's number and of random numbers.
template <class Row>
Table rows_by(std::size_t rows, std::size_t columns, Row row) {
  Random random{20260801};
  Table table{columns, {}};
  for (std::size_t n = 0; n < rows; ++n) {
    const std::vector<double> values = row(random);
    table.values.insert(table.values.end(), values.begin(), values.end());
  }
  return table;
}

/// Numbers > 0, so that every family of real numbers can have them.
std::vector<SingularData> real_data() {
  const auto positive = [](Random& random) { return 1 + 5 * random.uniform(); };
  return {
      {"a constant column",
       rows_by(40, 3,
               [&](Random& random) {
                 return std::vector{positive(random), 0.1, positive(random)};
               }),
       5},
      {"constant far from 0",
       rows_by(40, 2,
               [&](Random& random) {
                 return std::vector{positive(random), 123456789.1};
               }),
       5},
      {"two columns the same",
       rows_by(40, 3,
               [&](Random& random) {
                 const double a = positive(random);
                 return std::vector{a, positive(random), a};
               }),
       5},
      {"a combination of two",
       rows_by(40, 3,
               [&](Random& random) {
                 const double a = positive(random);
                 const double b = positive(random);
                 return std::vector{a, 1000 * b, 30 + a - 2 * b};
               }),
       5},
      {"collinear at 1e6",
       rows_by(40, 2,
               [&](Random& random) {
                 const double a = 1e6 + positive(random);
                 return std::vector{a, 3 * a};
               }),
       5},
      {"fewer rows than columns",
       rows_by(6, 8,
               [&](Random& random) {
                 std::vector<double> row;
                 for (int j = 0; j < 8; ++j) row.push_back(positive(random));
                 return row;
               }),
       5},
      {"one row", {3, {0.5, 2, 8}}, 1},
      {"equal rows", {2, {0.3, 7, 0.3, 7, 0.3, 7}}, 1},
      {"differences in the last digits", {1, {1, 1 + 1e-15, 1 + 2e-15, 1 + 1e-15}}, 2},
  };
}

/// Whole numbers >= 0 with columns that are always 0, as images have at their edges.
std::vector<SingularData> count_data() {
  return {
      {"dead pixels",
       rows_by(60, 8,
               [](Random& random) {
                 std::vector<double> row(8);
                 for (std::size_t j = 1; j < 6; ++j) row[j] = static_cast<double>(random.below(17));
                 row[7] = random.below(20) == 0 ? 1 : 0;
                 return row;
               }),
       5},
      {"zeros only", {2, {0, 0, 0, 0, 0, 0}}, 1},
      {"one row of a zero", {1, {0}}, 1},
  };
}

struct Method {
  Update update;
  Assignment assignment;
  double temperature = 1;
};

std::vector<Method> methods() {
  std::vector<Method> result;
  for (const Update update : {Update::map, Update::vb, Update::sampled}) {
    for (const Assignment assignment : {Assignment::soft, Assignment::hard, Assignment::sampled})
      result.push_back({update, assignment});
    result.push_back({update, Assignment::soft, 3});
  }
  return result;
}

void check_method(const FamilyPtr& family, std::size_t components, Source& source, Start start, const Method& method) {
  INFO(to_string(method.update) << ", " << to_string(method.assignment) << ", temperature " << method.temperature
                                << ", K = " << components);
  FitOptions options;
  options.update = method.update;
  options.assignment = method.assignment;
  options.temperature = method.temperature;
  options.max_iterations = 15;
  options.prior = default_prior(family, components, source);
  RestartsOptions restarts;
  restarts.start = start;
  const FitResult result = fit_restarts(family, components, source, restarts, options).best;
  INFO(result.message);
  CHECK((result.verdict == Verdict::converged || result.verdict == Verdict::max_iterations));
  for (const TraceEntry& entry : result.trace) {
    CHECK(std::isfinite(entry.objective));
    CHECK(std::abs(entry.objective) < 1e9);
  }
  const Mixture& mixture = result.mixture;
  for (std::size_t k = 0; k < components; ++k) CHECK(!mixture.parameters().schema().check(mixture.parameters().row(k)));
  REQUIRE(result.posterior);
  CHECK(family->prior()->log_partition(result.posterior->hyperparameters.view()));
}

void check_all(const std::string& spec, const std::vector<SingularData>& data) {
  std::size_t combination = 0;
  for (const SingularData& one : data) {
    const FamilyPtr family = Registry::builtin().make(spec, one.table.columns);
    INFO(spec << ", " << one.name);
    MemorySource source = one.table.source();
    for (const std::size_t components : {1, 2, 3, 5})
      for (const Start start : {Start::kmeans_plus_plus, Start::random_rows})
        for (const Method& method : methods())
          if (components <= one.most_components && combination++ % combination_stride == 0)
            check_method(family, components, source, start, method);
  }
}

/// psi0 of the default prior for two components.
std::vector<double> psi0_of(const std::string& structure, const Table& table) {
  const FamilyPtr family = Registry::builtin().make("gaussian:covariance=" + structure, table.columns);
  MemorySource source = table.source();
  return to_vector(default_prior(family, 2, source).components->field(0, "psi0"));
}

}  // namespace

TEST_CASE("default prior: gaussians go through on singular data", "[prior][degenerate]") {
  for (const std::string structure : {"full", "diagonal", "spherical", "tied"}) {
    check_all("gaussian:covariance=" + structure, real_data());
    check_all("gaussian:covariance=" + structure, count_data());
  }
}

TEST_CASE("default prior: other families go through on singular data", "[prior][degenerate]") {
  for (const std::string family : {"log_normal", "exponential"}) check_all(family, real_data());
  for (const std::string family : {"exponential", "poisson", "geometric", "binomial:trials=20"})
    check_all(family, count_data());
}

TEST_CASE("default prior: factors of a product go through on singular data", "[prior][degenerate]") {
  const Table table = rows_by(30, 4, [](Random& random) {
    const double a = random.normal();
    return std::vector{0.0, a, 2 * a, static_cast<double>(random.below(2))};
  });
  check_all("exponential(0) * gaussian(1,2) * bernoulli(3)", {{"singular in two factors", table, 5}});
}

TEST_CASE("default prior: a column that does not vary gets the scale of its last digits", "[prior]") {
  const Table table{3, {1, 4, 0, 2, 4, 0, 3, 4, 0}};
  const double spread = std::pow(2, -2.0 / 3);  // the variance of 1, 2, 3 is 1
  const double last_digits = 1e-8 * 4;
  // N + nu0 + d + 2 for N = 3, nu0 = 5 and d = 1 or 3.
  const auto diagonal = psi0_of("diagonal", table);
  const auto full = psi0_of("full", table);
  for (const double rows : {11.0, 13.0}) {
    const double expected[] = {spread, rows * last_digits * last_digits, rows};
    for (std::size_t i = 0; i < 3; ++i)
      CHECK(close(rows == 11 ? diagonal[i] : full[4 * i], expected[i], round_off(8, expected[i])));
  }
  for (const std::size_t off_diagonal : {1u, 2u, 5u}) CHECK(full[off_diagonal] == 0);
}

TEST_CASE("default prior: units do not matter where columns are collinear", "[prior]") {
  Table table{2, {1, 2, 2, 4, 4, 8}};
  const auto before = psi0_of("full", table);
  // The variances 7/3 and 28/3 over K^(2/D) = 2; the eigenvalues of the correlations 2 and (N + nu0 + D + 2) / 1000.
  const double determinant = 7.0 / 6 * 28.0 / 6 * 2 * 0.011;
  CHECK(close(before[0] * before[3] - before[1] * before[2], determinant, round_off(256, before[0] * before[3])));
  for (std::size_t n = 0; n < 3; ++n) table.values[2 * n] *= 1024;  // exact in binary
  const auto after = psi0_of("full", table);
  CHECK(after == std::vector{1024 * 1024 * before[0], 1024 * before[1], 1024 * before[2], before[3]});
}

// Guilty: a cure for data that need none. The least eigenvalue of the correlations is 1e-6.
TEST_CASE("default prior: highly correlated data of full rank keep their covariance", "[prior]") {
  const Table table{2, {-1, -1, 1, 1, -1e-3, 1e-3, 1e-3, -1e-3}};
  const auto psi0 = psi0_of("full", table);
  const double scale = 1 / (3 * 2.0);  // 1 / (N - 1) and K^(2/D)
  const double expected[] = {scale * (2 + 2e-6), scale * (2 - 2e-6), scale * (2 - 2e-6), scale * (2 + 2e-6)};
  for (std::size_t i = 0; i < 4; ++i) CHECK(close(psi0[i], expected[i], round_off(8, 1)));
}

// Rounding must not look like a fall of the objective. Guilty: a variance near rounding where the data have none.
TEST_CASE("default prior: many collinear rows converge", "[prior][degenerate]") {
  const Table table = rows_by(20000, 4, [](Random& random) {
    const double a = random.normal() + (random.uniform() < 0.3 ? 3 : 0);
    const double b = random.normal();
    return std::vector{a, b, 0.3 * a - 0.7 * b + 5, 0.1};
  });
  for (const std::string structure : {"full", "tied", "diagonal"})
    for (const Update update : {Update::map, Update::vb}) {
      INFO(structure << ", " << to_string(update));
      const FamilyPtr family = Registry::builtin().make("gaussian:covariance=" + structure, 4);
      MemorySource source = table.source();
      FitOptions options;
      options.update = update;
      options.accelerate = Acceleration::anderson;
      options.prior = default_prior(family, 2, source);
      const FitResult result = fit_restarts(family, 2, source, {}, options).best;
      INFO(result.message);
      CHECK(result.verdict == Verdict::converged);
    }
}

TEST_CASE("default prior: values whose squares underflow are as zeros", "[prior]") {
  const Table table = rows_by(40, 2, [](Random& random) {
    return std::vector{1e-200 * random.normal(), 1e-200 * random.normal()};
  });
  Table zeros{2, std::vector<double>(80)};
  for (const std::string structure : {"full", "diagonal", "spherical"}) {
    INFO(structure);
    CHECK(psi0_of(structure, table) == psi0_of(structure, zeros));
  }
}

TEST_CASE("default prior: values whose squares overflow are not taken for constants", "[prior][degenerate]") {
  const Table far{2, {1, 2, 3, -1e200, 5, 6}};
  MemorySource source = far.source();
  for (const std::string structure : {"full", "tied", "diagonal", "spherical"}) {
    INFO(structure);
    const FamilyPtr family = Registry::builtin().make("gaussian:covariance=" + structure, 2);
    const std::string likely = error_of([&] { fit_restarts(family, 1, source); });
    CHECK(likely.find("the squares of its rows are beyond what a double holds; rescale the columns") !=
          std::string::npos);
    CHECK(error_of([&] { default_prior(family, 1, source); }) ==
          "data: data: sums of its values, or of their squares, are beyond what a double holds, so that '" +
              family->spec() + "' has no default prior; rescale the columns");
  }
}

TEST_CASE("default prior: values whose squares underflow are not called constant", "[prior][degenerate]") {
  Random random{11};
  Table near{2, {}};
  for (int n = 0; n < 40; ++n) near.values.insert(near.values.end(), {random.uniform() + n % 2, random.uniform()});
  for (const double scale : {1e-200, 1e-160}) {
    Table tiny = near;
    for (double& value : tiny.values) value *= scale;
    MemorySource source = tiny.source();
    for (const std::string structure : {"full", "tied", "diagonal", "spherical"}) {
      INFO(structure << " at " << scale);
      const FamilyPtr family = Registry::builtin().make("gaussian:covariance=" + structure, 2);
      const std::string refusal = error_of([&] { fit_restarts(family, 2, source); });
      CHECK(refusal.find("the squares of its rows are below what a double holds; rescale the columns") !=
            std::string::npos);
      CHECK(refusal.find("constant") == std::string::npos);
      // The prior takes them for columns that do not vary.
      for (const Update update : {Update::map, Update::vb}) {
        FitOptions options;
        options.update = update;
        options.prior = default_prior(family, 2, source);
        CHECK(fit_restarts(family, 2, source, {}, options).best.verdict == Verdict::converged);
      }
      // The advice helps.
      Table rescaled = tiny;
      for (double& value : rescaled.values) value /= scale;
      MemorySource again = rescaled.source();
      CHECK(fit_restarts(family, 2, again).best.verdict == Verdict::converged);
    }
  }
}

}  // namespace mixfam
