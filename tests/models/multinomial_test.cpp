#include <cmath>
#include <numeric>

#include "catch.hpp"
#include "differences.hpp"
#include "laws.hpp"
#include "support.hpp"
#include "tolerance.hpp"

namespace mixfam {

namespace {

using Real = long double;

/// All counts of `columns` outcomes with the sum `trials`.
std::vector<std::vector<double>> compositions(std::size_t columns, int trials) {
  if (columns == 1) return {{static_cast<double>(trials)}};
  std::vector<std::vector<double>> all;
  for (int first = 0; first <= trials; ++first)
    for (auto& rest : compositions(columns - 1, trials - first)) {
      rest.insert(rest.begin(), first);
      all.push_back(rest);
    }
  return all;
}

LawOptions multinomial_options(std::size_t columns, int trials) {
  LawOptions options;
  options.parameters = [columns](Random& random) { return random_probabilities(random, columns); };
  options.hyperparameters = [columns](Random& random) {
    std::vector<double> h(columns);
    for (double& value : h) value = uniform_between(random, 1.05, 20);
    return h;
  };
  options.log_density = [](ConstVectorView theta, ConstVectorView x) {  // Bishop (2006), eq. 2.34
    Real total = 0, sum = 0;
    for (std::size_t j = 0; j < x.size(); ++j) {
      total += x[j];
      sum += x[j] * std::log(static_cast<Real>(theta[j])) - std::lgamma(static_cast<Real>(x[j]) + 1);
    }
    return static_cast<double>(sum + std::lgamma(total + 1));
  };
  options.log_prior = [](ConstVectorView h, ConstVectorView theta) {  // Bishop (2006), eq. 2.38
    Real total = 0, sum = 0;
    for (std::size_t j = 0; j < h.size(); ++j) {
      total += h[j];
      sum +=
          (static_cast<Real>(h[j]) - 1) * std::log(static_cast<Real>(theta[j])) - std::lgamma(static_cast<Real>(h[j]));
    }
    return static_cast<double>(sum + std::lgamma(total));
  };
  options.posterior_mode = [](ConstVectorView h, ConstMatrixView x) {
    std::vector<double> counts(x.columns());
    for (std::size_t j = 0; j < x.columns(); ++j) {
      for (std::size_t n = 0; n < x.rows(); ++n) counts[j] += x(n, j);
      counts[j] += h[j] - 1;
    }
    const double total = std::accumulate(counts.begin(), counts.end(), 0.0);
    for (double& count : counts) count /= total;
    return counts;
  };
  options.support_points = [columns, trials](ConstVectorView) { return compositions(columns, trials); };
  return options;
}

FamilyPtr multinomial(const std::string& options, std::size_t columns) {
  return Registry::builtin().make("multinomial" + options, columns);
}

}  // namespace

TEST_CASE("multinomial: laws", "[laws][multinomial]") {
  CHECK(check_laws(multinomial("", 3), multinomial_options(3, 1)) >= least_law_cases);
  CHECK(check_laws(multinomial(":trials=12", 3), multinomial_options(3, 12)) >= least_law_cases);
  CHECK(check_laws(multinomial(":trials=5", 2), multinomial_options(2, 5)) >= least_law_cases);
}

TEST_CASE("multinomial: known values", "[multinomial]") {
  const auto family = multinomial("", 3);
  CHECK(family->spec() == "multinomial");
  CHECK(family->free_parameters(4) == 8);
  const Mixture mixture(family, {1}, parameter_table(*family, {{0.5, 0.25, 0.25}}));
  const Table table{3, {2, 1, 1, 0, 0, 0, 0, 4, 0}};
  auto source = table.source();
  const auto log_density = mixture.log_density(source);
  CHECK(close(log_density[0], std::log(12 * 0.25 / 16), round_off(16, 5)));  // 4! / 2! = 12 orders
  CHECK(log_density[1] == 0);                                                // no trials: certain
  CHECK(close(log_density[2], 4 * std::log(0.25), round_off(16, 6)));
}

TEST_CASE("multinomial: a declared total is checked", "[multinomial]") {
  const auto family = multinomial(":trials=4", 3);
  CHECK(family->spec() == "multinomial:trials=4");
  const Mixture mixture(family, {1}, parameter_table(*family, {{0.5, 0.25, 0.25}}));
  const Table table{3, {2, 1, 1, 2, 1, 2}};
  auto source = table.source();
  CHECK(error_of([&] { mixture.log_density(source); }) ==
        "data: data row 1 (2, 1, 2) has probability 0 under 'multinomial:trials=4' whatever its parameters; remove or "
        "replace such rows, or choose components that can have produced them");
  const Table negative{3, {2, -1, 3}};
  auto negative_source = negative.source();
  CHECK(error_of([&] { mixture.log_density(negative_source); }) ==
        "data: data row 0, column 1: -1 is outside the support of 'multinomial' (whole x from 0 to 4)");
  for (const char* trials : {"0", "-3", "1.5", "x", "", "10000000000"})
    CHECK(error_of([&] { multinomial(std::string(":trials=") + trials, 3); }).find("usage: multinomial: trials=") == 0);
}

TEST_CASE("multinomial: E[c] is the gradient of log Z", "[multinomial][prior]") {
  const auto family = multinomial(":trials=10", 3);
  const std::vector<double> h = {0.5, 3, 11};
  std::vector<double> theta(3), c(4), log_scale(1);
  family->prior()->expectation(ConstMatrixView::row_major(h.data(), 1, 3), MatrixView::row_major(theta.data(), 1, 3),
                               log_scale);
  family->coefficients(theta, {}, c);
  for (std::size_t j = 0; j < 3; ++j) {
    const auto log_partition = [&](double step) {
      std::vector<double> moved = h;
      moved[j] += step;
      return *family->prior()->log_partition(ConstMatrixView::row_major(moved.data(), 1, 3));
    };
    const double step = 1e-2 * h[j];
    const double slope = five_point_slope(log_partition, step);
    // The truncation of five points: step^4 of relative 1e-8, times the fifth derivative.
    CHECK(close(c[1 + j] + log_scale[0] / 10, slope, {1e-6 * std::abs(slope), "five-point difference"}));
  }
}

TEST_CASE("multinomial: fits to simulated documents", "[multinomial]") {
  Random random{17};
  Table table{4, {}};
  const auto family = multinomial(":trials=8", 4);
  const std::vector<std::vector<double>> p = {{0.6, 0.2, 0.1, 0.1}, {0.1, 0.1, 0.3, 0.5}};
  for (int n = 0; n < 2000; ++n) {
    std::vector<double> x(4);
    family->sampler(p[random.below(2)])(random, x);
    table.values.insert(table.values.end(), x.begin(), x.end());
  }
  auto source = table.source();
  const Mixture start = initialize(family, 2, source);
  for (const Update update : {Update::ml, Update::map, Update::vb}) {
    INFO("update " << static_cast<int>(update));
    FitOptions options;
    options.update = update;
    options.verify = update == Update::ml;
    if (update != Update::ml) options.prior = default_prior(family, 2, source);
    const FitResult result = fit(start, source, options);
    CHECK(result.verdict == Verdict::converged);
    for (std::size_t t = 1; t < result.trace.size(); ++t)
      CHECK(result.trace[t].objective >=
            result.trace[t - 1].objective - round_off(1e3, result.trace[t].objective).allowed);
    for (const TraceEntry& entry : result.trace)
      if (options.verify && std::isfinite(entry.residual))
        CHECK(std::abs(entry.residual) < 1e-12 * std::abs(entry.log_likelihood));
    const std::size_t first = result.mixture.parameters().row(0)[0] > 0.35 ? 0 : 1;
    const auto found = result.mixture.parameters().row(first);
    for (std::size_t j = 0; j < 4; ++j)  // of 1000 rows of 8 trials; overlap doubles the error at most
      CHECK(close(found[j], p[0][j], monte_carlo(2 * std::sqrt(p[0][j] * (1 - p[0][j]) / 8000))));
  }
}

TEST_CASE("multinomial: totals that differ are for ml, map and sampled", "[multinomial]") {
  const Table table{2, {1, 0, 9, 3, 0, 4, 1, 11, 2, 1, 5, 0}};
  auto source = table.source();
  const auto family = multinomial("", 2);
  const Mixture start = initialize(family, 2, source);
  FitOptions options;
  CHECK(fit(start, source, options).verdict == Verdict::converged);
  options.prior = default_prior(family, 2, source);
  options.update = Update::map;
  CHECK(fit(start, source, options).verdict == Verdict::converged);
  options.update = Update::vb;
  CHECK(error_of([&] { fit(start, source, options); }) ==
        "usage: multinomial: vb needs rows of one total; declare it as in multinomial:trials=10, or use map or "
        "sampled");
}

TEST_CASE("multinomial: degenerate statistics", "[multinomial][degenerate]") {
  const auto family = multinomial("", 2);
  std::vector<double> theta(2);
  const auto reason = [&](const std::vector<double>& s) {
    const auto found = family
                           ->mle(ConstMatrixView::row_major(s.data(), 1, 3), ConstMatrixView::row_major(nullptr, 1, 0),
                                 MatrixView::row_major(theta.data(), 1, 2))
                           .degenerate;
    return found.empty() ? std::string() : found[0].reason.text;
  };
  CHECK(reason({5, 0, 3}) == "");
  CHECK(theta == std::vector<double>{0, 1});  // an outcome never seen
  CHECK(reason({0, 0, 0}) == "no rows are left to it");
  CHECK(reason({7, 0, 0}) == "no rows are left to it");  // rows without a count say nothing
}

}  // namespace mixfam
