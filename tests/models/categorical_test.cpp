#include <boost/math/distributions/beta.hpp>
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

/// One column of the given categories.
LawOptions categorical_options(const std::vector<double>& codes) {
  const std::size_t size = codes.size();
  LawOptions options;
  options.parameters = [size](Random& random) { return random_probabilities(random, size); };
  options.hyperparameters = [size](Random& random) {
    std::vector<double> h(size);
    for (double& value : h) value = uniform_between(random, 1.05, 20);
    return h;
  };
  options.log_density = [codes](ConstVectorView theta, ConstVectorView x) {
    return std::log(theta[static_cast<std::size_t>(std::find(codes.begin(), codes.end(), x[0]) - codes.begin())]);
  };
  options.log_prior = [](ConstVectorView h, ConstVectorView theta) {  // Bishop (2006), eq. 2.38
    Real total = 0, sum = 0;
    for (std::size_t v = 0; v < h.size(); ++v) {
      total += h[v];
      sum +=
          (static_cast<Real>(h[v]) - 1) * std::log(static_cast<Real>(theta[v])) - std::lgamma(static_cast<Real>(h[v]));
    }
    return static_cast<double>(sum + std::lgamma(total));
  };
  options.posterior_mode = [codes](ConstVectorView h, ConstMatrixView x) {
    std::vector<double> counts(codes.size());
    for (std::size_t v = 0; v < codes.size(); ++v) {
      for (std::size_t n = 0; n < x.rows(); ++n) counts[v] += x(n, 0) == codes[v];
      counts[v] += h[v] - 1;
    }
    const double total = std::accumulate(counts.begin(), counts.end(), 0.0);
    for (double& count : counts) count /= total;
    return counts;
  };
  options.support_points = [codes](ConstVectorView) {
    std::vector<std::vector<double>> points;
    for (const double code : codes) points.push_back({code});
    return points;
  };
  return options;
}

FamilyPtr categorical(const std::string& categories, std::size_t columns = 1) {
  return Registry::builtin().make("categorical:categories=" + categories, columns);
}

/// Latent classes: rows of `columns` whole numbers 0 .. 2 whose order differs between two classes.
Table two_classes(std::size_t rows, std::size_t columns) {
  Random random{3, rows};
  const std::vector<std::vector<double>> p = {{0.7, 0.2, 0.1}, {0.1, 0.3, 0.6}};
  Table table{columns, {}};
  for (std::size_t n = 0; n < rows; ++n) {
    const std::size_t k = random.below(2);
    for (std::size_t j = 0; j < columns; ++j) table.values.push_back(static_cast<double>(random.categorical(p[k])));
  }
  return table;
}

}  // namespace

TEST_CASE("categorical: laws", "[laws][categorical]") {
  const auto two = categorical_options({0, 1});
  CHECK(check_laws(categorical("2"), two) >= least_law_cases);
  const auto four = categorical_options({2, 3, 4, 5});
  CHECK(check_laws(categorical("2..5"), four) >= least_law_cases);
  CHECK(check_laws(categorical("2..5", 3), columnwise(categorical("2..5"), four, 3)) >= least_law_cases);
  CHECK(check_laws(categorical("0|5|2147483647"), categorical_options({0, 5, 2147483647})) >= least_law_cases);
}

TEST_CASE("categorical: columns of different categories are those columns one by one", "[categorical]") {
  const auto ragged = categorical("2;3..5;1|9|2147483647|4000000000", 3);
  const std::vector<FamilyPtr> single = {categorical("2"), categorical("3..5"),
                                         categorical("1|9|2147483647|4000000000")};
  CHECK(ragged->parameters().fields()[0].shape == std::vector<std::size_t>{3, 4});
  CHECK(ragged->free_parameters(5) == 5 * (1 + 2 + 3));
  CHECK(ragged->statistic_size() == 3 + 2 + 3 + 4);
  CHECK(ragged->feature_size() == 2 + 3 + 4);
  const std::vector<double> x0 = {0, 1, 1, 0, 1}, x1 = {5, 3, 4, 4, 4}, x2 = {9, 4e9, 1, 2147483647, 9};
  const double* columns[] = {x0.data(), x1.data(), x2.data()};
  const Block block{columns, 3, 5};
  const std::vector<double> r = {1, 0.5, 0.25, 2, 0};
  const auto R = ConstMatrixView::column_major(r.data(), 5, 1);
  const std::vector<double> theta = {0.25, 0.75, 0, 0, 0.2, 0.3, 0.5, 0, 0.1, 0.2, 0.3, 0.4};
  REQUIRE(!ragged->parameters().check(theta));
  std::vector<double> s(12), L(5), expected_s, expected_L(5), expected_theta;
  accumulate(*ragged, block, R, ConstMatrixView::row_major(nullptr, 1, 0), MatrixView::row_major(s.data(), 1, 12));
  add_log_density(*ragged, ConstMatrixView::row_major(theta.data(), 1, 12), block,
                  MatrixView::column_major(L.data(), 5, 1));
  for (std::size_t j = 0; j < 3; ++j) {
    const std::size_t size = single[j]->statistic_size();
    const Block one{columns + j, 1, 5};
    std::vector<double> part(size);
    accumulate(*single[j], one, R, ConstMatrixView::row_major(nullptr, 1, 0),
               MatrixView::row_major(part.data(), 1, size));
    expected_s.insert(expected_s.end(), part.begin(), part.end());
    add_log_density(*single[j], ConstMatrixView::row_major(theta.data() + 4 * j, 1, size - 1), one,
                    MatrixView::column_major(expected_L.data(), 5, 1));
    std::vector<double> best(4);
    REQUIRE(single[j]
                ->mle(ConstMatrixView::row_major(part.data(), 1, size), ConstMatrixView::row_major(nullptr, 1, 0),
                      MatrixView::row_major(best.data(), 1, size - 1))
                .degenerate.empty());
    expected_theta.insert(expected_theta.end(), best.begin(), best.end());
  }
  CHECK(s == expected_s);
  CHECK(L == expected_L);
  std::vector<double> best(12, 7);
  REQUIRE(ragged
              ->mle(ConstMatrixView::row_major(s.data(), 1, 12), ConstMatrixView::row_major(nullptr, 1, 0),
                    MatrixView::row_major(best.data(), 1, 12))
              .degenerate.empty());
  CHECK(best == expected_theta);  // padded by 0

  std::vector<double> h(12), flat(12, 1);
  ragged->prior()->standard(s, {}, 2, h);
  CHECK(h == std::vector<double>{2, 2, 1, 1, 2, 2, 2, 1, 2, 2, 2, 2});
  h[3] = 2;  // a number that stands for every column reaches the padding too
  const auto H = ConstMatrixView::row_major(h.data(), 1, 12);
  // log Gamma(V) of Dirichlet(2) on V categories cancels against nothing: log Z = -log Gamma(2 V).
  const double log_partition = -std::log(6.0) - std::log(120.0) - std::log(5040.0);
  CHECK(close(*ragged->prior()->log_partition(H), log_partition, round_off(32, log_partition)));
  ragged->prior()->mean(H, MatrixView::row_major(best.data(), 1, 12));
  CHECK(!ragged->parameters().check(best));
  Random random{1};
  ragged->prior()->sample(H, random, MatrixView::row_major(best.data(), 1, 12));
  CHECK(!ragged->parameters().check(best));
  CHECK(best[3] == 0);
}

TEST_CASE("categorical: E[c] is the gradient of log Z", "[categorical][prior]") {
  const auto family = categorical("4");
  for (const std::vector<double>& h :
       {std::vector<double>{0.5, 2, 3.25, 40}, {1e-2, 1e-1, 1, 5}, {1e5, 2e5, 3e3, 7e6}}) {
    std::vector<double> theta(4), c(5), log_scale(1);
    family->prior()->expectation(ConstMatrixView::row_major(h.data(), 1, 4), MatrixView::row_major(theta.data(), 1, 4),
                                 log_scale);
    CHECK(!family->parameters().check(theta));
    family->coefficients(theta, {}, c);
    for (std::size_t v = 0; v < 4; ++v) {
      const auto log_partition = [&](double step) {
        std::vector<double> moved = h;
        moved[v] += step;
        return *family->prior()->log_partition(ConstMatrixView::row_major(moved.data(), 1, 4));
      };
      const double step = 1e-2 * h[v];
      const double slope = five_point_slope(log_partition, step);
      // Five points: a relative truncation of step^4 and the rounding of log Z over the step.
      const double rounding = 1e-15 * std::abs(log_partition(0)) / step;
      CHECK(close(c[1 + v] + log_scale[0], slope, {1e-6 * std::abs(slope) + 4 * rounding, "five-point difference"}));
    }
  }
}

TEST_CASE("categorical: tiny and huge concentrations", "[categorical][prior]") {
  const auto family = categorical("3");
  for (const double a : {1e-300, 1e-5, 1e-3, 1e9, 1e15}) {
    INFO(a);
    const std::vector<double> h = {a, 2 * a, 5 * a};
    const auto H = ConstMatrixView::row_major(h.data(), 1, 3);
    std::vector<double> theta(3), log_scale(1);
    const auto out = MatrixView::row_major(theta.data(), 1, 3);
    family->prior()->expectation(H, out, log_scale);
    CHECK(!family->parameters().check(theta));
    CHECK(std::isfinite(log_scale[0]));
    // digamma(a) = log a - 1/(2a) - ..: for large a the scale is -(V - 1) / (2 sum a)
    if (a >= 1e9) CHECK(close(log_scale[0], -1 / (8 * a), {1e-15 * 40, "rounding of digamma - log at log a < 40"}));
    Random random{5};
    for (int i = 0; i < 100; ++i) {
      family->prior()->sample(H, random, out);
      CHECK(!family->parameters().check(theta));
    }
  }
}

TEST_CASE("categorical: marginals of the posterior are beta distributions", "[categorical][prior]") {
  const auto family = categorical("3");
  const std::vector<double> h = {2, 3.5, 7};
  const auto H = ConstMatrixView::row_major(h.data(), 1, 3);
  std::vector<double> quantile(3), mean(3), draw(3);
  for (const double level : {0.025, 0.5, 0.975}) {
    family->prior()->quantile(H, level, MatrixView::row_major(quantile.data(), 1, 3));
    for (std::size_t v = 0; v < 3; ++v)
      CHECK(close(quantile[v], boost::math::quantile(boost::math::beta_distribution<>(h[v], 12.5 - h[v]), level),
                  round_off(16, 1)));
  }
  family->prior()->mean(H, MatrixView::row_major(mean.data(), 1, 3));
  std::vector<MonteCarlo> first(3), second(3);
  Random random{11};
  for (int i = 0; i < 20000; ++i) {
    family->prior()->sample(H, random, MatrixView::row_major(draw.data(), 1, 3));
    for (std::size_t v = 0; v < 3; ++v) {
      first[v].add(draw[v]);
      second[v].add(draw[v] * draw[v]);
    }
  }
  for (std::size_t v = 0; v < 3; ++v) {
    CHECK(close(mean[v], h[v] / 12.5, round_off(4, 1)));
    CHECK(close(first[v].mean(), mean[v], monte_carlo(first[v].standard_error())));
    const double square = h[v] * (h[v] + 1) / (12.5 * 13.5);
    CHECK(close(second[v].mean(), square, monte_carlo(second[v].standard_error())));
  }
  const auto certain = categorical("7..7");  // one category: p = 1 whatever the data
  std::vector<double> one(1);
  const std::vector<double> h1 = {3};
  certain->prior()->quantile(ConstMatrixView::row_major(h1.data(), 1, 1), 0.1, MatrixView::row_major(one.data(), 1, 1));
  CHECK(one[0] == 1);
  CHECK(certain->free_parameters(9) == 0);
}

TEST_CASE("categorical: a category never seen", "[categorical][degenerate]") {
  const auto family = categorical("4");
  const Table table{1, {0, 0, 1, 3}};
  auto source = table.source();
  std::vector<double> theta(4);
  const std::vector<double> s = {4, 2, 1, 0, 1};
  const auto mle = [&](const std::vector<double>& statistics) {
    return family
        ->mle(ConstMatrixView::row_major(statistics.data(), 1, 5), ConstMatrixView::row_major(nullptr, 1, 0),
              MatrixView::row_major(theta.data(), 1, 4))
        .degenerate;
  };
  REQUIRE(mle(s).empty());
  CHECK(theta == std::vector<double>{0.5, 0.25, 0, 0.25});
  const Mixture mixture(family, {1}, parameter_table(*family, {theta}));
  CHECK(close(mixture.log_density(source)[0], std::log(0.5), round_off(2, 1)));
  const Table unseen{1, {2}};
  auto unseen_source = unseen.source();
  CHECK(error_of([&] { mixture.log_density(unseen_source); }) ==
        "numerical: data row 0 has no density under any component; start elsewhere or use a prior (`update = map`)");
  std::vector<double> c(5);
  family->coefficients(theta, {}, c);
  CHECK(c[3] == -1e300);  // finite: 0 rows of it weigh 0
  REQUIRE(mle({0, 0, 0, 0, 0}).size() == 1);
  CHECK(mle({0, 0, 0, 0, 0})[0].reason.text == "no rows are left to it");
  CHECK(mle({3.5, 2, 1, -0.5, 1})[0].reason.text ==
        "the prior takes away more of category number 2 than is left to it (its concentration is below 1)");
  const Table wrong{1, {0, 4}};
  auto wrong_source = wrong.source();
  CHECK(error_of([&] { mixture.log_density(wrong_source); }) ==
        "data: data row 1, column 0: 4 is outside the support of 'categorical' (one of 4 categories 0, 1, 2, 3)");
}

TEST_CASE("categorical: fits to simulated classes", "[categorical]") {
  const Table table = two_classes(3000, 6);
  auto source = table.source();
  const auto family = Registry::builtin().make("categorical", 6, {}, &source);
  CHECK(family->spec() == "categorical:categories=3");
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
    // p is known to sqrt(p (1 - p) / N_k) when the classes are; they overlap, which doubles the error at most.
    const std::size_t first = result.mixture.parameters().row(0)[0] > 0.4 ? 0 : 1;
    const auto p = result.mixture.parameters().row(first);
    for (std::size_t j = 0; j < 6; ++j) CHECK(close(p[3 * j], 0.7, monte_carlo(2 * std::sqrt(0.7 * 0.3 / 1500))));
  }
}

TEST_CASE("categorical: as a factor", "[categorical]") {
  const Table table{2, {0.5, 2, 1.5, 7, 0.25, 2, 4, 2, 2.5, 7, 0.125, 7}};
  auto source = table.source();
  const auto family = Registry::builtin().make("exponential(0) * categorical(1)", 2, {}, &source);
  CHECK(family->spec() == "exponential(0) * categorical:categories=2|7(1)");
  CHECK(Registry::builtin().make(family->spec(), 2)->spec() == family->spec());
  FitOptions options;
  options.update = Update::vb;
  options.prior = default_prior(family, 2, source);
  const FitResult result = fit(initialize(family, 2, source), source, options);
  CHECK(result.verdict == Verdict::converged);
}

}  // namespace mixfam
