#include <algorithm>
#include <cmath>
#include <limits>

#include "catch.hpp"
#include "reference/faithful.hpp"
#include "support.hpp"
#include "tolerance.hpp"

namespace mixfam {

namespace {

FamilyPtr gaussian(std::size_t d) { return Registry::builtin().make("gaussian", d); }
FamilyPtr exponential(std::size_t d) { return Registry::builtin().make("exponential", d); }

Table faithful() { return {2, reference::faithful}; }

Mixture faithful_start() {
  const auto& start = reference::faithful_ml.front();
  return {gaussian(2), start.weights, parameter_table(*gaussian(2), start.parameters)};
}

FitOptions options_of(Update update, Assignment assignment) {
  FitOptions options;
  options.update = update;
  options.assignment = assignment;
  return options;
}

/// What a sum over the rows of log densities may be off by.
Tolerance sum_round_off(double rows, double value) { return round_off(4 * rows, std::abs(value)); }

/// Three groups of rows on a line, each 1 wide, at the given places.
Table groups(const std::vector<double>& places, std::size_t rows, std::uint64_t seed) {
  Table table{1, {}};
  Random random{seed};
  for (std::size_t n = 0; n < rows; ++n) table.values.push_back(places[n % places.size()] + random.normal());
  return table;
}

Mixture exponential_start(std::initializer_list<double> rates) {
  std::vector<std::vector<double>> rows;
  for (const double rate : rates) rows.push_back({rate});
  return {exponential(1), std::vector<double>(rates.size(), 1.0 / static_cast<double>(rates.size())),
          parameter_table(*exponential(1), rows)};
}

Table exponential_rows(std::initializer_list<double> rates, std::size_t rows, std::uint64_t seed) {
  Table table{1, {}};
  Random random{seed};
  for (std::size_t n = 0; n < rows; ++n) table.values.push_back(random.exponential(rates.begin()[n % rates.size()]));
  return table;
}

void require_path(const std::vector<reference::ReferenceStep>& path, FitOptions options) {
  constexpr double published = 1e-9;  // the agreement that is promised between two programs
  const Table table = faithful();
  for (const auto& step : path) {
    INFO("after " << step.iteration << " M-steps");
    auto source = table.source();
    options.max_iterations = step.iteration;
    options.tolerance = 0;
    const FitResult result = fit(faithful_start(), source, options);
    const TraceEntry& last = result.trace.back();
    CHECK(close(last.log_likelihood, step.log_likelihood, stated(published, step.log_likelihood)));
    // A fit stops earlier where rounding leaves nothing to gain; parameters still move there, at the root of it.
    if (result.verdict == Verdict::converged && last.iteration < step.iteration) continue;
    REQUIRE(last.iteration == step.iteration);
    CHECK(close(last.q, step.q, stated(published, step.q)));
    CHECK(close(last.entropy, step.entropy, stated(published, 272)));
    for (std::size_t k = 0; k < 2; ++k) {
      CHECK(close(last.counts[k], step.counts[k], stated(published, step.counts[k])));
      CHECK(close(result.mixture.weights()[k], step.weights[k], stated(published, 1)));
      for (std::size_t i = 0; i < step.parameters[k].size(); ++i)
        CHECK(close(result.mixture.parameters().row(k)[i], step.parameters[k][i],
                    stated(published, step.parameters[k][i])));
    }
  }
}

/// What holds of every trace, whatever the data.
void require_sound_trace(const FitResult& result, Source& source, const FitOptions& options) {
  const bool soft = options.assignment == Assignment::soft;
  const double rows = result.total_weight;
  REQUIRE(!result.trace.empty());
  for (std::size_t t = 0; t < result.trace.size(); ++t) {
    const TraceEntry& entry = result.trace[t];
    const auto tolerance = sum_round_off(rows, std::max({std::abs(entry.q), std::abs(entry.log_likelihood), rows}));
    INFO("iteration " << t);
    CHECK(entry.iteration == t);
    CHECK(entry.elbo_e == entry.q + entry.entropy);
    CHECK(entry.objective == entry.elbo_e + entry.log_prior);
    if (soft) CHECK(close(entry.elbo_e, entry.log_likelihood, tolerance));
    if (!soft) {
      CHECK(entry.entropy == 0);
      CHECK(entry.elbo_e <= entry.log_likelihood + tolerance.allowed);
    }
    double counts = 0;
    for (const double count : entry.counts) counts += count;
    CHECK(close(counts, rows, round_off(rows, rows)));
    if (t == 0) {
      CHECK(std::isnan(entry.elbo_m));
      CHECK(std::isnan(entry.kl));
      CHECK(std::isnan(entry.gain_m));
      CHECK(std::isnan(entry.gain_e));
      continue;
    }
    const TraceEntry& before = result.trace[t - 1];
    CHECK(close(entry.elbo_m + entry.kl, entry.log_likelihood, tolerance));
    CHECK(entry.kl >= -tolerance.allowed);
    CHECK(entry.gain_m >= -tolerance.allowed);
    CHECK(entry.gain_e >= -tolerance.allowed);
    CHECK(entry.objective >= before.objective - tolerance.allowed);
    CHECK(close(entry.gain_m + entry.gain_e, entry.objective - before.objective, tolerance));
    if (options.verify) {
      CHECK(entry.residual <= 1e-12 * std::abs(entry.log_likelihood));  // what the trace promises of itself
    } else {
      CHECK(std::isnan(entry.residual));
    }
  }
  // The numbers at the end are those of the mixture that is returned, summed in another way by other assignments.
  const bool is_soft = options.assignment == Assignment::soft;
  CHECK(close(result.mixture.log_likelihood(source), result.log_likelihood(),
              is_soft ? exact() : sum_round_off(rows, std::abs(result.log_likelihood()))));
}

}  // namespace

TEST_CASE("fit: Old Faithful follows the path of an independent program", "[fit][reference]") {
  SECTION("maximum likelihood") { require_path(reference::faithful_ml, {}); }
  SECTION("hard assignment") { require_path(reference::faithful_hard, options_of(Update::ml, Assignment::hard)); }
  SECTION("posterior mode under the default prior") {
    FitOptions options = options_of(Update::map, Assignment::soft);
    const Table table = faithful();
    auto source = table.source();
    options.prior = default_prior(gaussian(2), 2, source);
    require_path(reference::faithful_map, options);
  }
}

TEST_CASE("fit: Old Faithful reaches the known log likelihood", "[fit][reference]") {
  const Table table = faithful();
  auto source = table.source();
  FitOptions options;
  options.verify = true;
  const FitResult result = fit(faithful_start(), source, options);
  CHECK(result.verdict == Verdict::converged);
  CHECK(close(result.log_likelihood(), -1130.26396, {5e-6, "the digits that are published"}));
  CHECK(close(result.log_likelihood(), reference::faithful_limit, {options.tolerance, "the tolerance of the fit"}));
  require_sound_trace(result, source, options);

  // 11 free parameters: 1 weight, 4 means, 6 covariances.
  CHECK(result.mixture.free_parameters() == 11);
  CHECK(result.total_weight == 272);
  CHECK(close(result.aic(), -2 * result.log_likelihood() + 22, exact()));
  CHECK(close(result.bic(), -2 * result.log_likelihood() + 11 * std::log(272.0), exact()));
  CHECK(close(result.icl(), result.bic() + 2 * result.trace.back().entropy, round_off(1088, result.bic())));

  RestartsOptions restarts;
  restarts.restarts = 5;
  restarts.seed = 1;
  const RestartsResult several = fit_restarts(gaussian(2), 2, source, restarts);
  CHECK(close(several.best.log_likelihood(), reference::faithful_limit, {1e-6, "the tolerance of the fit"}));
  CHECK(several.restarts.size() == 5);
}

TEST_CASE("fit: the bound and the objective, for every method", "[fit]") {
  const auto update = GENERATE(Update::ml, Update::map);
  const auto assignment = GENERATE(Assignment::soft, Assignment::hard);
  const std::string spec = GENERATE("gaussian", "exponential", "gaussian(0) * exponential(1)");
  const bool weighted = GENERATE(false, true);
  INFO(spec << ' ' << to_string(update) << ' ' << to_string(assignment) << (weighted ? " weighted" : ""));
  const Table table = faithful();
  std::vector<double> weights;
  Random random{11};
  for (std::size_t n = 0; weighted && n < table.rows(); ++n) weights.push_back(2 * random.uniform());
  auto source = table.source(weights);
  const auto family = Registry::builtin().make(spec, 2);
  FitOptions options = options_of(update, assignment);
  options.verify = true;
  options.max_iterations = 40;
  if (update == Update::map) options.prior = default_prior(family, 3, source);
  const Mixture start = initialize(family, 3, source, {Start::kmeans_plus_plus, 3, 0, options.prior});
  const FitResult result = fit(start, source, options);
  CHECK(result.verdict != Verdict::decreased);
  // Classification EM of exponentials may empty a component; nothing else here may.
  if (spec == "gaussian" || assignment == Assignment::soft || update == Update::map)
    CHECK(result.verdict != Verdict::degenerate);
  require_sound_trace(result, source, options);
}

TEST_CASE("fit: data moved by 1e8 standard deviations give the same covariance", "[fit][numerics]") {
  // A grid of 2^-20, so that adding 1e8 rounds nothing.
  Table near = groups({0, 4}, 3000, 5);
  for (double& x : near.values) x = std::ldexp(std::round(std::ldexp(x, 20)), -20);
  Table far = near;
  for (double& x : far.values) x += 1e8;
  for (std::size_t n = 0; n < near.rows(); ++n) REQUIRE(far.values[n] - 1e8 == near.values[n]);

  FitOptions options;
  options.max_iterations = 30;
  options.tolerance = 0;
  options.verify = true;
  const auto run = [&](const Table& table, double offset) {
    auto source = table.source();
    const Mixture start(gaussian(1), {0.5, 0.5}, parameter_table(*gaussian(1), {{offset, 1}, {offset + 3, 2}}));
    FitResult result = fit(start, source, options);
    require_sound_trace(result, source, options);
    return result;
  };
  const FitResult a = run(near, 0);
  const FitResult b = run(far, 1e8);
  // The means near 1e8 are rounded to 1.5e-8 (an ulp), which moves the log likelihood by no more than N times the
  // square of it at its maximum, and by the slope elsewhere: 1e-9 relative, as promised.
  for (std::size_t k = 0; k < 2; ++k) {
    const double covariance = a.mixture.parameters().field(k, "covariance")[0];
    CHECK(close(b.mixture.parameters().field(k, "covariance")[0], covariance, stated(1e-9, covariance)));
    CHECK(close(b.mixture.parameters().field(k, "mean")[0] - 1e8, a.mixture.parameters().field(k, "mean")[0],
                {2e-8, "the spacing of doubles at 1e8"}));
  }
  CHECK(close(b.log_likelihood(), a.log_likelihood(), stated(1e-9, a.log_likelihood())));
}

TEST_CASE("fit: posterior modes are the stated formulas", "[fit][map]") {
  // One component: responsibilities are 1, so that one M-step is the mode of the whole data.
  SECTION("normal-inverse-Wishart on (mean, covariance)") {
    const Table table = faithful();
    auto source = table.source();
    const auto family = gaussian(2);
    FitOptions options = options_of(Update::map, Assignment::soft);
    options.prior = default_prior(family, 1, source);
    options.max_iterations = 1;
    const Mixture start(family, {1}, parameter_table(*family, {{3, 70, 1, 0, 0, 100}}));
    const FitResult result = fit(start, source, options);
    // mu0 is the mean, so that d = 0 and the mean stays; psi0 = S / (N - 1), so that the covariance is
    // S (1 + 1 / (N - 1)) / (nu0 + N + D + 2) with nu0 = D + 2 = 4.
    double mean[2] = {}, scatter[2][2] = {};
    for (std::size_t n = 0; n < 272; ++n)
      for (std::size_t i = 0; i < 2; ++i) mean[i] += table(n, i) / 272;
    for (std::size_t n = 0; n < 272; ++n)
      for (std::size_t i = 0; i < 2; ++i)
        for (std::size_t j = 0; j < 2; ++j) scatter[i][j] += (table(n, i) - mean[i]) * (table(n, j) - mean[j]);
    for (std::size_t i = 0; i < 2; ++i) {
      CHECK(close(result.mixture.parameters().field(0, "mean")[i], mean[i], round_off(272, mean[i])));
      for (std::size_t j = 0; j < 2; ++j) {
        const double expected = scatter[i][j] * (1 + 1 / 271.0) / (4 + 272 + 2 + 2);
        CHECK(close(result.mixture.parameters().field(0, "covariance")[2 * i + j], expected,
                    round_off(4 * 272, expected)));
      }
    }
  }
  SECTION("gamma on the rate, Dirichlet on the weights") {
    const Table table{1, {1, 2, 3, 100, 200}};
    auto source = table.source();
    const auto family = exponential(1);
    FitOptions options = options_of(Update::map, Assignment::hard);
    options.prior.concentration = {3};
    options.prior.components = flat_hyperparameters(family);
    options.prior.components->field(0, "shape")[0] = 2.5;
    options.prior.components->field(0, "rate")[0] = 7;
    options.max_iterations = 1;
    const FitResult result = fit(exponential_start({1, 0.01}), source, options);
    REQUIRE(result.trace.back().iteration == 1);
    CHECK(close(result.mixture.parameters().row(0)[0], (3 + 1.5) / (6 + 7), round_off(8, 1)));
    CHECK(close(result.mixture.parameters().row(1)[0], (2 + 1.5) / (300 + 7), round_off(8, 1)));
    CHECK(close(result.mixture.weights()[0], (3 + 2.0) / (5 + 2 * 3 - 2), round_off(8, 1)));
    CHECK(close(result.mixture.weights()[1], (2 + 2.0) / (5 + 2 * 3 - 2), round_off(8, 1)));
    // log p(w) = log Gamma(6) - 2 log Gamma(3) + 2 log w_1 + 2 log w_2; log p(rate) = Gamma(2.5, 7)
    const double w0 = 5.0 / 9, w1 = 4.0 / 9, r0 = 4.5 / 13, r1 = 3.5 / 307;
    const auto gamma = [](double r) { return 2.5 * std::log(7) - std::lgamma(2.5) + 1.5 * std::log(r) - 7 * r; };
    const double expected =
        std::log(120.0) - 2 * std::log(2.0) + 2 * std::log(w0) + 2 * std::log(w1) + gamma(r0) + gamma(r1);
    CHECK(close(result.trace.back().log_prior, expected, round_off(64, 10)));
    CHECK(result.trace.back().objective == result.trace.back().elbo_e + result.trace.back().log_prior);
  }
}

TEST_CASE("fit: the flat prior is maximum likelihood, bit for bit", "[fit][map]") {
  for (const std::string spec : {"gaussian", "exponential"}) {
    INFO(spec);
    const Table table = faithful();
    auto source = table.source();
    const auto family = Registry::builtin().make(spec, 2);
    FitOptions ml;
    ml.max_iterations = 20;
    ml.tolerance = 0;
    FitOptions map = ml;
    map.update = Update::map;
    map.prior.components = flat_hyperparameters(family);
    const Mixture start = initialize(family, 2, source, {});
    const FitResult a = fit(start, source, ml);
    const FitResult b = fit(start, source, map);
    REQUIRE(a.iterations() == b.iterations());
    CHECK(a.log_likelihood() == b.log_likelihood());
    CHECK(a.mixture.weights() == b.mixture.weights());
    for (std::size_t k = 0; k < 2; ++k)
      CHECK(to_vector(a.mixture.parameters().row(k)) == to_vector(b.mixture.parameters().row(k)));
  }
}

TEST_CASE("fit: a prior that the family cannot use is refused", "[fit][map]") {
  const Table table = faithful();
  auto source = table.source();
  FitOptions options = options_of(Update::map, Assignment::soft);
  options.prior.concentration = {0};
  CHECK(error_of([&] { fit(faithful_start(), source, options); }) ==
        "usage: prior: the concentration of the weights is 0.000000 (must be finite and > 0)");
  options.prior.concentration = {1};
  options.prior.components = flat_hyperparameters(gaussian(3));
  CHECK(error_of([&] { fit(faithful_start(), source, options); }) ==
        "usage: prior: 14 hyperparameter values for 'gaussian' (must be 8)");
  options.update = Update::ml;
  options.tolerance = NAN;
  CHECK(error_of([&] { fit(faithful_start(), source, options); }) == "usage: tolerance is nan (must be >= 0)");
}

TEST_CASE("fit: degenerate data end as a verdict, never as NaN", "[fit][degenerate]") {
  const auto expect = [](const Mixture& start, const Table& table, const FitOptions& options, const std::string& what) {
    auto source = table.source();
    const FitResult result = fit(start, source, options);
    CHECK(result.verdict == Verdict::degenerate);
    INFO(result.message);
    CHECK(result.message.find(what) != std::string::npos);
    CHECK(result.message.find("use a prior") != std::string::npos);
    CHECK(std::isfinite(result.log_likelihood()));
    CHECK(std::isfinite(result.objective()));
    for (std::size_t k = 0; k < result.mixture.components(); ++k)
      CHECK(!result.mixture.parameters().schema().check(result.mixture.parameters().row(k)));
    REQUIRE(!result.trace.back().events.empty());
    CHECK(result.trace.back().events[0].find("degenerate: iteration") == 0);
    CHECK(close(result.mixture.log_likelihood(source), result.log_likelihood(), exact()));
  };
  const auto gauss = [](const std::vector<std::vector<double>>& rows) {
    return Mixture(gaussian(1), std::vector<double>(rows.size(), 1.0 / static_cast<double>(rows.size())),
                   parameter_table(*gaussian(1), rows));
  };
  const FitOptions soft;
  const FitOptions hard = options_of(Update::ml, Assignment::hard);

  // A constant column.
  expect(gauss({{0, 1}}), {1, {3, 3, 3, 3}}, soft, "iteration 1, component 0: its covariance is singular");
  // A component on a single row collapses onto it.
  expect(gauss({{0, 1}, {50, 1}}), {1, {-1, 0, 1, 0.5, 50}}, soft, "component 1");
  // A component that no row wants.
  expect(gauss({{0, 1}, {1000, 1}}), {1, {-1, 0, 1, 0.5, 0.25}}, hard, "component 1: no rows are left to it");
  // A component whose responsibilities underflow to 0.
  expect(gauss({{0, 1}, {1000, 1}}), {1, {-1, 0, 1, 0.5, 0.25}}, soft, "component 1");
  // Only zeros: the rate has no finite maximum.
  expect(exponential_start({1}), {1, {0, 0, 0}}, soft,
         "component 0: all its values are 0, so that the rate has no finite maximum");
  // One row, K = 1.
  expect(gauss({{0, 1}}), {1, {3}}, soft, "its covariance is singular");
  // Fewer rows than dimensions: N < D + 1.
  const Mixture wide(gaussian(3), {1}, parameter_table(*gaussian(3), {{0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1}}));
  expect(wide, {3, {1, 2, 3, 4, 5, 7}}, soft, "its covariance is singular: 2 rows are left to it for 3 columns");
  // A collapsed component far from 0: variance within rounding of the data.
  expect(gauss({{1e8, 1}, {1e8 + 5, 1}}), {1, {1e8, 1e8 + 1, 1e8 + 2, 1e8 + 1e3, 1e8 + 1e3}}, soft, "component 1");
}

TEST_CASE("fit: a prior cures what maximum likelihood finds degenerate", "[fit][map]") {
  const Table table{1, {-1, 0, 1, 0.5, 50}};
  auto source = table.source();
  FitOptions options = options_of(Update::map, Assignment::soft);
  options.prior = default_prior(gaussian(1), 2, source);
  const Mixture start(gaussian(1), {0.5, 0.5}, parameter_table(*gaussian(1), {{0, 1}, {50, 1}}));
  const FitResult result = fit(start, source, options);
  CHECK(result.verdict == Verdict::converged);
  require_sound_trace(result, source, options);

  const Table zeros{1, {0, 0, 0, 1}};
  auto zero_source = zeros.source();
  FitOptions gamma = options_of(Update::map, Assignment::soft);
  gamma.prior = default_prior(exponential(1), 1, zero_source);
  CHECK(fit(exponential_start({1}), zero_source, gamma).verdict == Verdict::converged);
}

TEST_CASE("fit: data outside the support are refused with their place", "[fit][data]") {
  const auto refusal = [](std::vector<double> values, const Mixture& start) {
    const Table table{start.family().columns(), std::move(values)};
    auto source = table.source();
    source.set_column_names(std::vector<std::string>(table.columns, "age"));
    return error_of([&] { fit(start, source, {}); });
  };
  const double infinity = std::numeric_limits<double>::infinity();
  CHECK(refusal({1, 2, -0.5}, exponential_start({1})) ==
        "data: data row 2, column 0 (\"age\"): -0.5 is outside the support of 'exponential' (x >= 0)");
  CHECK(refusal({1, NAN}, exponential_start({1})) ==
        "data: data row 1, column 0 (\"age\"): nan is not a finite number; remove such rows, or let NaN stand for a "
        "missing "
        "value (`missing = nan`)");
  CHECK(refusal({1, 2, 3, -infinity}, faithful_start()).find("data row 1, column 1 (\"age\"): -inf is not a finite") !=
        std::string::npos);
  CHECK(refusal({1, 1, 1}, exponential_start({1, 2})) ==
        "data: data: 2 components, but only 1 distinct row; ask for fewer components");
  const Table table{3, {1, 2, 3}};
  auto source = table.source();
  CHECK(error_of([&] { fit(faithful_start(), source, {}); }) == "usage: data has 3 columns, but 'gaussian' models 2");
  const std::vector<double> none = {0, 0};
  const Table two{1, {1, 2}};
  auto weightless = two.source(none);
  CHECK(error_of([&] { fit(exponential_start({1}), weightless, {}); }) ==
        "data: data: all row weights are 0 (there must be a row to fit)");
}

TEST_CASE("fit: row weights are repeated rows through the whole fit", "[fit][weights]") {
  for (const auto assignment : {Assignment::soft, Assignment::hard}) {
    const Table table = faithful();
    Table repeated{2, {}};
    std::vector<double> weights;
    Random random{3};
    for (std::size_t n = 0; n < table.rows(); ++n) {
      const std::size_t copies = random.below(4);
      weights.push_back(static_cast<double>(copies));
      for (std::size_t i = 0; i < copies; ++i)
        for (std::size_t j = 0; j < 2; ++j) repeated.values.push_back(table(n, j));
    }
    auto weighted_source = table.source(weights);
    auto repeated_source = repeated.source();
    for (const auto update : {Update::ml, Update::map}) {
      FitOptions options = options_of(update, assignment);
      options.max_iterations = 15;
      options.tolerance = 0;
      FitOptions other = options;
      if (update == Update::map) {
        options.prior = default_prior(gaussian(2), 2, weighted_source);
        other.prior = default_prior(gaussian(2), 2, repeated_source);
      }
      const FitResult a = fit(faithful_start(), weighted_source, options);
      const FitResult b = fit(faithful_start(), repeated_source, other);
      // Round-off of N rows, carried through 15 M-steps.
      const double rows = static_cast<double>(repeated.rows());
      CHECK(a.total_weight == rows);
      CHECK(close(a.log_likelihood(), b.log_likelihood(), round_off(15 * rows, b.log_likelihood())));
      CHECK(close(a.objective(), b.objective(), round_off(15 * rows, b.objective())));
      CHECK(close(a.bic(), b.bic(), round_off(15 * rows, b.bic())));
      for (std::size_t k = 0; k < 2; ++k)
        for (std::size_t i = 0; i < 6; ++i)
          CHECK(close(a.mixture.parameters().row(k)[i], b.mixture.parameters().row(k)[i],
                      round_off(15 * rows, b.mixture.parameters().row(k)[i])));
    }
  }
}

TEST_CASE("fit: chunks do not change a bit", "[fit][determinism]") {
  const Table table = groups({0, 5, 7}, 20'011, 8);
  const Mixture start(gaussian(1), {0.25, 0.25, 0.5}, parameter_table(*gaussian(1), {{0, 1}, {4, 1}, {8, 2}}));
  FitOptions options;
  options.max_iterations = 5;
  options.tolerance = 0;
  auto memory = table.source();
  const FitResult expected = fit(start, memory, options);
  for (const auto& granules : {std::vector<std::size_t>{1}, {3, 1, 2}, {2}, {7, 1}}) {
    ChunkedSource source(table, granules);
    const FitResult result = fit(start, source, options);
    REQUIRE(result.trace.size() == expected.trace.size());
    for (std::size_t t = 0; t < result.trace.size(); ++t) {
      CHECK(result.trace[t].log_likelihood == expected.trace[t].log_likelihood);
      CHECK(result.trace[t].entropy == expected.trace[t].entropy);
      CHECK(result.trace[t].q == expected.trace[t].q);
      CHECK(result.trace[t].counts == expected.trace[t].counts);
    }
    for (std::size_t k = 0; k < 3; ++k)
      CHECK(to_vector(result.mixture.parameters().row(k)) == to_vector(expected.mixture.parameters().row(k)));
  }
}

TEST_CASE("fit: the tolerance bounds what is left to gain, on a slow problem too", "[fit][stopping]") {
  // Rates close to each other: EM gains little at a step, for thousands of steps.
  const Table table = exponential_rows({1, 2.5}, 2000, 21);
  auto source = table.source();
  const Mixture start = exponential_start({0.9, 3});
  FitOptions long_run;
  long_run.tolerance = 1e-10;  // what rounding leaves to see
  long_run.max_iterations = 30'000;
  const FitResult limit = fit(start, source, long_run);
  REQUIRE(limit.verdict == Verdict::converged);
  for (const double tolerance : {1e-4, 1e-5, 1e-6}) {
    FitOptions options;
    options.tolerance = tolerance;
    const FitResult result = fit(start, source, options);
    INFO(tolerance << ": " << result.iterations() << " iterations, of " << limit.iterations());
    CHECK(result.verdict == Verdict::converged);
    CHECK(result.iterations() > 100);  // slow indeed
    CHECK(limit.objective() - result.objective() <= tolerance);
    CHECK(result.remaining_gain <= tolerance);
    CHECK(result.remaining_gain >= 0);
    // The last step alone says far less than what is left.
    const auto end = result.trace.end();
    CHECK(end[-1].objective - end[-2].objective < 0.1 * (limit.objective() - result.objective()));
  }
}

TEST_CASE("fit: the default tolerance leaves little even on overlapping components", "[fit][stopping]") {
  // The first gains fall quickly, then a slow direction remains that no two gains foretell: docs/numerics.md.
  constexpr double factor = 10;
  for (const double rate : {2.5, 4.0})
    for (const std::uint64_t seed : {21, 22}) {
      const Table table = exponential_rows({1, rate}, 2000, seed);
      auto source = table.source();
      FitOptions options;
      options.max_iterations = 100'000;
      const FitResult result = fit(exponential_start({0.9, 3}), source, options);
      options.tolerance = 1e-10;  // what rounding leaves to see
      const double left = fit(exponential_start({0.9, 3}), source, options).objective() - result.objective();
      INFO(rate << ", " << seed << ": " << result.iterations() << " iterations, estimate " << result.remaining_gain);
      CHECK(left <= factor * FitOptions().tolerance);
    }
}

TEST_CASE("fit: the limit on iterations", "[fit][stopping]") {
  const Table table = faithful();
  auto source = table.source();
  FitOptions options;
  for (const std::size_t limit : {std::size_t{0}, std::size_t{1}, std::size_t{4}}) {
    options.max_iterations = limit;
    const FitResult result = fit(faithful_start(), source, options);
    CHECK(result.verdict == Verdict::max_iterations);
    CHECK(result.iterations() == limit);
    CHECK(result.trace.size() == limit + 1);
    CHECK(result.message == "stopped after " + std::to_string(limit) + (limit == 1 ? " iteration" : " iterations") +
                                ", before the tolerance was reached; allow more (`max_iterations`) or take longer "
                                "steps (`accelerate = anderson`)");
  }
  options.max_iterations = 0;
  const FitResult result = fit(faithful_start(), source, options);
  CHECK(to_vector(result.mixture.parameters().row(1)) == reference::faithful_ml[0].parameters[1]);
}

TEST_CASE("fit: the observer sees each entry and can stop the fit", "[fit][stopping]") {
  const Table table = faithful();
  auto source = table.source();
  std::vector<double> seen;
  FitOptions options;
  options.observer = [&](const FitState& state) {
    seen.push_back(state.last_entry().log_likelihood);
    return state.last_entry().iteration < 3 ? Observe::go_on : Observe::stop_fit;
  };
  const FitResult result = fit(faithful_start(), source, options);
  CHECK(result.verdict == Verdict::interrupted);
  CHECK(result.iterations() == 3);
  REQUIRE(seen.size() == 4);
  for (std::size_t t = 0; t < 4; ++t) CHECK(seen[t] == result.trace[t].log_likelihood);
  CHECK(close(result.mixture.log_likelihood(source), result.log_likelihood(), exact()));
}

TEST_CASE("fit: K = 1 needs one M-step", "[fit]") {
  const Table table = faithful();
  auto source = table.source();
  const Mixture start(gaussian(2), {1}, parameter_table(*gaussian(2), {{0, 0, 1, 0, 0, 1}}));
  const FitResult result = fit(start, source, {});
  CHECK(result.verdict == Verdict::converged);
  CHECK(result.iterations() <= 2);
  CHECK(result.mixture.weights() == std::vector<double>{1});
  CHECK(close(result.trace.back().entropy, 0, exact()));
}

TEST_CASE("fit: restarts choose the best and keep a record of all", "[fit][restarts]") {
  SECTION("the best is chosen") {
    const Table table = groups({0, 6, 12, 30}, 400, 2);
    auto source = table.source();
    RestartsOptions restarts;
    restarts.start = Start::random_rows;
    restarts.restarts = 8;
    restarts.seed = 4;
    std::vector<std::size_t> announced;
    restarts.observer = [&](std::size_t restart) { announced.push_back(restart); };
    // Seven components for four groups: starts divide them in different ways.
    FitOptions options;
    options.seed = restarts.seed;
    const RestartsResult result = fit_restarts(gaussian(1), 7, source, restarts, options);
    REQUIRE(result.restarts.size() == 8);
    CHECK(announced == std::vector<std::size_t>{0, 1, 2, 3, 4, 5, 6, 7});
    bool differ = false;
    for (std::size_t r = 0; r < 8; ++r) {
      const RestartSummary& one = result.restarts[r];
      CHECK(one.restart == r);
      if (!one.verdict || *one.verdict == Verdict::degenerate) continue;
      CHECK(one.objective <= result.best.objective());
      differ = differ || one.objective < result.best.objective();
      if (one.objective == result.best.objective()) CHECK(result.best_restart <= r);
    }
    CHECK(differ);
    CHECK(result.restarts[result.best_restart].objective == result.best.objective());

    // Each restart is the fit from its own start, whatever the others do.
    const RestartSummary& third = result.restarts[3];
    const Mixture start = initialize(gaussian(1), 7, source, {Start::random_rows, third.seed, 0, {}});
    options.seed = third.seed;
    CHECK(fit(start, source, options).objective() == third.objective);
  }
  SECTION("a degenerate restart is recorded and loses") {
    // Three equal rows far away: a component of its own for them is degenerate; one that shares them is sound.
    const Table table{1, {-1, 0, 1, 0.5, 2, 3, 40, 40, 40, -2, 1.5, 0.7}};
    auto source = table.source();
    RestartsOptions restarts;
    restarts.start = Start::random_rows;
    restarts.restarts = 20;
    restarts.seed = 5;
    const RestartsResult result = fit_restarts(gaussian(1), 2, source, restarts);
    std::size_t degenerate = 0, sound = 0;
    for (const RestartSummary& one : result.restarts) {
      REQUIRE(one.verdict.has_value());
      (*one.verdict == Verdict::degenerate ? degenerate : sound) += 1;
      if (*one.verdict == Verdict::degenerate) CHECK(one.message.find("component") != std::string::npos);
    }
    CHECK(degenerate > 0);
    INFO(degenerate << " degenerate, " << sound << " sound");
    if (sound > 0) CHECK(result.best.verdict != Verdict::degenerate);
    if (sound == 0) CHECK(result.best.verdict == Verdict::degenerate);
  }
  SECTION("no sound start at all") {
    const Table table{2, {1, 7, 2, 7, 3, 7, 5, 7}};
    auto source = table.source();
    RestartsOptions restarts;
    restarts.restarts = 2;
    const std::string error = error_of([&] { fit_restarts(gaussian(2), 1, source, restarts); });
    INFO(error);
    CHECK(error.find("numerical: every start failed; the first: data: at the start, component 0: its covariance") == 0);
    restarts.restarts = 1;
    CHECK(error_of([&] { fit_restarts(gaussian(2), 1, source, restarts); }).find("numerical: data: at the start") == 0);
  }
  SECTION("an interruption ends the restarts too") {
    const Table table = faithful();
    auto source = table.source();
    RestartsOptions restarts;
    restarts.restarts = 3;
    FitOptions options;
    options.observer = [](const FitState& state) {
      return state.last_entry().iteration < 1 ? Observe::go_on : Observe::stop_all;
    };
    const RestartsResult result = fit_restarts(gaussian(2), 2, source, restarts, options);
    CHECK(result.restarts.size() == 1);
    CHECK(result.best.verdict == Verdict::interrupted);
  }
  SECTION("senseless numbers") {
    const Table table = faithful();
    auto source = table.source();
    CHECK(error_of([&] { fit_restarts(gaussian(2), 0, source); }) == "usage: a mixture needs at least one component");
    RestartsOptions restarts;
    restarts.restarts = 0;
    CHECK(error_of([&] { fit_restarts(gaussian(2), 1, source, restarts); }) == "usage: at least one start is needed");
    CHECK(error_of([&] { fit_restarts(gaussian(2), 300, source); }).find("distinct rows") != std::string::npos);
  }
}

TEST_CASE("fit: the parameters of a simulation are recovered", "[fit][recovery]") {
  const auto family = Registry::builtin().make("gaussian(0) * exponential(1)", 2);
  const Mixture truth(family, {0.3, 0.7}, parameter_table(*family, {{-3, 1, 2}, {3, 4, 0.5}}));
  constexpr std::size_t rows = 20'000;
  const Table table{2, truth.sample(rows, 17)};
  auto source = table.source();
  const FitResult result = fit(truth, source, {});
  REQUIRE(result.verdict == Verdict::converged);
  // Standard errors of separate groups of N_k rows (Fisher information), and 1.5 of them for the little overlap.
  for (std::size_t k = 0; k < 2; ++k) {
    const double w = truth.weights()[k];
    const double n = w * rows;
    const auto expect = [&](const std::string& name, double standard_error) {
      CHECK(close(result.mixture.parameters().field(k, name)[0], truth.parameters().field(k, name)[0],
                  monte_carlo(1.5 * standard_error)));
    };
    const double variance = truth.parameters().field(k, "gaussian/covariance")[0];
    expect("gaussian/mean", std::sqrt(variance / n));
    expect("gaussian/covariance", variance * std::sqrt(2 / n));
    expect("exponential/rate", truth.parameters().field(k, "exponential/rate")[0] / std::sqrt(n));
    CHECK(close(result.mixture.weights()[k], w, monte_carlo(1.5 * std::sqrt(w * (1 - w) / rows))));
  }
}

TEST_CASE("fit: names of the choices", "[fit]") {
  CHECK(to_string(Update::ml) == std::string("ml"));
  CHECK(to_string(Update::map) == std::string("map"));
  CHECK(to_string(Assignment::soft) == std::string("soft"));
  CHECK(to_string(Assignment::hard) == std::string("hard"));
  CHECK(to_string(Verdict::converged) == std::string("converged"));
  CHECK(to_string(Verdict::max_iterations) == std::string("max_iterations"));
  CHECK(to_string(Verdict::decreased) == std::string("decreased"));
  CHECK(to_string(Verdict::degenerate) == std::string("degenerate"));
  CHECK(to_string(Verdict::interrupted) == std::string("interrupted"));
}

}  // namespace mixfam
