#include "catch.hpp"

#include <mixfam/mixfam.hpp>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "family/collinearity.hpp"
#include "support.hpp"
#include "tolerance.hpp"

// Posteriors that no parameters fit, and what is said about them.

namespace mixfam {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

FamilyPtr gaussian(std::size_t columns, const std::string& structure = "full") {
  return Registry::builtin().make("gaussian:covariance=" + structure, columns);
}

/// Two columns at 1e6, one the double of the other but for their rounding.
Table collinear_rows() {
  Random random{4};
  Table table{2, {}};
  for (int n = 0; n < 60; ++n) {
    const double x = 1e6 + random.normal() + (n % 2 == 0 ? 5 : 0);
    table.values.insert(table.values.end(), {x, 2 * x});
  }
  return table;
}

/// Gaussian priors at the data's mean with psi0 = scatter * I, in all structures.
Prior narrow_prior(const FamilyPtr& family, Source& source, double scatter) {
  Prior prior = default_prior(family, 2, source);
  for (double& value : prior.components->field(0, "psi0")) value = value == 0 ? 0 : scatter;
  const auto psi0 = prior.components->field(0, "psi0");
  if (psi0.size() == 4) psi0[1] = psi0[2] = 0;
  return prior;
}

/// Parameters of a start that needs no prior.
ParameterTable default_start(const FamilyPtr& family, std::size_t components, Source& source) {
  return initialize(family, components, source).parameters();
}

std::string describe(const Reason& reason, const std::vector<std::string>& names) { return reason.describe(names); }

}  // namespace

TEST_CASE("degeneracy: vb and sampled end as a verdict where the posterior is singular", "[degenerate]") {
  const Table table = collinear_rows();
  for (const std::string structure : {"full", "tied"})
    for (const Update update : {Update::vb, Update::sampled})
      for (const Assignment assignment : {Assignment::soft, Assignment::hard, Assignment::sampled})
        for (const std::size_t components : {1u, 2u, 4u}) {
          INFO(structure << ", " << to_string(update) << ", " << to_string(assignment) << ", K = " << components);
          const FamilyPtr family = gaussian(2, structure);
          MemorySource source = table.source();
          FitOptions options;
          options.update = update;
          options.assignment = assignment;
          options.max_iterations = 20;
          options.prior = narrow_prior(family, source, 1e-20);
          const std::vector<double> rows(table.rows() * components, 1.0 / static_cast<double>(components));
          const auto R = ConstMatrixView::row_major(rows.data(), table.rows(), components);
          const std::string error = error_of([&] { fit_responsibilities(family, R, source, options); });
          CHECK(error.find("its covariance is singular: columns 0 and 1 are collinear: x0 - 0.5 x1 is constant") !=
                std::string::npos);
          CHECK(error.find("use the default prior") != std::string::npos);
        }
}

TEST_CASE("degeneracy: policies apply to vb and sampled", "[degenerate]") {
  // psi0 = 1e-20 leaves nothing of a component whose rows are equal.
  const Table table{1, {1, 2, 3, 4, 5, 6, 1000, 1000, 1000, 1000}};
  const std::vector<double> R = {1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 0, 1, 0, 1, 0, 1, 0, 1};
  for (const std::string structure : {"full", "diagonal", "spherical", "tied"})
    for (const Update update : {Update::vb, Update::sampled})
      for (const DegeneratePolicy policy :
           {DegeneratePolicy::error, DegeneratePolicy::reseed, DegeneratePolicy::drop, DegeneratePolicy::keep}) {
        INFO(structure << ", " << to_string(update) << ", policy " << static_cast<int>(policy));
        const FamilyPtr family = gaussian(1, structure);
        MemorySource source = table.source();
        FitOptions options;
        options.update = update;
        options.degenerate = policy;
        options.max_iterations = 10;
        options.prior = narrow_prior(family, source, 1e-20);
        options.prior.components->field(0, "mu0")[0] = 1000;
        const Mixture start(family, {0.5, 0.5}, parameter_table(*family, {{3, 4}, {1000, 1}}));
        std::optional<FitResult> result;
        const std::string error = error_of([&] { result = fit(start, source, options); });
        if (!result) {
          CHECK(error.find("component 1") != std::string::npos);
          continue;
        }
        CHECK(std::isfinite(result->objective()));
        for (std::size_t k = 0; k < result->mixture.components(); ++k)
          CHECK(!result->mixture.parameters().schema().check(result->mixture.parameters().row(k)));
      }
}

TEST_CASE("degeneracy: a Gibbs sampler with hardly any prior", "[degenerate]") {
  Random random{11};
  Table table{2, {}};
  for (int n = 0; n < 100; ++n) {
    table.values.push_back(random.normal());
    table.values.push_back(random.normal());
  }
  for (const std::string structure : {"full", "diagonal", "spherical", "tied"})
    for (std::uint64_t seed = 0; seed < 10; ++seed) {
      INFO(structure << ", seed " << seed);
      const FamilyPtr family = gaussian(2, structure);
      MemorySource source = table.source();
      FitOptions options;
      options.update = Update::sampled;
      options.assignment = Assignment::sampled;
      options.max_iterations = 50;
      options.seed = seed;
      options.prior = narrow_prior(family, source, 1e-13);
      RestartsOptions restarts;
      restarts.seed = seed;
      std::optional<RestartsResult> result;
      const std::string error = error_of([&] { result = fit_restarts(family, 20, source, restarts, options); });
      if (result) {
        CHECK(std::isfinite(result->best.objective()));
      } else {
        CHECK(error.find("numerical: ") == 0);
      }
    }
}

// Gamma(0.001, 0.001) on a rate or a precision: draws of components without rows are 1e-300 and less in half of the
// cases. Guilty: draws that underflow, or moments about such a draw that lose the prior.
TEST_CASE("degeneracy: Gibbs sampling under vague priors goes through", "[degenerate]") {
  Random random{12};
  Table table{1, {}};
  for (int n = 0; n < 60; ++n) table.values.push_back(1 + 10 * random.uniform());
  const std::vector<std::pair<std::string, std::vector<double>>> priors = {
      {"gaussian:covariance=diagonal", {5, 0.01, 0.002, 0.002}},
      {"gaussian:covariance=spherical", {5, 0.01, 0.002, 0.002}},
      {"gaussian", {5, 0.01, 0.002, 0.002}},
      {"gaussian", {5, 1e-9, 0.002, 0.002}},
      {"log_normal", {1, 0.01, 0.002, 0.002}},
      {"exponential", {0.001, 0.001}}};
  for (const auto& [spec, h] : priors)
    for (std::uint64_t seed = 0; seed < 10; ++seed) {
      INFO(spec << ", seed " << seed);
      const FamilyPtr family = Registry::builtin().make(spec, 1);
      MemorySource source = table.source();
      FitOptions options;
      options.update = Update::sampled;
      options.assignment = Assignment::sampled;
      options.max_iterations = 100;
      options.seed = seed;
      options.prior.concentration = {0.001};
      options.prior.components = flat_hyperparameters(family);
      std::copy(h.begin(), h.end(), options.prior.components->row(0).begin());
      RestartsOptions restarts;
      restarts.seed = seed;
      const FitResult result = fit_restarts(family, 8, source, restarts, options).best;
      INFO(result.message);
      CHECK(result.verdict == Verdict::max_iterations);
      for (const TraceEntry& entry : result.trace) CHECK(std::abs(entry.objective) < 1e6);
      for (std::size_t k = 0; k < 8; ++k)
        CHECK(!result.mixture.parameters().schema().check(result.mixture.parameters().row(k)));
    }
}

TEST_CASE("degeneracy: a Gibbs sampler with concentrations near 0 keeps its objective", "[degenerate]") {
  Random random{13};
  Table table{3, {}};
  for (int n = 0; n < 150; ++n) table.values.push_back(static_cast<double>(random.below(4)));
  for (const std::string spec : {"categorical:categories=4", "multinomial"}) {
    const FamilyPtr family = Registry::builtin().make(spec, 3);
    MemorySource source = table.source();
    FitOptions options;
    options.update = Update::sampled;
    options.assignment = Assignment::sampled;
    options.max_iterations = 50;
    options.prior.concentration = {0.001};
    options.prior.components = flat_hyperparameters(family);
    for (double& value : options.prior.components->field(0, "concentration")) value = 1e-3;
    const ParameterTable start = default_start(family, 5, source);
    const FitResult result = fit(Mixture(family, std::vector<double>(5, 0.2), start), source, options);
    INFO(spec << ": " << result.message);
    // At most (concentrations - 1) log(least normal number) of each of the 4 probabilities, 3 columns, 5 components.
    for (const TraceEntry& entry : result.trace) CHECK(std::abs(entry.objective) < 1e5);
  }
}

TEST_CASE("degeneracy: improper posteriors are told, and described as NaN", "[degenerate]") {
  const auto check = [](const FamilyPtr& family, const std::vector<double>& h, const std::string& what) {
    INFO(family->spec());
    const auto H = ConstMatrixView::row_major(h.data(), 1, h.size());
    std::vector<double> theta(family->parameters().size());
    const auto out = MatrixView::row_major(theta.data(), 1, theta.size());
    std::vector<double> scale(1);
    Random random{1};
    const auto expected = family->prior()->expectation(H, out, scale);
    const auto drawn = family->prior()->sample(H, random, out);
    REQUIRE(expected.degenerate.size() == 1);
    REQUIRE(drawn.degenerate.size() == 1);
    CHECK(expected.degenerate[0].reason.describe() == what);
    CHECK(drawn.degenerate[0].reason.describe() == what);
    CHECK(expected.step == nullptr);  // so that there is no KL to a prior either
    CHECK(drawn.step == nullptr);
    CHECK(!family->prior()->log_partition(H));
    for (const bool mean : {true, false}) {
      std::fill(theta.begin(), theta.end(), 0.0);
      if (mean) {
        family->prior()->mean(H, out);
      } else {
        family->prior()->quantile(H, 0.1, out);
      }
      CHECK(std::isnan(theta.back()));  // of a product the factor at fault, which is the last
    }
  };
  const std::string constant = " is constant on the rows left to it";
  const std::string improper = "the posterior of its parameters has no finite integral";
  check(gaussian(2), {0, 0, 1, 5, 1, 2, 2, 4},
        "its covariance is singular: columns 0 and 1 are collinear: x0 - 0.5 x1" + constant);
  check(gaussian(2), {0, 0, 1, 5, 1, 0, 0, 0}, "its covariance is singular: column 1" + constant);
  check(gaussian(2), {0, 0, 1, 5, nan, nan, nan, nan},
        "its covariance is singular: columns 0 and 1 are constant on the rows left to it");
  check(gaussian(2), {0, 0, 1, 1, 1, 0, 0, 1}, improper);
  check(gaussian(2, "tied"), {0, 0, 0, 5, 1, 0, 0, 1}, improper);
  check(gaussian(2, "diagonal"), {0, 0, 1, 1, 5, 5, 1, 0}, "its variance is 0: column 1" + constant);
  check(gaussian(2, "spherical"), {0, 0, 1, 5, 0}, "its variance is 0: the rows left to it are all equal");
  check(Registry::builtin().make("exponential", 2), {2, 3, 1, 0}, "column 1: " + improper);
  check(Registry::builtin().make("bernoulli", 1), {1, -0.5}, improper);
  check(Registry::builtin().make("exponential(0) * gaussian(2,1)", 3), {1, 1, 0, 0, 1, 5, 1, 2, 2, 4},
        "gaussian: its covariance is singular: columns 2 and 1 are collinear: x2 - 0.5 x1" + constant);
}

TEST_CASE("degeneracy: reasons name columns", "[degenerate]") {
  Reason reason("its covariance is singular");
  const std::vector<std::string> names = {"a", "b", "c", "d"};
  const auto with = [&](std::vector<std::vector<ColumnTerm>> constant) {
    reason.constant = std::move(constant);
    return describe(reason, names);
  };
  const std::string begin = "its covariance is singular: ";
  const std::string end = " on the rows left to it";
  CHECK(with({}) == "its covariance is singular");
  CHECK(with({{{2, 1}}}) == begin + "column 2 (\"c\") is constant" + end);
  CHECK(with({{{0, 1}}, {{2, 1}}, {{3, 1}}}) ==
        begin + "columns 0 (\"a\"), 2 (\"c\") and 3 (\"d\") are constant" + end);
  CHECK(with({{{0, 1}, {1, -2}}}) ==
        begin + "columns 0 (\"a\") and 1 (\"b\") are collinear: a - 2 b is constant" + end);
  CHECK(with({{{3, 1}}, {{0, 1}, {1, -2}, {2, 0.5}}, {{0, 1}, {2, 1}}}) ==
        begin + "column 3 (\"d\") is constant, columns 0 (\"a\"), 1 (\"b\") and 2 (\"c\") are collinear: " +
            "a - 2 b + 0.5 c is constant, and so are others in 1 more ways" + end);
  std::vector<std::vector<ColumnTerm>> many;
  for (std::size_t j = 0; j < 20; ++j) many.push_back({{j, 1}});
  CHECK(with(many).find("columns 0 (\"a\"), 1 (\"b\"), 2 (\"c\"), 3 (\"d\"), 4 and 15 others are constant") !=
        std::string::npos);
  Reason column("all its values are 0");
  column.column = 1;
  CHECK(describe(column, names) == "column 1 (\"b\"): all its values are 0");
  CHECK(describe(column, {}) == "column 1: all its values are 0");
}

// A covariance of x, y and the combination 3 + x - 2 y, in units that differ by 1e6 and beside a column of its own.
TEST_CASE("degeneracy: the combination is found", "[degenerate]") {
  const double u = 1e6;
  const std::vector<double> A = {4,   1 * u,    0.3, 2,   1 * u, 9 * u * u, -0.5 * u, -17 * u,
                                 0.3, -0.5 * u, 5,   1.3, 2,     -17 * u,   1.3,      36};
  const auto found = constant_combinations(ConstMatrixView::row_major(A.data(), 4, 4));
  REQUIRE(found.size() == 1);
  REQUIRE(found[0].size() == 3);
  const std::size_t columns[] = {0, 1, 3};
  const double factors[] = {1, -2 / u, -1};
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(found[0][i].column == columns[i]);
    CHECK(close(found[0][i].factor, factors[i], round_off(256, factors[i])));
  }
  const std::vector<double> identity = {1, 0, 0, 1};
  CHECK(constant_combinations(ConstMatrixView::row_major(identity.data(), 2, 2)).empty());
}

}  // namespace mixfam
