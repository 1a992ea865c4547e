#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "catch.hpp"
#include "laws.hpp"
#include "reference/faithful.hpp"
#include "support.hpp"
#include "tolerance.hpp"

// What is frozen stays to the last bit, the rest is as good as it can be given that, and nobody counts it as free.

namespace mixfam {
namespace {

constexpr double promised = 1e-12;

Table faithful() { return {2, reference::faithful}; }

Mixture start_of(const std::string& spec, std::size_t components, Source& source, std::uint64_t seed = 1) {
  InitializeOptions options;
  options.seed = seed;
  return initialize(Registry::builtin().make(spec, source.columns()), components, source, options);
}

FitOptions with(Update update, const Mixture& start, Source& source) {
  FitOptions options;
  options.update = update;
  options.verify = true;
  if (update == Update::sampled) {
    options.assignment = Assignment::sampled;
    options.max_iterations = 20;
  }
  if (update != Update::ml) options.prior = default_prior(start.groups(), source);
  return options;
}

void check_bound(const FitResult& result, const FitOptions& options) {
  for (std::size_t t = 1; t < result.trace.size(); ++t) {
    CAPTURE(t);
    const TraceEntry& entry = result.trace[t];
    const double scale = std::abs(entry.q) + std::abs(entry.entropy);
    CHECK(entry.residual <= promised * scale);
    if (options.assignment == Assignment::soft && options.update != Update::sampled)
      CHECK(entry.objective >= result.trace[t - 1].objective - promised * scale);
  }
}

}  // namespace

TEST_CASE("freeze: components stay to the last bit, whatever the method", "[freeze]") {
  const Table table = faithful();
  auto source = table.source();
  for (const char* spec : {"gaussian", "gaussian:covariance=diagonal", "log_normal(0) * gaussian(1)"})
    for (const Update update : {Update::ml, Update::map, Update::vb, Update::sampled})
      for (const Acceleration accelerate : {Acceleration::none, Acceleration::anderson, Acceleration::squarem}) {
        if (update == Update::sampled && accelerate != Acceleration::none) continue;
        CAPTURE(spec, to_string(update), to_string(accelerate));
        const Mixture start = start_of(spec, 3, source);
        FitOptions options = with(update, start, source);
        options.accelerate = accelerate;
        options.freeze.components = {0, 2};
        const FitResult result = fit(start, source, options);
        check_bound(result, options);
        CHECK(result.verdict == (update == Update::sampled ? Verdict::max_iterations : Verdict::converged));
        for (const std::size_t k : {0, 2}) {
          CHECK(to_vector(result.mixture.parameters().row(k)) == to_vector(start.parameters().row(k)));
          if (result.posterior) CHECK(to_vector(result.posterior->mean.row(k)) == to_vector(start.parameters().row(k)));
        }
        CHECK(to_vector(result.mixture.parameters().row(1)) != to_vector(start.parameters().row(1)));
        CHECK(result.free_parameters == 2 + start.family().free_parameters(1));
      }
}

TEST_CASE("freeze: with all components frozen the weights alone are fitted", "[freeze]") {
  const Table table = faithful();
  auto source = table.source();
  const Mixture start = start_of("gaussian:covariance=tied", 2, source);
  FitOptions options = with(Update::ml, start, source);
  options.freeze.components = {0, 1};
  const FitResult result = fit(start, source, options);
  check_bound(result, options);
  for (const std::size_t k : {0, 1})
    CHECK(to_vector(result.mixture.parameters().row(k)) == to_vector(start.parameters().row(k)));
  CHECK(result.free_parameters == 1);
  // The weight of a mixture of known densities: a search along the line.
  const double best = result.log_likelihood();
  for (const double step : {-1e-3, 1e-3}) {
    std::vector<double> weights = result.mixture.weights();
    weights[0] += step;
    weights[1] -= step;
    CHECK(Mixture(start.family_ptr(), weights, start.parameters()).log_likelihood(source) < best);
  }
  options.freeze.weights = true;
  const FitResult nothing = fit(start, source, options);
  CHECK(nothing.verdict == Verdict::converged);
  CHECK(nothing.mixture.weights() == start.weights());
  CHECK(nothing.free_parameters == 0);
}

TEST_CASE("freeze: a parameter of all components, and the best others given it", "[freeze]") {
  const Table table = faithful();
  auto source = table.source();
  struct Case {
    const char* spec;
    const char* parameter;
  };
  for (const Case& test :
       {Case{"gaussian", "mean"}, Case{"gaussian", "covariance"}, Case{"gaussian:covariance=tied", "mean"},
        Case{"gaussian:covariance=tied", "covariance"}, Case{"gaussian:covariance=diagonal", "mean"},
        Case{"gaussian:covariance=diagonal", "covariance"}, Case{"gaussian:covariance=spherical", "mean"},
        Case{"gaussian:covariance=spherical", "covariance"}, Case{"log_normal", "log_mean"},
        Case{"log_normal", "log_variance"}, Case{"gaussian(0) * log_normal(1)", "gaussian/mean"}})
    for (const Update update : {Update::ml, Update::map}) {
      CAPTURE(test.spec, test.parameter, to_string(update));
      const Mixture start = start_of(test.spec, 2, source);
      FitOptions options = with(update, start, source);
      options.freeze.parameters = {test.parameter};
      options.tolerance = 1e-10;
      const FitResult result = fit(start, source, options);
      check_bound(result, options);
      CHECK(result.verdict == Verdict::converged);
      const ParameterTable& theta = result.mixture.parameters();
      for (std::size_t k = 0; k < 2; ++k)
        CHECK(to_vector(theta.field(k, test.parameter)) == to_vector(start.parameters().field(k, test.parameter)));
      // Stationary in the others: EM from a start moved a little comes back.
      if (update == Update::map) continue;
      const Schema& schema = theta.schema();
      for (std::size_t f = 0; f < schema.fields().size(); ++f) {
        if (schema.fields()[f].name == test.parameter || std::string(test.spec) == "gaussian:covariance=tied") continue;
        for (const double factor : {1 - 1e-4, 1 + 1e-4}) {
          ParameterTable moved = theta;
          for (double& value : moved.field(0, schema.fields()[f].name)) value *= factor;
          CHECK(Mixture(start.family_ptr(), result.mixture.weights(), moved).log_likelihood(source) <
                result.log_likelihood() + 1e-9);
        }
      }
    }
}

TEST_CASE("freeze: what is kept is not counted", "[freeze]") {
  const Table table = faithful();
  auto source = table.source();
  const auto count = [&](const char* spec, const Freeze& freeze) {
    const Mixture start = start_of(spec, 3, source);
    FitOptions options = with(Update::ml, start, source);
    options.freeze = freeze;
    options.max_iterations = 1;
    return fit(start, source, options).free_parameters;
  };
  CHECK(count("gaussian", {}) == 2 + 3 * 5);
  CHECK(count("gaussian", {true, {}, {}}) == 3 * 5);
  CHECK(count("gaussian", {false, {1}, {}}) == 2 + 2 * 5);
  CHECK(count("gaussian", {false, {1}, {"mean"}}) == 2 + 2 * 3);
  CHECK(count("gaussian", {true, {}, {"covariance"}}) == 3 * 2);
  CHECK(count("gaussian:covariance=tied", {false, {}, {"covariance"}}) == 2 + 3 * 2);
  CHECK(count("gaussian:covariance=tied", {false, {}, {"mean"}}) == 2 + 3);
  CHECK(count("gaussian:covariance=tied", {false, {0, 1, 2}, {}}) == 2);
}

TEST_CASE("freeze: policies, batches and hard assignment keep it too", "[freeze]") {
  const Table table = faithful();
  auto source = table.source();
  const Mixture start = start_of("gaussian", 4, source);
  for (const auto policy : {DegeneratePolicy::reseed, DegeneratePolicy::drop, DegeneratePolicy::keep})
    for (const std::size_t batch : {0, 50})
      for (const auto assignment : {Assignment::soft, Assignment::hard, Assignment::sampled}) {
        CAPTURE(to_string(policy), batch, to_string(assignment));
        FitOptions options = with(Update::ml, start, source);
        options.verify = false;
        options.assignment = assignment;
        options.degenerate = policy;
        options.batch_rows = batch;
        options.max_iterations = 10;
        options.freeze.components = {1};
        const FitResult result = fit(start, source, options);
        bool found = false;
        for (std::size_t k = 0; k < result.mixture.components(); ++k)
          found |= to_vector(result.mixture.parameters().row(k)) == to_vector(start.parameters().row(1));
        CHECK(found);
      }
}

TEST_CASE("freeze: a frozen component has no prior", "[freeze]") {
  // Its probability of 0 has the density 0 under Beta(2, 2), and infinite under Beta(0.5, 0.5).
  const Table table{1, {0, 0, 0, 0, 1, 1, 1, 0, 1, 1}};
  auto source = table.source();
  const FamilyPtr family = Registry::builtin().make("bernoulli", 1);
  const Mixture start(family, {0.5, 0.5}, parameter_table(*family, {{0.0}, {0.7}}));
  for (const double a : {0.5, 2.0})
    for (const Update update : {Update::map, Update::vb}) {
      CAPTURE(a, to_string(update));
      FitOptions options;
      options.update = update;
      options.verify = true;
      options.prior.components = flat_hyperparameters(family);
      for (double& value : options.prior.components->row(0)) value = a;
      options.freeze.components = {0};
      const FitResult result = fit(start, source, options);
      CHECK(std::isfinite(result.objective()));
      CHECK(to_vector(result.mixture.parameters().row(0)) == to_vector(start.parameters().row(0)));
    }
}

TEST_CASE("freeze: what cannot be kept is refused by name", "[freeze]") {
  const Table table = faithful();
  auto source = table.source();
  const auto error = [&](const char* spec, const Freeze& freeze, Update update = Update::ml) {
    const Mixture start = start_of(spec, 2, source);
    FitOptions options = with(update, start, source);
    options.freeze = freeze;
    return error_of([&] { fit(start, source, options); });
  };
  CHECK(error("gaussian", {false, {2}, {}}) == "usage: `freeze`: component 2 of 2 (they are numbered from 0)");
  CHECK(error("gaussian", {false, {}, {"rate"}}) ==
        "usage: `freeze`: no component has a parameter 'rate'; there are: covariance, mean");
  CHECK(
      error("exponential", {false, {}, {"rate"}}) ==
      "usage: `freeze`: 'exponential' has no formula of its other parameters given 'rate'; freeze whole components by "
      "their numbers");
  CHECK(error("gaussian:covariance=tied", {false, {0}, {}}) ==
        "usage: `freeze`: the components of 'gaussian:covariance=tied' share parameters; freeze all of them or none");
  CHECK(error("gaussian", {false, {}, {"mean"}}, Update::vb)
            .find("usage: `freeze`: a parameter of all components is for") == 0);
  FitOptions options;
  options.freeze.components = {0};
  CHECK(error_of([&] { fit_restarts(Registry::builtin().make("gaussian", 2), 2, source, {}, options); }) ==
        "usage: only parameters of a start that is given can be frozen, not of one that is drawn");
}

TEST_CASE("freeze: a tied factor shares its own parameters alone", "[freeze]") {
  const Table table = faithful();
  auto source = table.source();
  const Mixture start = start_of("gaussian:covariance=tied(0) * gaussian(1)", 3, source);
  const auto count = [&](const std::string& name) {
    FitOptions options = with(Update::ml, start, source);
    options.freeze.parameters = {name};
    options.max_iterations = 1;
    return fit(start, source, options).free_parameters;
  };
  const std::size_t all = 2 + 3 + 1 + 3 * 2;  // weights, means and one variance, both of the other
  CHECK(start.free_parameters() == all);
  CHECK(count("gaussian/mean") == all - 3);
  CHECK(count("gaussian/covariance") == all - 1);
  CHECK(count("gaussian_2/mean") == all - 3);
  CHECK(count("gaussian_2/covariance") == all - 3);
}

TEST_CASE("freeze: all parameters by name are all parameters", "[freeze]") {
  const Table table = faithful();
  auto source = table.source();
  const Mixture start = start_of("gaussian", 3, source);
  FitOptions options = with(Update::ml, start, source);
  options.freeze.components = {0, 1, 2};
  const FitResult by_number = fit(start, source, options);
  for (const auto& names : {std::vector<std::string>{"mean", "covariance"}, {"covariance", "mean"}}) {
    options.freeze = {false, {}, names};
    const FitResult by_name = fit(start, source, options);
    check_bound(by_name, options);
    CHECK(by_name.mixture.weights() == by_number.mixture.weights());
    CHECK(by_name.free_parameters == by_number.free_parameters);
    for (std::size_t k = 0; k < 3; ++k)
      CHECK(to_vector(by_name.mixture.parameters().row(k)) == to_vector(start.parameters().row(k)));
  }
}

TEST_CASE("freeze: there is no conjugate posterior beside parameters that are known by name", "[freeze][posterior]") {
  const Table table = faithful();
  auto source = table.source();
  const Mixture start = start_of("gaussian", 2, source);
  FitOptions options = with(Update::map, start, source);
  CHECK(fit(start, source, options).posterior);
  options.freeze.components = {0};
  CHECK(fit(start, source, options).posterior);
  options.freeze = {false, {}, {"mean"}};
  CHECK(!fit(start, source, options).posterior);
}

TEST_CASE("freeze: the maximum given what is kept is that of a search", "[freeze]") {
  // Of N(m, v) known in one parameter the other is the only unknown: no point of a fine line does better.
  Random random{17};
  Table table{1, {}};
  for (int n = 0; n < 200; ++n) table.values.push_back(n % 3 == 0 ? 4 + random.normal() : 0.5 * random.normal());
  auto source = table.source();
  const FamilyPtr family = Registry::builtin().make("gaussian", 1);
  const Mixture start(family, {0.6, 0.4}, parameter_table(*family, {{0.2, 0.5}, {4.5, 2}}));
  FitOptions options = with(Update::ml, start, source);
  options.tolerance = 1e-10;
  options.freeze = {true, {1}, {"mean"}};
  const FitResult result = fit(start, source, options);
  CHECK(result.free_parameters == 1);
  double best = -std::numeric_limits<double>::infinity();
  double best_variance = 0;
  constexpr double step = 1e-4;
  for (double variance = step; variance < 4; variance += step) {
    double sum = 0;
    for (const double x : table.values) {
      const auto normal = [x](double m, double v) { return std::exp(-0.5 * (x - m) * (x - m) / v) / std::sqrt(v); };
      sum += std::log(0.6 * normal(0.2, variance) + 0.4 * normal(4.5, 2));
    }
    if (sum > best) best_variance = variance;
    best = std::max(best, sum);
  }
  const double found = result.mixture.parameters().field(0, "covariance")[0];
  CHECK(std::abs(found - best_variance) < 2 * step);  // between two points of the line
}

TEST_CASE("freeze: the predictive density of a known component is its density", "[freeze][posterior]") {
  const Table table = faithful();
  auto source = table.source();
  for (const char* spec :
       {"gaussian", "gaussian:covariance=diagonal", "exponential", "log_normal(0) * exponential(1)"}) {
    CAPTURE(spec);
    const Mixture start = start_of(spec, 1, source);
    FitOptions options = with(Update::vb, start, source);
    options.freeze.components = {0};
    const FitResult result = fit(start, source, options);
    REQUIRE(result.posterior);
    const auto predictive = log_predictive(start.family_ptr(), *result.posterior, source);
    const auto density = start.log_density(source);
    for (std::size_t n = 0; n < density.size(); ++n)
      REQUIRE(close(predictive[n], density[n], stated(promised, std::abs(density[n]) + 1)));
  }
}

}  // namespace mixfam
