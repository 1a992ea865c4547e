#include "catch.hpp"

#include <mixfam/mixfam.hpp>

#include <cmath>
#include <numeric>
#include <vector>

#include "family/responsibilities.hpp"
#include "support.hpp"
#include "tolerance.hpp"

// The rows of the table in docs/methods.md that no other test is about: stochastic EM, stepwise EM, stochastic
// variational inference, annealing, and what happens to components that no parameters fit.

namespace mixfam {
namespace {

FamilyPtr family_of(const std::string& spec, std::size_t columns) { return Registry::builtin().make(spec, columns); }

Table exponential_table(std::size_t rows, std::uint64_t seed) {
  Random random{seed};
  Table table{1, {}};
  for (std::size_t n = 0; n < rows; ++n) table.values.push_back(random.exponential(n % 3 == 0 ? 0.2 : 3));
  return table;
}

Mixture exponential_mixture() {
  const auto family = family_of("exponential", 1);
  return {family, {0.4, 0.6}, parameter_table(*family, {{0.5}, {2}})};
}

/// N_k and sum_n r_nk x_n of rows `first` to `last` at the rates and weights, by their definition.
struct HandStatistics {
  std::vector<double> count = {0, 0};
  std::vector<double> sum = {0, 0};
};

HandStatistics statistics_by_hand(const Table& table, std::size_t first, std::size_t last, const std::vector<double>& w,
                                  const std::vector<double>& rate) {
  HandStatistics result;
  for (std::size_t n = first; n < last; ++n) {
    const double x = table(n, 0);
    const double p[] = {w[0] * rate[0] * std::exp(-rate[0] * x), w[1] * rate[1] * std::exp(-rate[1] * x)};
    for (std::size_t k = 0; k < 2; ++k) {
      result.count[k] += p[k] / (p[0] + p[1]);
      result.sum[k] += p[k] / (p[0] + p[1]) * x;
    }
  }
  return result;
}

HandStatistics blend(const HandStatistics& old, const HandStatistics& batch, double rho, double scale) {
  HandStatistics result;
  for (std::size_t k = 0; k < 2; ++k) {
    result.count[k] = (1 - rho) * old.count[k] + rho * scale * batch.count[k];
    result.sum[k] = (1 - rho) * old.sum[k] + rho * scale * batch.sum[k];
  }
  return result;
}

}  // namespace

TEST_CASE("stepwise EM is the recursion of Cappe and Moulines", "[methods]") {
  constexpr std::size_t rows = 1000;
  constexpr std::size_t batch_rows = 300;  // three whole batches and a rest
  const Table table = exponential_table(rows, 5);
  auto source = table.source();
  FitOptions options;
  options.batch_rows = batch_rows;
  options.forgetting = 0.6;
  options.max_iterations = 3;
  const FitResult result = fit(exponential_mixture(), source, options);

  std::vector<double> w = {0.4, 0.6};
  std::vector<double> rate = {0.5, 2};
  HandStatistics s = statistics_by_hand(table, 0, rows, w, rate);
  std::size_t steps = 0;
  for (int pass = 0; pass < 3; ++pass) {
    for (std::size_t first = 0; first < rows; first += batch_rows) {
      const std::size_t last = std::min(first + batch_rows, rows);
      const double rho = std::pow(static_cast<double>(steps + 2), -0.6);
      s = blend(s, statistics_by_hand(table, first, last, w, rate), rho, rows / static_cast<double>(last - first));
      ++steps;
      for (std::size_t k = 0; k < 2; ++k) {
        w[k] = s.count[k] / (s.count[0] + s.count[1]);
        rate[k] = s.count[k] / s.sum[k];
      }
    }
  }
  for (std::size_t k = 0; k < 2; ++k) {
    CHECK(close(result.mixture.weights()[k], w[k], round_off(10 * rows, 1)));
    CHECK(close(result.mixture.parameters().row(k)[0], rate[k], round_off(10 * rows, rate[k])));
  }
}

TEST_CASE("stepwise EM knows how far it is from its limit", "[methods]") {
  // With batches of equal size the limit is the optimum of the whole data.
  const Table table = exponential_table(1000, 5);
  auto source = table.source();
  FitOptions options;
  options.tolerance = 1e-11;
  options.max_iterations = 100'000;
  const double optimum = fit(exponential_mixture(), source, options).objective();
  options.batch_rows = 100;
  options.tolerance = 0;
  options.max_iterations = 200;
  options.forgetting = 0.6;  // here the power law holds from pass 50 on
  const FitResult far = fit(exponential_mixture(), source, options);
  CHECK(close(far.remaining_gain, optimum - far.objective(), stated(0.1, far.remaining_gain)));
  options.tolerance = 1e-3;
  const FitResult result = fit(exponential_mixture(), source, options);
  CHECK(result.verdict == Verdict::converged);
  CHECK(optimum - result.objective() < 1.1e-3);
}

TEST_CASE("stochastic variational inference blends the same statistics under vb", "[methods]") {
  constexpr std::size_t rows = 600;
  const Table table = exponential_table(rows, 6);
  auto source = table.source();
  FitOptions options;
  options.update = Update::vb;
  options.prior = {WeightsPrior::dirichlet, {2}, flat_hyperparameters(family_of("exponential", 1))};
  options.prior.components->row(0)[0] = 3;
  options.prior.components->row(0)[1] = 1.5;
  options.batch_rows = 200;
  options.max_iterations = 1;
  const FitResult result = fit(exponential_mixture(), source, options);

  // The posterior of the last assignment is chi + s, and s has its counts.
  REQUIRE(result.posterior.has_value());
  const TraceEntry& last = result.trace.back();
  for (std::size_t k = 0; k < 2; ++k)
    CHECK(close(result.posterior->hyperparameters.row(k)[0], 3 + last.counts[k], round_off(100, rows)));
  CHECK(close(result.posterior->concentration[0], 2 + last.counts[0], round_off(100, rows)));

  // Enough passes come close to the optimum of the whole data.
  options.max_iterations = 200;
  options.tolerance = 1e-9;
  const double stepwise = fit(exponential_mixture(), source, options).objective();
  options.batch_rows = 0;
  options.max_iterations = 10'000;
  const double whole = fit(exponential_mixture(), source, options).objective();
  CHECK(stepwise <= whole + 1e-9);
  CHECK(whole - stepwise < 0.05);
}

TEST_CASE("stochastic EM assigns each row to one component", "[methods]") {
  const Table table = exponential_table(500, 7);
  auto source = table.source();
  FitOptions options;
  options.assignment = Assignment::sampled;
  options.max_iterations = 20;
  options.seed = 3;
  const FitResult result = fit(exponential_mixture(), source, options);
  CHECK(result.verdict == Verdict::max_iterations);
  for (const TraceEntry& entry : result.trace) {
    CHECK(entry.entropy == 0);
    CHECK(entry.counts[0] == std::floor(entry.counts[0]));
    CHECK(entry.counts[0] + entry.counts[1] == 500);
  }
  const FitResult again = fit(exponential_mixture(), source, options);
  CHECK(again.objective() == result.objective());
  options.seed = 4;
  CHECK(fit(exponential_mixture(), source, options).objective() != result.objective());
}

TEST_CASE("annealing begins with equal shares and ends as EM", "[methods]") {
  const Table table = exponential_table(800, 8);
  auto source = table.source();
  const FitResult plain = fit(exponential_mixture(), source, {});
  FitOptions options;
  options.temperature = 1e6;
  options.max_iterations = 0;
  CHECK(close(fit(exponential_mixture(), source, options).trace.front().counts[0], 400, stated(1e-4, 400)));
  options = {};
  options.temperature = 3;
  const FitResult annealed = fit(exponential_mixture(), source, options);
  CHECK(annealed.trace.back().temperature == 1);
  for (std::size_t t = 1; t < annealed.trace.size(); ++t)
    CHECK(annealed.trace[t].temperature <= annealed.trace[t - 1].temperature);
  CHECK(close(annealed.objective(), plain.objective(), {FitOptions().tolerance * 2, "the tolerance of both fits"}));
}

TEST_CASE("policies for components that no parameters fit", "[methods][degenerate]") {
  // Three equal rows far away: a component that starts there collapses onto them.
  Table table{1, {100, 100, 100}};
  Random random{9};
  for (std::size_t n = 0; n < 200; ++n) table.values.push_back(random.normal());
  auto source = table.source();
  const auto family = family_of("gaussian", 1);
  const Mixture start(family, {0.9, 0.1}, parameter_table(*family, {{0, 1}, {100, 1}}));
  FitOptions options;
  SECTION("error") {
    const FitResult result = fit(start, source, options);
    CHECK(result.verdict == Verdict::degenerate);
    CHECK(result.message.find("component 1") != std::string::npos);
    CHECK(result.message.find("prior") != std::string::npos);
    CHECK(std::isfinite(result.objective()));
  }
  SECTION("drop") {
    options.degenerate = DegeneratePolicy::drop;
    const FitResult result = fit(start, source, options);
    CHECK(result.verdict == Verdict::converged);
    CHECK(result.mixture.components() == 1);
    CHECK(result.trace.back().counts == std::vector<double>{203});
  }
  SECTION("keep") {
    options.degenerate = DegeneratePolicy::keep;
    const FitResult result = fit(start, source, options);
    CHECK(result.verdict == Verdict::converged);
    CHECK(result.mixture.parameters().row(1)[1] == 1);
    CHECK(close(result.mixture.weights()[1], 3.0 / 203, round_off(1000, 1)));
  }
  SECTION("reseed") {
    options.degenerate = DegeneratePolicy::reseed;
    options.max_iterations = 500;
    const FitResult result = fit(start, source, options);
    bool reseeded = false;
    for (const TraceEntry& entry : result.trace)
      for (const std::string& event : entry.events) reseeded = reseeded || event.rfind("reseeded", 0) == 0;
    CHECK(reseeded);
    CHECK(std::isfinite(result.objective()));
  }
}

TEST_CASE("methods refuse what they cannot do", "[methods]") {
  const Table table = exponential_table(50, 1);
  auto source = table.source();
  const auto refusal = [&](auto change) {
    FitOptions options;
    change(options);
    return error_of([&] { fit(exponential_mixture(), source, options); });
  };
  CHECK(refusal([](FitOptions& o) { o.update = Update::vb; }).find("needs a prior") != std::string::npos);
  CHECK(refusal([](FitOptions& o) { o.prior.weights = WeightsPrior::stick_breaking; }).find("vb") != std::string::npos);
  CHECK(refusal([](FitOptions& o) { o.temperature = 0.5; }).find("temperature") != std::string::npos);
  CHECK(refusal([](FitOptions& o) { o.forgetting = 0.5; }).find("forgetting") != std::string::npos);
  const auto gamma = family_of("gamma", 1);
  const Mixture start(gamma, {1}, parameter_table(*gamma, {{1, 1}}));
  FitOptions vb;
  vb.update = Update::vb;
  CHECK(error_of([&] { fit(start, source, vb); }).find("'gamma' has no conjugate prior") != std::string::npos);
}

TEST_CASE("fixed weights stay", "[methods]") {
  const Table table = exponential_table(300, 2);
  auto source = table.source();
  for (const auto update : {Update::ml, Update::map}) {
    FitOptions options;
    options.update = update;
    options.freeze.weights = true;
    CHECK(fit(exponential_mixture(), source, options).mixture.weights() == std::vector<double>{0.4, 0.6});
  }
}

TEST_CASE("fixed weights are those of the posterior and of the predictive density", "[methods][posterior]") {
  const Table table = exponential_table(300, 2);
  auto source = table.source();
  const std::vector<double> known = {0.9, 0.1};
  const auto family = family_of("exponential", 1);
  const Mixture start(family, known, exponential_mixture().parameters());
  for (const auto update : {Update::map, Update::vb, Update::sampled}) {
    FitOptions options;
    options.update = update;
    options.prior = default_prior(family, 2, source);
    options.freeze.weights = true;
    options.max_iterations = 5;
    const Posterior posterior = *fit(start, source, options).posterior;
    CHECK(posterior.weight_mean == known);
    CHECK(posterior.weight_lower == known);
    CHECK(posterior.weight_upper == known);
    // At x = 0 the predictive density of Gamma(a, b) on the rate is its mean a / b.
    const Table zero{1, {0}};
    auto zero_source = zero.source();
    double density = 0;
    for (std::size_t k = 0; k < 2; ++k) {
      const auto h = posterior.hyperparameters.row(k);
      density += known[k] * h[0] / h[1];
    }
    CHECK(close(log_predictive(family, posterior, zero_source)[0], std::log(density), round_off(200, 1)));
  }
  const Prior prior = default_prior(family, 2, source);
  const Statistics none(2, family->statistic_size(), family->origin_size());
  CHECK(error_of([&] { make_posterior(family, none, prior, {1}); }) ==
        "usage: 1 known weight for 2 components (there must be as many)");
  CHECK(error_of([&] {
          make_posterior(family, none, prior, {0.9, 0.3});
        }).find("the weights sum to 1.2") != std::string::npos);
}

TEST_CASE("stick-breaking leaves spare components empty", "[methods]") {
  const Table table = exponential_table(2000, 3);
  auto source = table.source();
  const auto family = family_of("exponential", 1);
  FitOptions options;
  options.update = Update::vb;
  options.prior = default_prior(family, 6, source);
  options.prior.weights = WeightsPrior::stick_breaking;
  options.prior.concentration = {0.1};
  RestartsOptions restarts;
  const RestartsResult result = fit_restarts(family, 6, source, restarts, options);
  const auto& counts = result.best.trace.back().counts;
  CHECK(std::count_if(counts.begin(), counts.end(), [](double count) { return count < 1; }) >= 3);
  for (std::size_t t = 1; t < result.best.trace.size(); ++t)
    CHECK(result.best.trace[t].objective >= result.best.trace[t - 1].objective - 1e-9);
}

// --- what a posterior says ---------------------------------------------------------------------------------------

TEST_CASE("the marginal likelihood is a product of predictives", "[posterior]") {
  // p(x_1 .. x_n) = prod_i p(x_i | x_1 .. x_{i-1}), one component (rv's law `ln_p_is_ratio_of_ln_m`).
  for (const std::string spec : {"exponential", "gaussian", "poisson", "bernoulli", "geometric", "log_normal"}) {
    const auto family = family_of(spec, 1);
    const std::vector<double> x =
        spec == "bernoulli" ? std::vector<double>{1, 0, 1, 1} : std::vector<double>{1, 3, 2, 7};
    Table all{1, x};
    auto all_source = all.source();
    const Prior prior = default_prior(family, 1, all_source);
    double sum = 0;
    for (std::size_t n = 0; n < x.size(); ++n) {
      Table next{1, {x[n]}};
      auto next_source = next.source();
      Statistics none(1, family->statistic_size(), family->origin_size());
      Posterior posterior;
      if (n == 0) {
        posterior = make_posterior(family, none, prior);
      } else {
        Table before{1, {x.begin(), x.begin() + static_cast<std::ptrdiff_t>(n)}};
        auto before_source = before.source();
        FitOptions options;
        options.update = Update::map;
        options.prior = prior;
        options.max_iterations = 0;
        const std::vector<double> ones(n, 1);
        posterior = *fit_responsibilities(family, ConstMatrixView::row_major(ones.data(), n, 1), before_source, options)
                         .posterior;
      }
      sum += log_predictive(family, posterior, next_source)[0];
    }
    INFO(spec);
    const double marginal = log_marginal_likelihood(family, 1, all_source, {0, 0, 0, 0}, prior);
    CHECK(close(sum, marginal, stated(1e-11, marginal)));
  }
}

TEST_CASE("the marginal likelihood counts labels as a Dirichlet-multinomial", "[posterior]") {
  const auto family = family_of("exponential", 1);
  Table table{1, {1, 2, 0.5}};
  auto source = table.source();
  const Prior prior = default_prior(family, 2, source);
  const double both = log_marginal_likelihood(family, 2, source, {0, 1, 0}, prior);
  const auto alone = [&](std::vector<double> values) {
    Table part{1, values};
    auto part_source = part.source();
    return log_marginal_likelihood(family, 1, part_source, std::vector<std::size_t>(values.size()), prior);
  };
  // Dirichlet(2, 2), counts 2 and 1: (2 * 3) * 2 / (4 * 5 * 6).
  CHECK(close(both, alone({1, 0.5}) + alone({2}) + std::log(12.0 / 120), round_off(200, both)));
}

namespace {

/// All rows of two whole numbers from 0 to 3 that the family can have produced.
Table rows_for(const Family& family) {
  Table table{2, {}};
  for (const double a : {0.0, 1.0, 2.0, 3.0})
    for (const double b : {0.0, 1.0, 2.0, 3.0}) {
      if (!family.support(0).contains(a) || !family.support(1).contains(b)) continue;
      const double* columns[] = {&a, &b};
      double log_base = 0;
      family.add_log_base({columns, 2, 1}, {&log_base, 1});
      if (std::isfinite(log_base)) table.values.insert(table.values.end(), {a, b});
    }
  return table;
}

Table with_row(Table table, const Table& from, std::size_t n) {
  for (std::size_t j = 0; j < 2; ++j) table.values.push_back(from(n, j));
  return table;
}

const std::vector<std::string> conjugate_families = {"gaussian",
                                                     "gaussian:covariance=diagonal",
                                                     "gaussian:covariance=spherical",
                                                     "gaussian:covariance=tied",
                                                     "log_normal",
                                                     "exponential",
                                                     "poisson",
                                                     "geometric",
                                                     "bernoulli",
                                                     "binomial:trials=3",
                                                     "categorical:categories=4",
                                                     "multinomial",
                                                     "multinomial:trials=3",
                                                     "gaussian(1) * multinomial(0)",
                                                     "(exponential(0))(1) * poisson(0)"};

}  // namespace

TEST_CASE("the predictive density is the ratio of marginal likelihoods after every update", "[posterior]") {
  // p(x | X) = p(X, x) / p(X), one component (Murphy 2012, eq. 3.34).
  for (const std::string& spec : conjugate_families) {
    const auto family = family_of(spec, 2);
    REQUIRE(family->prior());
    const Table rows = rows_for(*family);
    auto source = rows.source();
    const Prior prior = default_prior(family, 1, source);
    const double before = log_marginal_likelihood(family, 1, source, std::vector<std::size_t>(rows.rows()), prior);
    for (const auto update : {Update::map, Update::vb, Update::sampled}) {
      if (update == Update::vb && spec.find("multinomial") != std::string::npos &&
          spec.find("trials") == std::string::npos)
        continue;  // vb needs rows of one total
      FitOptions options;
      options.update = update;
      options.prior = prior;
      options.max_iterations = 1;
      const std::vector<double> ones(rows.rows(), 1);
      const FitResult result =
          fit_responsibilities(family, ConstMatrixView::row_major(ones.data(), ones.size(), 1), source, options);
      const auto predictive = log_predictive(family, *result.posterior, source);
      for (std::size_t n = 0; n < rows.rows(); ++n) {
        const Table more = with_row(rows, rows, n);
        auto more_source = more.source();
        const double after =
            log_marginal_likelihood(family, 1, more_source, std::vector<std::size_t>(more.rows()), prior);
        INFO(spec << ", " << to_string(update) << ", row " << n);
        CHECK(close(predictive[n], after - before, stated(1e-12, std::abs(after) + std::abs(before))));
      }
    }
  }
}

TEST_CASE("the predictive density of a mixture sums over the labels of the new row", "[posterior]") {
  // p(x | X, z) = sum_k p(X, x, z, k) / p(X, z), the weights Dirichlet or known.
  for (const auto& known : {std::vector<double>(), std::vector{0.9, 0.1}})
    for (const std::string& spec : conjugate_families) {
      const auto family = family_of(spec, 2);
      const Table rows = rows_for(*family);
      auto source = rows.source();
      const Prior prior = default_prior(family, 2, source);
      std::vector<std::size_t> labels;
      std::vector<double> R;
      for (std::size_t n = 0; n < rows.rows(); ++n) {
        labels.push_back(n % 3 == 0);
        for (const std::size_t k : {0, 1}) R.push_back(labels[n] == k);
      }
      const Statistics statistics =
          statistics_of_responsibilities({family, 2}, ConstMatrixView::row_major(R.data(), rows.rows(), 2), source);
      const auto predictive = log_predictive(family, make_posterior(family, statistics, prior, known), source);
      const double before = log_marginal_likelihood(family, 2, source, labels, prior, known);
      for (std::size_t n = 0; n < rows.rows(); ++n) {
        const Table more = with_row(rows, rows, n);
        auto more_source = more.source();
        double density = 0;
        for (const std::size_t k : {0, 1}) {
          auto more_labels = labels;
          more_labels.push_back(k);
          density += std::exp(log_marginal_likelihood(family, 2, more_source, more_labels, prior, known) - before);
        }
        INFO(spec << ", row " << n);
        CHECK(close(predictive[n], std::log(density), stated(1e-12, 2 * std::abs(before) + 1)));
      }
    }
}

TEST_CASE("what has no predictive density", "[posterior]") {
  const auto family = family_of("exponential", 1);
  const Table table{1, {1, 2}};
  auto source = table.source();
  const Statistics none(1, family->statistic_size(), family->origin_size());
  Posterior posterior = make_posterior(family, none, default_prior(family, 1, source));
  posterior.hyperparameters.field(0, "rate")[0] = 0;
  CHECK(error_of([&] { log_predictive(family, posterior, source); }) ==
        "usage: an improper posterior of 'exponential' has no predictive density; use a proper prior");
  CHECK(error_of([&] { log_predictive(family_of("bernoulli", 1), posterior, source); }) ==
        "usage: this is no posterior of 'bernoulli': 'shape' [1] where 'a' [1] is needed");
}

}  // namespace mixfam
