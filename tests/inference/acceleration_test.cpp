#include "catch.hpp"

#include <mixfam/mixfam.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include "counted_source.hpp"
#include "support.hpp"
#include "tolerance.hpp"

// Accelerated fits reach the limit of EM in far fewer passes, never fall, and keep the books of the trace.

namespace mixfam {
namespace {

constexpr Acceleration methods[] = {Acceleration::squarem, Acceleration::anderson};

/// Rows drawn from components that overlap, on which EM is slow, and the components that a fit asks for.
struct Problem {
  std::string name;
  FamilyPtr family;
  Table table;
  std::size_t components;
};

Problem drawn(const std::string& name, const std::string& spec, std::size_t columns, std::size_t rows,
              std::uint64_t seed, const std::vector<std::vector<double>>& parameters) {
  const FamilyPtr family = Registry::builtin().make(spec, columns);
  const std::size_t components = parameters.size();
  const std::vector<double> weights(components, 1 / static_cast<double>(components));
  const Mixture truth(family, weights, parameter_table(*family, parameters));
  return {name, family, {columns, truth.sample(rows, seed)}, components};
}

std::vector<Problem> problems() {
  return {
      drawn("gaussian", "gaussian", 2, 400, 31, {{0, 0, 1, 0.3, 0.3, 1}, {1.8, 1, 1, 0, 0, 1.5}}),
      drawn("tied", "gaussian:covariance=tied", 2, 400, 32, {{0, 0, 1, 0.3, 0.3, 1}, {2, 0.5, 1, 0.3, 0.3, 1}}),
      drawn("exponential, two rates", "exponential", 1, 500, 33, {{1}, {2.5}}),
      drawn("exponential, three rates", "exponential", 1, 500, 34, {{0.7}, {2}, {8}}),
      drawn("bernoulli", "bernoulli", 6, 400, 35, {{0.7, 0.7, 0.7, 0.3, 0.3, 0.3}, {0.4, 0.4, 0.4, 0.6, 0.6, 0.6}}),
      drawn("poisson", "poisson", 1, 400, 36, {{3}, {6}}),
      drawn("product", "gaussian(0) * exponential(1)", 2, 400, 37, {{0, 1, 1}, {1.5, 1, 2.5}}),
  };
}

FitOptions options_for(const Problem& problem, Update update, Source& source) {
  FitOptions options;
  options.update = update;
  options.max_iterations = 100'000;
  if (update != Update::ml) options.prior = default_prior(problem.family, problem.components, source);
  return options;
}

Mixture start_of(const Problem& problem, Source& source) {
  return initialize(problem.family, problem.components, source, {});
}

std::size_t accelerated_entries(const Trace& trace) {
  return static_cast<std::size_t>(
      std::count_if(trace.begin(), trace.end(), [](const TraceEntry& entry) { return entry.accelerated; }));
}

/// What holds of every entry of an accelerated fit, made with `verify`.
void require_sound_trace(const FitResult& result, Update update) {
  for (std::size_t t = 1; t < result.trace.size(); ++t) {
    const TraceEntry& before = result.trace[t - 1];
    const TraceEntry& entry = result.trace[t];
    const double scale = std::max({std::abs(entry.q), std::abs(entry.objective), result.total_weight});
    const Tolerance tolerance = round_off(4 * result.total_weight, scale);
    INFO("entry " << t << (entry.accelerated ? ", accelerated" : ""));
    CHECK(entry.objective >= before.objective - tolerance.allowed);
    CHECK(entry.iteration > before.iteration);
    CHECK(entry.iteration <= before.iteration + 2);  // one more where an extrapolation was rejected
    CHECK(entry.kl >= -tolerance.allowed);
    CHECK(entry.residual <= 1e-12 * scale);  // what the trace promises of itself
    CHECK(close(entry.gain_m + entry.gain_e, entry.objective - before.objective, tolerance));
    if (update != Update::vb) CHECK(close(entry.elbo_m + entry.kl, entry.log_likelihood, tolerance));
    if (!entry.accelerated) CHECK(entry.gain_m >= -tolerance.allowed);
    double counts = 0;
    for (const double count : entry.counts) counts += count;
    CHECK(close(counts, result.total_weight, round_off(result.total_weight, result.total_weight)));
  }
}

}  // namespace

TEST_CASE("acceleration: the limit of EM in far fewer passes", "[acceleration]") {
  for (const Problem& problem : problems())
    for (const Update update : {Update::ml, Update::map, Update::vb}) {
      auto source = problem.table.source();
      FitOptions options = options_for(problem, update, source);
      const Mixture start = start_of(problem, source);
      const FitResult plain = fit(start, source, options);
      REQUIRE(plain.verdict == Verdict::converged);
      CHECK(accelerated_entries(plain.trace) == 0);
      FitOptions long_options = options;
      long_options.tolerance = 0;
      long_options.max_iterations = 3 * plain.iterations();
      const double limit = fit(start, source, long_options).objective();
      for (const Acceleration method : methods) {
        INFO(problem.name << ", " << to_string(update) << ", " << to_string(method));
        options.accelerate = method;
        options.verify = false;
        const FitResult result = fit(start, source, options);
        UNSCOPED_INFO("plain " << plain.iterations() << ", accelerated " << result.iterations() << ", left "
                               << limit - result.objective());
        CHECK(result.verdict == Verdict::converged);
        CHECK(result.objective() >= limit - options.tolerance);
        CHECK(result.remaining_gain <= options.tolerance);
        CHECK(3 * result.iterations() < plain.iterations());
        CHECK(accelerated_entries(result.trace) > 0);

        options.verify = true;
        require_sound_trace(fit(start, source, options), update);
      }
    }
}

TEST_CASE("acceleration: the table of docs/methods.md", "[.][slow][figures]") {
  for (const Problem& problem : problems())
    for (const Update update : {Update::ml, Update::map, Update::vb}) {
      auto source = problem.table.source();
      FitOptions options = options_for(problem, update, source);
      const Mixture start = start_of(problem, source);
      std::printf("| %s | %s |", problem.name.c_str(), to_string(update));
      for (const Acceleration method : {Acceleration::none, Acceleration::squarem, Acceleration::anderson}) {
        options.accelerate = method;
        CountedSource all(source);
        fit(start, all, options);
        CountedSource none(source);
        FitOptions at_start = options;
        at_start.max_iterations = 0;
        fit(start, none, at_start);
        std::printf(" %zu |", all.passes - none.passes);
      }
      std::printf("\n");
    }
}

TEST_CASE("acceleration: the estimate of the remaining gain is no promise too many", "[acceleration]") {
  // At a wide tolerance too, what is left is less than what was asked for.
  const Problem problem = drawn("", "exponential", 1, 500, 34, {{0.7}, {2}, {8}});
  auto source = problem.table.source();
  const Mixture start = start_of(problem, source);
  for (const Acceleration method : methods) {
    FitOptions options = options_for(problem, Update::map, source);
    options.accelerate = method;
    options.tolerance = 1e-9;
    const double limit = fit(start, source, options).objective();
    for (const double tolerance : {1e-2, 1e-4, 1e-6}) {
      INFO(to_string(method) << " at " << tolerance);
      options.tolerance = tolerance;
      const FitResult result = fit(start, source, options);
      CHECK(result.verdict == Verdict::converged);
      CHECK(result.objective() >= limit - tolerance);
    }
  }
}

TEST_CASE("acceleration: steps depend neither on the units nor on the origin of the data", "[acceleration]") {
  const Problem problem = problems().front();
  auto source = problem.table.source();
  Table moved = problem.table;
  for (double& value : moved.values) value = 1024 * value + 3e5;
  auto moved_source = moved.source();
  const double jacobian = static_cast<double>(moved.values.size()) * std::log(1024.0);
  const Mixture start = start_of(problem, source);
  Mixture moved_start = start;
  {
    ParameterTable parameters = start.parameters();
    for (std::size_t k = 0; k < problem.components; ++k) {
      for (double& value : parameters.field(k, "mean")) value = 1024 * value + 3e5;
      for (double& value : parameters.field(k, "covariance")) value *= 1024.0 * 1024;
    }
    moved_start = Mixture(problem.family, start.weights(), parameters);
  }
  for (const Acceleration method : methods) {
    FitOptions options;
    options.accelerate = method;
    options.max_iterations = 15;
    const FitResult here = fit(start, source, options);
    const FitResult there = fit(moved_start, moved_source, options);
    REQUIRE(accelerated_entries(here.trace) > 0);
    REQUIRE(here.trace.size() == there.trace.size());
    for (std::size_t t = 0; t < here.trace.size(); ++t) {
      CHECK(here.trace[t].accelerated == there.trace[t].accelerated);
      // Numbers near 3e5 are rounded; extrapolations carry that on.
      CHECK(close(here.trace[t].objective, there.trace[t].objective + jacobian, stated(1e-9, jacobian)));
    }
  }
}

TEST_CASE("acceleration: components that no parameters fit meet the same policies", "[acceleration]") {
  // Three equal rows far away: a component of its own for them collapses.
  Table table{1, {}};
  Random random{11};
  for (std::size_t n = 0; n < 60; ++n) table.values.push_back(random.normal());
  for (std::size_t n = 0; n < 3; ++n) table.values.push_back(40);
  auto source = table.source();
  const FamilyPtr family = Registry::builtin().make("gaussian", 1);
  const Mixture start(family, {0.5, 0.4, 0.1}, parameter_table(*family, {{-1, 1}, {1, 1}, {39, 4}}));
  FitOptions plain;
  plain.degenerate = DegeneratePolicy::drop;
  const FitResult plain_dropped = fit(start, source, plain);
  REQUIRE(plain_dropped.mixture.components() < 3);
  for (const Acceleration method : methods) {
    INFO(to_string(method));
    FitOptions options;
    options.accelerate = method;
    CHECK(fit(start, source, options).verdict == Verdict::degenerate);
    options.degenerate = DegeneratePolicy::drop;
    const FitResult dropped = fit(start, source, options);
    CHECK(dropped.verdict == Verdict::converged);
    CHECK(dropped.mixture.components() == plain_dropped.mixture.components());
    options.degenerate = DegeneratePolicy::keep;
    options.max_iterations = 50;
    CHECK(fit(start, source, options).mixture.components() == 3);
  }
}

TEST_CASE("acceleration: fixed weights, stick-breaking weights, one component", "[acceleration]") {
  const Problem problem = problems().front();
  auto source = problem.table.source();
  const Mixture start = start_of(problem, source);
  for (const Acceleration method : methods) {
    INFO(to_string(method));
    FitOptions fixed;
    fixed.accelerate = method;
    fixed.freeze.weights = true;
    const FitResult result = fit(start, source, fixed);
    CHECK(result.verdict == Verdict::converged);
    CHECK(result.mixture.weights() == start.weights());

    FitOptions sticks = options_for(problem, Update::vb, source);
    sticks.accelerate = method;
    sticks.prior.weights = WeightsPrior::stick_breaking;
    sticks.prior.concentration = {1};
    CHECK(fit(start, source, sticks).verdict == Verdict::converged);

    FitOptions one;
    one.accelerate = method;
    CHECK(fit(initialize(problem.family, 1, source, {}), source, one).verdict == Verdict::converged);
  }
}

TEST_CASE("acceleration: restarts make use of it", "[acceleration]") {
  const Problem problem = problems()[2];
  auto source = problem.table.source();
  FitOptions options;
  options.accelerate = Acceleration::anderson;
  RestartsOptions restarts;
  restarts.restarts = 3;
  const RestartsResult result = fit_restarts(problem.family, problem.components, source, restarts, options);
  CHECK(result.best.verdict == Verdict::converged);
  CHECK(accelerated_entries(result.best.trace) > 0);
}

TEST_CASE("acceleration: the limit on iterations counts every pass", "[acceleration]") {
  const Problem problem = problems()[3];
  auto source = problem.table.source();
  const Mixture start = start_of(problem, source);
  for (const Acceleration method : methods)
    for (std::size_t limit = 0; limit < 40; ++limit) {
      FitOptions options;
      options.accelerate = method;
      options.tolerance = 0;
      options.max_iterations = limit;
      const FitResult result = fit(start, source, options);
      CHECK(result.iterations() <= limit);
      CHECK(result.iterations() + 1 >= limit);  // the last pass may have been a rejected one
    }
}

TEST_CASE("acceleration: what it cannot be combined with", "[acceleration]") {
  const Problem problem = problems()[2];
  auto source = problem.table.source();
  const Mixture start = start_of(problem, source);
  const auto error_with = [&](auto change) {
    FitOptions options;
    options.accelerate = Acceleration::squarem;
    change(options);
    return error_of([&] { fit(start, source, options); });
  };
  CHECK(error_with([](FitOptions& o) { o.assignment = Assignment::hard; }).find("usage: `accelerate = squarem`") == 0);
  CHECK(error_with([](FitOptions& o) { o.assignment = Assignment::sampled; }).find("usage: `accelerate") == 0);
  CHECK(error_with([](FitOptions& o) { o.temperature = 2; }).find("usage: `accelerate") == 0);
  CHECK(error_with([](FitOptions& o) { o.batch_rows = 10; }).find("usage: `accelerate") == 0);
  CHECK(error_with([&](FitOptions& o) {
          o = options_for(problem, Update::sampled, source);
          o.accelerate = Acceleration::squarem;
        }).find("usage: `accelerate") == 0);
  CHECK(to_string(Acceleration::none) == std::string("none"));
  CHECK(to_string(Acceleration::anderson) == std::string("anderson"));
}

}  // namespace mixfam
