#include "catch.hpp"

#include <mixfam/mixfam.hpp>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "counted_source.hpp"
#include "reference/faithful.hpp"
#include "support.hpp"
#include "tolerance.hpp"

// Where a fit comes to rest although it is at no maximum: equal components are a fixed point of every method. Before it
// is said to have converged, one look in directions that the iterations did not show finds the way up.

namespace mixfam {
namespace {

/// Hastie, Tibshirani and Friedman (2009), table 8.1.
const Table table_8_1 = {1, {-0.39, 0.12, 0.94, 1.67, 1.76, 2.44, 3.72, 4.28, 4.92, 5.53,
                             0.06,  0.48, 1.01, 1.68, 1.80, 3.25, 4.12, 4.60, 5.28, 6.22}};

FamilyPtr family_of(const std::string& spec, std::size_t columns) { return Registry::builtin().make(spec, columns); }

/// K components that are the same in every parameter, with the given weights.
Mixture equal_components(const FamilyPtr& family, const std::vector<double>& parameters,
                         const std::vector<double>& weights) {
  return {family, weights, parameter_table(*family, std::vector<std::vector<double>>(weights.size(), parameters))};
}

struct Case {
  std::string name;
  std::string spec;
  std::size_t columns;
  std::vector<std::vector<double>> truth;
  std::vector<double> equal;
};

/// Rows of components that lie apart; at equal components they are a saddle.
std::vector<Case> cases() {
  return {
      {"gaussian", "gaussian", 2, {{0, 0, 1, 0.3, 0.3, 1}, {4, 2, 1, 0, 0, 1.5}}, {1, 1, 3, 0, 0, 2}},
      {"tied", "gaussian:covariance=tied", 2, {{0, 0, 1, 0.3, 0.3, 1}, {4, 2, 1, 0.3, 0.3, 1}}, {1, 1, 3, 0, 0, 2}},
      {"diagonal", "gaussian:covariance=diagonal", 2, {{0, 0, 1, 1}, {4, 2, 1, 1.5}}, {1, 1, 3, 2}},
      {"exponential", "exponential", 1, {{0.5}, {8}}, {1}},
      {"poisson", "poisson", 1, {{2}, {12}}, {5}},
      {"bernoulli", "bernoulli", 4, {{0.9, 0.9, 0.8, 0.2}, {0.1, 0.2, 0.1, 0.8}}, {0.5, 0.5, 0.5, 0.5}},
      {"product", "gaussian(0) * exponential(1)", 2, {{0, 1, 0.5}, {4, 1, 6}}, {1, 4, 1}},
  };
}

constexpr std::size_t rows = 300;

Table rows_of(const Case& one) {
  const FamilyPtr family = family_of(one.spec, one.columns);
  const Mixture truth(family, {0.4, 0.6}, parameter_table(*family, one.truth));
  return {one.columns, truth.sample(rows, 5)};
}

bool has_left(const TraceEntry& entry) {
  return std::any_of(entry.events.begin(), entry.events.end(),
                     [](const std::string& event) { return event.find("left a saddle") == 0; });
}

std::size_t saddles_left(const Trace& trace) {
  return static_cast<std::size_t>(std::count_if(trace.begin(), trace.end(), has_left));
}

/// The objective never falls, and log p = ELBO + KL in every line, the one that leaves the saddle among them.
void require_sound_trace(const FitResult& result, Update update) {
  for (std::size_t t = 1; t < result.trace.size(); ++t) {
    const TraceEntry& entry = result.trace[t];
    const double scale = std::max({std::abs(entry.q), std::abs(entry.objective), result.total_weight});
    const Tolerance tolerance = round_off(4 * result.total_weight, scale);
    INFO("entry " << t);
    CHECK(std::isfinite(entry.objective));
    CHECK(entry.objective >= result.trace[t - 1].objective - tolerance.allowed);
    CHECK(entry.kl >= -tolerance.allowed);
    CHECK(entry.residual <= 1e-12 * scale);  // what the trace promises of itself
    if (update != Update::vb) CHECK(close(entry.elbo_m + entry.kl, entry.log_likelihood, tolerance));
  }
}

/// With `keep_saddle` the fit ends where the other goes on, and one from the truth as without.
void check_kept(const Mixture& start, const Mixture& truth, Source& source, FitOptions options, double left) {
  options.keep_saddle = true;
  const FitResult kept = fit(start, source, options);
  CHECK(kept.verdict == Verdict::saddle);
  CHECK(kept.objective() < left - 1);
  CHECK(fit(truth, source, options).verdict == Verdict::converged);
}

}  // namespace

TEST_CASE("saddle: two equal Gaussians on table 8.1 of The Elements of Statistical Learning", "[saddle]") {
  auto source = table_8_1.source();
  const Mixture start = equal_components(family_of("gaussian", 1), {3, 3}, {0.4, 0.6});
  FitOptions options;
  options.keep_saddle = true;
  const FitResult kept = fit(start, source, options);
  CHECK(kept.verdict == Verdict::saddle);
  CHECK(kept.message.find("components 0 and 1 are equal") != std::string::npos);
  // The maximum of one Gaussian: -n/2 (log(2 pi variance) + 1), with the variance of divisor n, 3.96777475.
  const double of_one = -10 * (std::log(2 * 3.14159265358979324 * 3.96777475) + 1);
  CHECK(close(kept.log_likelihood(), of_one, stated(1e-9, of_one)));

  const FitResult left = fit(start, source);
  CHECK(left.verdict == Verdict::converged);
  CHECK(saddles_left(left.trace) == 1);
  CHECK(left.objective() > kept.objective() + 1);

  // Exactly at the fixed point, and with another seed of the perturbation, it ends at the same maximum.
  FitOptions other;
  other.seed = 12;
  const FitResult again = fit(kept.mixture, source, other);
  CHECK(again.verdict == Verdict::converged);
  CHECK(close(again.objective(), left.objective(), stated(1e-6, 1)));
}

TEST_CASE("saddle: every family and method leaves equal components", "[saddle]") {
  for (const Case& one : cases()) {
    const Table table = rows_of(one);
    auto source = table.source();
    const FamilyPtr family = family_of(one.spec, one.columns);
    const Mixture start = equal_components(family, one.equal, {0.5, 0.5});
    const Mixture truth(family, {0.4, 0.6}, parameter_table(*family, one.truth));
    for (const Update update : {Update::ml, Update::map, Update::vb})
      for (const Acceleration method : {Acceleration::none, Acceleration::squarem, Acceleration::anderson}) {
        INFO(one.name << ", " << to_string(update) << ", " << to_string(method));
        FitOptions options;
        options.update = update;
        options.accelerate = method;
        options.verify = true;
        if (update != Update::ml) options.prior = default_prior(family, 2, source);
        const FitResult best = fit(truth, source, options);
        const FitResult result = fit(start, source, options);
        CHECK(result.verdict == Verdict::converged);
        CHECK(saddles_left(result.trace) > 0);
        CHECK(result.objective() >= best.objective() - 1e-3);
        CHECK(saddles_left(best.trace) == 0);
        require_sound_trace(result, update);

        check_kept(start, truth, source, options, result.objective());
      }
  }
}

TEST_CASE("saddle: more than two equal components, and two among others", "[saddle]") {
  const FamilyPtr family = family_of("gaussian", 1);
  const Mixture truth(family, {0.3, 0.3, 0.4}, parameter_table(*family, {{-6, 1}, {0, 1}, {6, 1}}));
  const Table table{1, truth.sample(rows, 8)};
  auto source = table.source();
  const double best = fit(truth, source).objective();
  for (const Acceleration method : {Acceleration::none, Acceleration::anderson}) {
    FitOptions options;
    options.accelerate = method;
    const FitResult all = fit(equal_components(family, {0, 9}, {0.2, 0.3, 0.5}), source, options);
    CHECK(all.verdict == Verdict::converged);
    CHECK(all.objective() >= best - 1e-3);
    const Mixture two(family, {0.4, 0.3, 0.3}, parameter_table(*family, {{-6, 1}, {3, 4}, {3, 4}}));
    const FitResult some = fit(two, source, options);
    CHECK(some.verdict == Verdict::converged);
    CHECK(saddles_left(some.trace) > 0);
    CHECK(some.objective() >= best - 1e-3);
  }
}

TEST_CASE("saddle: a direction of curvature 0 is judged by the gain along it", "[saddle]") {
  // At equal components the first moment about the mean decides nothing where the data are symmetric: the curvature
  // towards different means is 0, and the fourth order has the sign of 3 - kurtosis (Chen 1995).
  const FamilyPtr family = family_of("gaussian", 1);
  const auto fitted = [&](const std::vector<double>& half) {
    Table table{1, {}};
    for (const double x : half) table.values.insert(table.values.end(), {x, -x});
    auto source = table.source();
    return fit(equal_components(family, {0, 1}, {0.5, 0.5}), source);
  };
  std::vector<double> two_groups;
  for (int i = 0; i < 40; ++i) two_groups.push_back(2 + 0.02 * i);
  CHECK(saddles_left(fitted(two_groups).trace) > 0);
}

TEST_CASE("saddle: a maximum at equal components is not left", "[saddle]") {
  // Exponential rows that are less spread than their mean: the Hessian at equal rates is negative, since its sign is
  // that of variance - mean^2 (mixtures of exponentials are overdispersed; Lindsay 1995, section 1.5).
  Table table{1, {}};
  for (int i = 0; i < 100; ++i) table.values.push_back(1 + 0.01 * i);
  auto source = table.source();
  const FamilyPtr family = family_of("exponential", 1);
  for (const Update update : {Update::ml, Update::map, Update::vb}) {
    FitOptions options;
    options.update = update;
    if (update != Update::ml) options.prior = default_prior(family, 2, source);
    const FitResult result = fit(equal_components(family, {1}, {0.5, 0.5}), source, options);
    CHECK(result.verdict == Verdict::converged);
    CHECK(saddles_left(result.trace) == 0);
  }
}

TEST_CASE("saddle: the look changes no bit with the threads or the way the rows come", "[saddle]") {
  const Case one = cases().front();
  const Mixture truth(family_of(one.spec, one.columns), {0.4, 0.6},
                      parameter_table(*family_of(one.spec, one.columns), one.truth));
  const Table table{one.columns, truth.sample(9000, 5)};
  const Mixture start = equal_components(truth.family_ptr(), one.equal, {0.5, 0.5});
  FitOptions options;
  options.threads = 1;
  auto source = table.source();
  const FitResult single = fit(start, source, options);
  REQUIRE(saddles_left(single.trace) > 0);
  options.threads = 3;
  const FitResult several = fit(start, source, options);
  ChunkedSource chunks(table, {1, 2, 3});
  const FitResult chunked = fit(start, chunks, options);
  for (const FitResult* other : {&several, &chunked}) {
    REQUIRE(other->trace.size() == single.trace.size());
    for (std::size_t t = 0; t < single.trace.size(); ++t) CHECK(other->trace[t].objective == single.trace[t].objective);
    CHECK(other->remaining_gain == single.remaining_gain);
  }
  options.seed = 1;
  CHECK(fit(start, source, options).verdict == Verdict::converged);
}

TEST_CASE("saddle: the textbook's values with unit variances and equal weights", "[saddle]") {
  // log p = sum log(sum_k N(y | m_k, 1) / 2) at both means 2.6745, the mean of the values, and at the two modes, by
  // numpy from the formula.
  constexpr double at_saddle = -58.0565181640934;
  constexpr double at_mode = -39.1760279934089;
  auto source = table_8_1.source();
  const FamilyPtr family = family_of("gaussian:covariance=spherical,variance=1", 1);
  ParameterTable theta(family->parameters(), 2);
  for (std::size_t k = 0; k < 2; ++k) theta.field(k, "mean")[0] = 2.6745;
  FitOptions options;
  options.freeze.weights = true;
  options.keep_saddle = true;
  const FitResult kept = fit(Mixture(family, {0.5, 0.5}, theta), source, options);
  CHECK(kept.verdict == Verdict::saddle);
  CHECK(close(kept.log_likelihood(), at_saddle, stated(1e-12, at_saddle)));
  options.keep_saddle = false;
  const FitResult left = fit(Mixture(family, {0.5, 0.5}, theta), source, options);
  CHECK(left.verdict == Verdict::converged);
  CHECK(saddles_left(left.trace) == 1);
  // The tolerance of the fit.
  CHECK(close(left.log_likelihood(), at_mode, stated(1e-6 / 39, at_mode)));
}

TEST_CASE("saddle: what keep_saddle cannot be combined with", "[saddle]") {
  auto source = table_8_1.source();
  const FamilyPtr family = family_of("gaussian", 1);
  const Mixture start = equal_components(family, {3, 3}, {0.4, 0.6});
  FitOptions options;
  options.keep_saddle = true;
  CHECK(to_string(Verdict::saddle) == std::string("saddle"));
  CHECK(error_of([&] { fit_restarts(family, 2, source, {}, options); }) ==
        "usage: `keep_saddle` is for a start that is given, not drawn");
  for (const auto& change : std::vector<void (*)(FitOptions&)>{[](FitOptions& o) { o.assignment = Assignment::hard; },
                                                               [](FitOptions& o) { o.update = Update::sampled; },
                                                               [](FitOptions& o) { o.tolerance = 0; }}) {
    FitOptions other = options;
    change(other);
    CHECK(error_of([&] { fit(start, source, other); }).find("usage: `keep_saddle` needs") == 0);
  }
}

TEST_CASE("saddle: batches leave equal components too, and with keep_saddle end there", "[saddle][batches]") {
  for (const Case& one : cases()) {
    if (one.name == "tied") continue;  // several ways lead up, to different maxima: below
    const Table table = rows_of(one);
    auto source = table.source();
    const FamilyPtr family = family_of(one.spec, one.columns);
    const Mixture start = equal_components(family, one.equal, {0.5, 0.5});
    const Mixture truth(family, {0.4, 0.6}, parameter_table(*family, one.truth));
    for (const Update update : {Update::ml, Update::map, Update::vb})
      for (const std::size_t batch_rows : {rows, rows / 3, rows / 5}) {
        INFO(one.name << ", " << to_string(update) << ", batches of " << batch_rows);
        FitOptions options;
        options.update = update;
        options.tolerance = 1e-3;
        options.batch_rows = batch_rows;
        if (update != Update::ml) options.prior = default_prior(family, 2, source);
        const FitResult best = fit(truth, source, options);
        REQUIRE(best.verdict == Verdict::converged);
        CHECK(saddles_left(best.trace) == 0);
        const FitResult result = fit(start, source, options);
        CHECK(result.verdict == Verdict::converged);
        CHECK(saddles_left(result.trace) > 0);
        CHECK(std::abs(result.objective() - best.objective()) < 8 * options.tolerance);
        // The line that leaves is seen from the E-step before it, over all rows.
        for (const TraceEntry& entry : result.trace)
          if (has_left(entry) && update != Update::vb)
            CHECK(close(entry.elbo_m + entry.kl, entry.log_likelihood, round_off(4 * rows, std::abs(entry.q))));

        check_kept(start, truth, source, options, result.objective());
      }
  }
}

TEST_CASE("saddle: batches at textbook examples", "[saddle][batches]") {
  FitOptions options;
  options.tolerance = 1e-4;
  SECTION("two equal Gaussians on table 8.1 of The Elements of Statistical Learning") {
    auto source = table_8_1.source();
    options.batch_rows = 10;
    const FitResult result = fit(equal_components(family_of("gaussian", 1), {3, 3}, {0.4, 0.6}), source, options);
    const double of_one = -10 * (std::log(2 * 3.14159265358979324 * 3.96777475) + 1);
    CHECK(result.verdict == Verdict::converged);
    CHECK(result.objective() > of_one + 1);
  }
  SECTION("two exponentials of one rate") {
    const FamilyPtr family = family_of("exponential", 1);
    const Mixture truth(family, {0.4, 0.6}, parameter_table(*family, {{0.5}, {8}}));
    const Table table{1, truth.sample(rows, 5)};
    auto source = table.source();
    options.batch_rows = 100;
    const FitResult result = fit(equal_components(family, {1}, {0.5, 0.5}), source, options);
    const double best = fit(truth, source, FitOptions()).objective();
    CHECK(result.verdict == Verdict::converged);
    CHECK(best - result.objective() < 2 * options.tolerance);
  }
}

TEST_CASE("saddle: of many flat directions one leads up", "[saddle][batches]") {
  // Equal components with one covariance fit the second moments of the data exactly: towards any difference of the
  // means the curvature is 0, and the fourth moment along it decides. It leads down across the way from one group to
  // the other.
  const Case one = cases()[1];
  const Table table = rows_of(one);
  auto source = table.source();
  const Mixture start = equal_components(family_of(one.spec, one.columns), one.equal, {0.5, 0.5});
  FitOptions options;
  options.keep_saddle = true;
  options.tolerance = 1e-3;
  for (const std::size_t batch_rows : {std::size_t{0}, rows / 3, rows})
    for (options.seed = 0; options.seed < 30; ++options.seed) {
      INFO("batches of " << batch_rows << ", seed " << options.seed);
      options.batch_rows = batch_rows;
      CHECK(fit(start, source, options).verdict == Verdict::saddle);
    }
}

TEST_CASE("saddle: batches with policies, removed rows and several starts", "[saddle][batches]") {
  const FamilyPtr family = family_of("gaussian", 1);
  const Mixture truth(family, {0.4, 0.6}, parameter_table(*family, {{0, 1}, {6, 1}}));
  const std::vector<double> values = truth.sample(rows, 5);
  const Mixture start = equal_components(family, {3, 9}, {0.5, 0.5});
  FitOptions options;
  options.tolerance = 1e-3;
  options.batch_rows = 60;
  const Table table{1, values};
  auto source = table.source();
  const FitResult plain = fit(start, source, options);
  REQUIRE(plain.verdict == Verdict::converged);
  REQUIRE(saddles_left(plain.trace) > 0);

  SECTION("policies that have nothing to repair change no bit") {
    for (const DegeneratePolicy policy : {DegeneratePolicy::reseed, DegeneratePolicy::drop, DegeneratePolicy::keep}) {
      options.degenerate = policy;
      const FitResult result = fit(start, source, options);
      CHECK(result.objective() == plain.objective());
      CHECK(result.trace.size() == plain.trace.size());
    }
  }
  SECTION("a component of no rows beside two equal ones is repaired, and the saddle is left") {
    const Mixture beside(family, {0.4, 0.4, 0.2}, parameter_table(*family, {{3, 9}, {3, 9}, {1e6, 1e-3}}));
    options.degenerate = DegeneratePolicy::drop;
    const FitResult dropped = fit(beside, source, options);
    CHECK(dropped.verdict == Verdict::converged);
    CHECK(dropped.mixture.components() == 2);
    CHECK(std::abs(dropped.objective() - plain.objective()) < 4 * options.tolerance);

    const Mixture three(family, {0.3, 0.3, 0.4}, parameter_table(*family, {{0, 1}, {6, 1}, {12, 1}}));
    const Table of_three{1, three.sample(rows, 5)};
    auto all = of_three.source();
    options.degenerate = DegeneratePolicy::reseed;
    const FitResult reseeded = fit(beside, all, options);
    CHECK(reseeded.verdict == Verdict::converged);
    CHECK(std::abs(reseeded.objective() - fit(three, all, options).objective()) < 4 * options.tolerance);
  }
  SECTION("rows of weight 0 behind whole batches are removed") {
    std::vector<double> more = values;
    std::vector<double> weights(more.size(), 1);
    more.insert(more.end(), 2 * options.batch_rows, 1e3);
    weights.resize(more.size(), 0);
    MemorySource removed(ConstMatrixView::column_major(more.data(), more.size(), 1), weights);
    const FitResult result = fit(start, removed, options);
    CHECK(result.verdict == Verdict::converged);
    CHECK(close(result.objective(), plain.objective(), round_off(1e4 * rows, std::abs(plain.objective()))));
  }
  SECTION("the best of several starts") {
    const RestartsResult result = fit_restarts(family, 2, source, {Start::random_rows, 3, 1}, options);
    CHECK(result.best.verdict == Verdict::converged);
    CHECK(std::abs(result.best.objective() - plain.objective()) < 4 * options.tolerance);
  }
  SECTION("hard, sampled and annealed assignments") {
    options.assignment = Assignment::hard;
    CHECK(saddles_left(fit(start, source, options).trace) == 0);
    options.assignment = Assignment::sampled;
    options.max_iterations = 20;
    CHECK(saddles_left(fit(start, source, options).trace) == 0);
    options.assignment = Assignment::soft;
    options.max_iterations = 1000;
    options.temperature = 2;
    const FitResult annealed = fit(start, source, options);
    CHECK(annealed.verdict == Verdict::converged);
    for (const TraceEntry& entry : annealed.trace)
      if (has_left(entry)) CHECK(entry.temperature == 1);
    CHECK(std::abs(annealed.objective() - plain.objective()) < 4 * options.tolerance);
  }
}

TEST_CASE("saddle: the look at the end of a quick fit is short", "[saddle]") {
  // Old Faithful, from the start of the reference fit: a third more passes at most.
  const Table table{2, reference::faithful};
  const auto& reference = reference::faithful_ml.front();
  const FamilyPtr family = family_of("gaussian", 2);
  const Mixture start(family, reference.weights, parameter_table(*family, reference.parameters));
  auto memory = table.source();
  CountedSource looking(memory);
  const FitResult result = fit(start, looking);
  REQUIRE(result.verdict == Verdict::converged);
  FitOptions all;
  all.tolerance = 0;
  all.max_iterations = result.iterations();
  CountedSource plain(memory);
  fit(start, plain, all);
  INFO(looking.passes << " and " << plain.passes << " passes, " << result.iterations() << " iterations");
  CHECK(3 * (looking.passes - plain.passes) <= plain.passes);
}

}  // namespace mixfam
