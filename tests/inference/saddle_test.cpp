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

        options.keep_saddle = true;
        const FitResult kept = fit(start, source, options);
        CHECK(kept.verdict == Verdict::saddle);
        CHECK(kept.objective() < result.objective() - 1);
        CHECK(fit(truth, source, options).verdict == Verdict::converged);
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
  options.prior.weights = WeightsPrior::fixed;
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
                                                               [](FitOptions& o) { o.batch_rows = 5; },
                                                               [](FitOptions& o) { o.tolerance = 0; }}) {
    FitOptions other = options;
    change(other);
    CHECK(error_of([&] { fit(start, source, other); }).find("usage: `keep_saddle` needs") == 0);
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
