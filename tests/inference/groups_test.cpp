#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "catch.hpp"
#include "family/responsibilities.hpp"
#include "laws.hpp"
#include "support.hpp"
#include "tolerance.hpp"

// Components of several families. Guilty, if a law breaks: log h in the wrong place, a part of a buffer or a table that
// belongs to another group, or a method that looks at the first group alone.

namespace mixfam {
namespace {

constexpr std::size_t rows_of_data = 300;

/// What the trace promises of itself, relative to its sums.
constexpr double promised = 1e-12;

/// Two sums of the same numbers in another order, over some iterations.
constexpr double other_order = 1e-9;

Groups make_groups(const std::string& spec, std::size_t columns, Source& source) {
  return Registry::builtin().make_groups(spec, std::nullopt, columns, {}, &source);
}

/// Positive numbers in three clusters, and for each row a count behind.
Table positive_and_counts() {
  Random random{20261124};
  Table table{2, {}};
  for (std::size_t n = 0; n < rows_of_data; ++n) {
    const double centre = n % 3 == 0 ? 1 : n % 3 == 1 ? 4 : 9;
    table.values.push_back(centre * std::exp(0.15 * random.normal()));
    table.values.push_back(static_cast<double>((n % 3) + random.below(3)));
  }
  return table;
}

Table first_column(const Table& table) {
  Table result{1, {}};
  for (std::size_t n = 0; n < table.rows(); ++n) result.values.push_back(table(n, 0));
  return result;
}

struct Method {
  const char* name;
  void (*configure)(FitOptions&);
};

constexpr Method methods[] = {
    {"ml", [](FitOptions&) {}},
    {"ml hard", [](FitOptions& options) { options.assignment = Assignment::hard; }},
    {"ml annealed", [](FitOptions& options) { options.temperature = 4; }},
    {"ml squarem", [](FitOptions& options) { options.accelerate = Acceleration::squarem; }},
    {"ml anderson", [](FitOptions& options) { options.accelerate = Acceleration::anderson; }},
    {"ml sampled assignment", [](FitOptions& options) { options.assignment = Assignment::sampled; }},
    {"ml batches",
     [](FitOptions& options) {
       options.batch_rows = 100;
       options.verify = false;
     }},
    {"map", [](FitOptions& options) { options.update = Update::map; }},
    {"map hard",
     [](FitOptions& options) {
       options.update = Update::map;
       options.assignment = Assignment::hard;
     }},
    {"vb", [](FitOptions& options) { options.update = Update::vb; }},
    {"vb anderson",
     [](FitOptions& options) {
       options.update = Update::vb;
       options.accelerate = Acceleration::anderson;
     }},
    {"sampled",
     [](FitOptions& options) {
       options.update = Update::sampled;
       options.assignment = Assignment::sampled;
     }},
};

FitOptions options_of(const Method& method, const Groups& groups, Source& source) {
  FitOptions options;
  options.verify = true;
  options.max_iterations = 25;
  options.tolerance = 0;
  options.seed = 3;
  method.configure(options);
  if (options.update != Update::ml) options.prior = default_prior(groups, source);
  return options;
}

bool climbs(const FitOptions& options) {
  return options.assignment == Assignment::soft && options.update != Update::sampled && options.batch_rows == 0;
}

/// Whether components are no longer those that they were.
bool begins_anew(const TraceEntry& entry) {
  return std::ranges::any_of(entry.events, [](const std::string& event) {
    return event.rfind("dropped", 0) == 0 || event.rfind("reseeded", 0) == 0;
  });
}

/// ELBO + KL = log p wherever the KL is known, finite terms, and an objective that does not fall where it climbs.
void check_trace(const FitResult& result, const FitOptions& options) {
  REQUIRE(!result.trace.empty());
  for (std::size_t t = 0; t < result.trace.size(); ++t) {
    CAPTURE(t, result.message);
    const TraceEntry& entry = result.trace[t];
    const double scale = std::abs(entry.q) + std::abs(entry.entropy) + std::abs(entry.objective);
    REQUIRE(std::isfinite(entry.objective));
    if (std::isnan(entry.kl_weights)) CHECK(close(entry.elbo_e, entry.q + entry.entropy, stated(promised, scale)));
    if (!std::isnan(entry.residual)) CHECK(entry.residual <= promised * scale);
    const bool same_map = t > 0 && entry.temperature == 1 && result.trace[t - 1].temperature == 1;
    if (same_map && climbs(options) && !begins_anew(entry))
      CHECK(entry.objective >= result.trace[t - 1].objective - promised * scale);
  }
}

/// Parameters and weights of components in the order given.
void check_same_components(const Mixture& a, const Mixture& b, const std::vector<std::size_t>& order) {
  for (std::size_t k = 0; k < a.components(); ++k) {
    CAPTURE(k);
    CHECK(close(a.weights()[k], b.weights()[order[k]], stated(other_order, 1)));
    const auto x = a.parameters().row(k);
    const auto y = b.parameters().row(order[k]);
    REQUIRE(x.size() == y.size());
    for (std::size_t i = 0; i < x.size(); ++i) CHECK(close(x[i], y[i], stated(other_order, std::abs(y[i]) + 1)));
  }
}

}  // namespace

TEST_CASE("groups: the same components in one group or in two are the same fit", "[groups][laws]") {
  const Table table = first_column(positive_and_counts());
  std::vector<double> some(table.rows(), 1);
  for (std::size_t n = 0; n < some.size(); ++n) some[n] = 0.5 * static_cast<double>(n % 4);
  for (const char* spec : {"gaussian", "log_normal", "exponential"})
    for (const Method& method : methods)
      for (const ConstVectorView weights : {ConstVectorView(), ConstVectorView(some)}) {
        CAPTURE(spec, method.name, weights.size());
        auto source = table.source(weights);
        const FamilyPtr family = Registry::builtin().make(spec, 1);
        const Groups one(family, 3);
        const Groups two({{family, 1}, {family, 2}});
        const Mixture start = initialize(one, source, {});
        const Mixture same(two, start.weights(), [&] {
          ParameterTable table_of_two = two.parameters();
          for (std::size_t k = 0; k < 3; ++k) std::ranges::copy(start.parameters().row(k), table_of_two.row(k).begin());
          return table_of_two;
        }());
        const FitOptions options = options_of(method, one, source);
        FitOptions options_of_two = options_of(method, two, source);
        if (options.prior.components) {
          // The default prior of a covariance depends on how many components share the data.
          for (std::size_t g = 0; g < 2; ++g)
            std::ranges::copy(std::as_const(*options.prior.components).row(0),
                              options_of_two.prior.components->row(g).begin());
        }
        const FitResult a = fit(start, source, options);
        const FitResult b = fit(same, source, options_of_two);
        check_trace(a, options);
        check_trace(b, options_of_two);
        REQUIRE(a.verdict == b.verdict);
        if (options.accelerate != Acceleration::none) {  // rounding decides how many steps are extrapolated
          CHECK(close(a.objective(), b.objective(), stated(other_order, std::abs(a.objective()))));
          continue;
        }
        REQUIRE(a.trace.size() == b.trace.size());
        if (options.update == Update::sampled) continue;  // draws come in another order
        for (std::size_t t = 0; t < a.trace.size(); ++t) {
          CAPTURE(t);
          const TraceEntry& x = a.trace[t];
          const TraceEntry& y = b.trace[t];
          const double scale = std::abs(x.q) + std::abs(x.entropy) + 1;
          for (const auto& [left, right] :
               {std::pair(x.objective, y.objective), std::pair(x.log_likelihood, y.log_likelihood), std::pair(x.q, y.q),
                std::pair(x.entropy, y.entropy), std::pair(x.elbo_m, y.elbo_m), std::pair(x.kl, y.kl),
                std::pair(x.log_prior, y.log_prior)})
            CHECK((std::isnan(left) ? std::isnan(right) : close(left, right, stated(other_order, scale))));
        }
        check_same_components(a.mixture, b.mixture, {0, 1, 2});
        CHECK(a.free_parameters == b.free_parameters);
        REQUIRE(a.posterior.has_value() == b.posterior.has_value());
        if (a.posterior)
          for (std::size_t k = 0; k < 3; ++k)
            for (std::size_t i = 0; i < a.posterior->mean.row(k).size(); ++i)
              CHECK(close(a.posterior->mean.row(k)[i], b.posterior->mean.row(k)[i],
                          stated(other_order, std::abs(a.posterior->mean.row(k)[i]) + 1)));
      }
}

TEST_CASE("groups: every method and policy, for families that differ", "[groups][laws]") {
  const Table both = positive_and_counts();
  const Table one = first_column(both);
  struct Case {
    const char* spec;
    std::size_t columns;
    bool has_prior = true;
  };
  for (const Case& test : {Case{"2 gaussian + 1 uniform", 1}, Case{"1 exponential + 1 gamma", 1, false},
                           Case{"1 exponential + 2 log_normal", 1}, Case{"2 gaussian:covariance=tied + 1 uniform", 2},
                           Case{"2 (gaussian(0) * categorical(1)) + 1 uniform", 2},
                           Case{"2 (log_normal(0) * poisson(1)) + (exponential(0) * geometric(1)) ", 2}})
    for (const Method& method : methods)
      for (const auto policy :
           {DegeneratePolicy::error, DegeneratePolicy::reseed, DegeneratePolicy::drop, DegeneratePolicy::keep}) {
        const Table& table = test.columns == 1 ? one : both;
        auto source = table.source();
        CAPTURE(test.spec, method.name, to_string(policy));
        const Groups groups = Registry::builtin().make_groups(
            test.spec, std::string(test.spec).back() == ' ' ? std::optional<std::size_t>(3) : std::nullopt,
            test.columns, {}, &source);
        FitOptions probe;
        method.configure(probe);
        if (!test.has_prior && probe.update != Update::ml) continue;
        FitOptions options = options_of(method, groups, source);
        options.degenerate = policy;
        const RestartsResult result = fit_restarts(groups, source, {}, options);
        check_trace(result.best, options);
        // A category that no row of a component has is impossible there, which a mixture of that alone would refuse.
        const bool excludes = std::string(test.spec).find("categorical") != std::string::npos;
        if (excludes && options.assignment != Assignment::soft) continue;
        const Mixture& mixture = result.best.mixture;
        // The log density is the sum over single families, whatever is done with log h.
        const auto log_density = mixture.log_density(source);
        std::vector<double> by_hand(table.rows());
        for (std::size_t k = 0; k < mixture.components(); ++k) {
          const std::size_t g = mixture.groups().group_of(k);
          ParameterTable theta(mixture.groups().family(g).parameters(), 1);
          std::ranges::copy(mixture.parameters().row(k), theta.row(0).begin());
          const auto own = Mixture(mixture.groups().family_ptr(g), {1}, theta).log_density(source);
          for (std::size_t n = 0; n < own.size(); ++n) by_hand[n] += mixture.weights()[k] * std::exp(own[n]);
        }
        double sum = 0;
        for (std::size_t n = 0; n < by_hand.size(); ++n) {
          REQUIRE(close(log_density[n], std::log(by_hand[n]), stated(promised, std::abs(log_density[n]) + 10)));
          sum += log_density[n];
        }
        if (result.best.verdict != Verdict::degenerate)
          CHECK(close(result.best.log_likelihood(), sum, stated(promised, std::abs(sum) + 1)));
      }
}

TEST_CASE("groups: threads and chunks change no bit", "[groups][threads]") {
  Random random{4};
  Table table{1, {}};
  for (std::size_t n = 0; n < 9 * pass_granularity + 77; ++n)
    table.values.push_back(n % 20 == 0 ? 30 * random.uniform() : random.normal() + static_cast<double>(10 * (n % 2)));
  auto source = table.source();
  const Groups groups = make_groups("2 gaussian + 1 uniform", 1, source);
  FitOptions options;
  options.max_iterations = 6;
  options.threads = 1;
  const FitResult alone = fit_restarts(groups, source, {}, options).best;
  options.threads = 3;
  const FitResult threaded = fit_restarts(groups, source, {}, options).best;
  ChunkedSource chunks(table, {1, 3, 2});
  const FitResult streamed = fit_restarts(groups, chunks, {}, options).best;
  for (const FitResult* other : {&threaded, &streamed}) {
    REQUIRE(other->trace.size() == alone.trace.size());
    for (std::size_t t = 0; t < alone.trace.size(); ++t) CHECK(other->trace[t].objective == alone.trace[t].objective);
    CHECK(other->mixture.weights() == alone.mixture.weights());
  }
}

TEST_CASE("groups: clusters go to the family that explains them", "[groups][initialize]") {
  // A narrow cluster far from 0 and a long tail from 0 on: the exponential one must take the tail.
  Random random{11};
  Table table{1, {}};
  for (int n = 0; n < 200; ++n) table.values.push_back(n % 2 == 0 ? 50 + random.normal() : random.exponential(0.2));
  auto source = table.source();
  for (const char* spec : {"1 gaussian + 1 exponential", "1 exponential + 1 gaussian"}) {
    CAPTURE(spec);
    const Groups groups = make_groups(spec, 1, source);
    const Mixture start = initialize(groups, source, {});
    const std::size_t gaussian = groups.family(0).name() == "gaussian" ? 0 : 1;
    CHECK(std::abs(start.parameters().row(gaussian)[0] - 50) < 1);
    CHECK(std::abs(start.weights()[gaussian] - 0.5) < 0.05);
  }
  const Mixture noisy = initialize(make_groups("3 gaussian + 1 uniform", 1, source), source, {});
  CHECK(noisy.weights()[3] == 0.25);
}

TEST_CASE("groups: predictive and marginal likelihood agree", "[groups][posterior]") {
  // p(x, z = k | X, z) = E[w_k] p(x | chi_k): the ratio of two marginal likelihoods.
  const Table table = positive_and_counts();
  auto source = table.source();
  const Groups groups =
      make_groups("1 (log_normal(0) * poisson(1)) + 1 (gaussian(0) * geometric(1)) + 1 uniform", 2, source);
  const Prior prior = default_prior(groups, source);
  Table some{2, {table.values.begin(), table.values.begin() + 40}};
  auto some_source = some.source();
  std::vector<std::size_t> labels;
  std::vector<double> R;
  for (std::size_t n = 0; n < some.rows(); ++n) {
    labels.push_back(n % 3);
    for (std::size_t k = 0; k < 3; ++k) R.push_back(n % 3 == k ? 1 : 0);
  }
  const Statistics statistics =
      statistics_of_responsibilities(groups, ConstMatrixView::row_major(R.data(), some.rows(), 3), some_source);
  const auto predictive = log_predictive(groups, make_posterior(groups, statistics, prior), some_source);
  const double before = log_marginal_likelihood(groups, some_source, labels, prior);
  for (std::size_t n = 0; n < some.rows(); ++n) {
    CAPTURE(n);
    Table more = some;
    more.values.insert(more.values.end(), {some(n, 0), some(n, 1)});
    auto more_source = more.source();
    double density = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      auto more_labels = labels;
      more_labels.push_back(k);
      density += std::exp(log_marginal_likelihood(groups, more_source, more_labels, prior) - before);
    }
    CHECK(close(predictive[n], std::log(density), stated(promised, 2 * std::abs(before) + 1)));
  }
}

TEST_CASE("groups: a drop that leaves one family leaves a sound trace", "[groups][degenerate]") {
  // Three equal rows are a Gaussian without variance; what is left is exponential.
  Table table{1, {90, 90, 90}};
  Random random{3};
  for (int n = 0; n < 100; ++n) table.values.push_back(random.exponential(1));
  auto source = table.source();
  const Groups groups = make_groups("1 exponential + 1 gaussian", 1, source);
  ParameterTable theta = groups.parameters();
  theta.row(0)[0] = 1;
  std::ranges::copy(std::vector{90.0, 1.0}, theta.row(1).begin());
  FitOptions options;
  options.verify = true;
  options.degenerate = DegeneratePolicy::drop;
  const FitResult result = fit(Mixture(groups, {0.9, 0.1}, theta), source, options);
  CHECK(result.verdict == Verdict::converged);
  CHECK(result.mixture.groups().spec() == "exponential");
  check_trace(result, options);
  const Mixture alone(groups.family_ptr(0), {1}, result.mixture.parameters());
  CHECK(close(result.log_likelihood(), alone.log_likelihood(source),
              stated(promised, std::abs(result.log_likelihood()))));
  CHECK(result.free_parameters == 1);
}

TEST_CASE("groups: copies of rows are weights", "[groups]") {
  Table counts{1, {}};
  Random random{8};
  for (int n = 0; n < 400; ++n) counts.values.push_back(static_cast<double>(random.below(n % 4 == 0 ? 30 : 6)));
  auto source = counts.source();
  MergedSource merged(source);
  const Groups groups = make_groups("1 poisson + 1 geometric + 1 uniform", 1, source);
  REQUIRE(merged.rows() <= 30);
  for (const Update update : {Update::ml, Update::map, Update::vb}) {
    CAPTURE(to_string(update));
    FitOptions options;
    options.update = update;
    options.max_iterations = 30;
    options.tolerance = 0;
    if (update != Update::ml) options.prior = default_prior(groups, source);
    const Mixture start = initialize(groups, source, {});
    const FitResult a = fit(start, source, options);
    const FitResult b = fit(start, merged, options);
    CHECK(close(a.objective(), b.objective(), stated(other_order, std::abs(a.objective()))));
    check_same_components(a.mixture, b.mixture, {0, 1, 2});
  }
}

TEST_CASE("groups: one row is enough for as many components as have parameters", "[groups][initialize]") {
  const Table table{1, {3}};
  auto source = table.source();
  const FitResult noise = fit_restarts(make_groups("3 uniform:lower=0,upper=10", 1, source), source, {}, {}).best;
  CHECK(noise.mixture.weights() == std::vector<double>(3, 1.0 / 3));
  CHECK(close(noise.log_likelihood(), -std::log(10), round_off(4, std::log(10))));
  const Groups groups = make_groups("1 exponential + 2 uniform:lower=0,upper=10", 1, source);
  const FitResult result = fit_restarts(groups, source, {}, {}).best;
  CHECK(close(result.mixture.parameters().row(0)[0], 1.0 / 3, stated(other_order, 1)));
  CHECK(error_of([&] {
          fit_restarts(make_groups("2 exponential + 1 uniform:lower=0,upper=10", 1, source), source, {}, {});
        }).find("2 components, but only 1 distinct row") != std::string::npos);
}

TEST_CASE("groups: rows that no component can have produced are named with their values", "[groups][uniform]") {
  const Table table{2, {0.5, 0.5, 7, 0.25}};
  auto source = table.source();
  for (const char* spec : {"1 uniform:lower=0,upper=1", "1 uniform:lower=0,upper=1 + 2 uniform:lower=4;4,upper=9;9"}) {
    CAPTURE(spec);
    CHECK(error_of([&] {
            fit_restarts(make_groups(spec, 2, source), source, {}, {});
          }).find("data: data row 1 (7, 0.25) has probability 0 under '") == 0);
  }
  // A row of weight 0 is no row.
  const std::vector<double> weights{1, 0};
  auto weighted = table.source(weights);
  const FitResult result = fit_restarts(make_groups("1 uniform:lower=0,upper=1", 2, weighted), weighted, {}, {}).best;
  CHECK(result.log_likelihood() == 0);
}

}  // namespace mixfam
