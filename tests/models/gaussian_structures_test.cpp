#include <boost/math/special_functions/digamma.hpp>
#include <numbers>

#include "models/normal_inverse_gamma.hpp"

namespace mixfam {

namespace {

FamilyPtr gaussian(const std::string& options, std::size_t d) {
  return Registry::builtin().make("gaussian:covariance=" + options, d);
}

double log_density_of_variances(ConstVectorView theta, ConstVectorView x) {
  double sum = 0;
  for (std::size_t j = 0; j < x.size(); ++j) {
    const long double v = theta[x.size() + j % (theta.size() - x.size())];
    const long double r = static_cast<long double>(x[j]) - theta[j];
    sum += static_cast<double>(-0.5L * (std::log(2 * std::numbers::pi_v<long double> * v) + r * r / v));
  }
  return sum;
}

/// Three overlapping groups of different shapes.
Table groups(std::size_t d, std::size_t rows, std::uint64_t seed) {
  Table table{d, {}};
  Random random{seed};
  for (std::size_t n = 0; n < rows; ++n) {
    const std::size_t group = random.below(3);
    for (std::size_t j = 0; j < d; ++j)
      table.values.push_back(static_cast<double>((group * (j + 1)) % 3) * 3 +
                             (0.5 + 0.3 * static_cast<double>(group + j)) * random.normal());
  }
  return table;
}

/// A mixture of d columns at rows of the data, with unit variances.
Mixture start_at_rows(const FamilyPtr& family, const Table& table, const std::vector<std::size_t>& rows) {
  ParameterTable theta(family->parameters(), rows.size());
  for (std::size_t k = 0; k < rows.size(); ++k) {
    for (std::size_t j = 0; j < table.columns; ++j) theta.row(k)[j] = table(rows[k], j);
    if (family->parameters().fields().size() == 1) continue;
    const auto covariance = theta.field(k, "covariance");
    const bool dense = covariance.size() == table.columns * table.columns;
    for (std::size_t i = 0; i < covariance.size(); i += dense ? table.columns + 1 : 1) covariance[i] = 1;
  }
  return {family, std::vector<double>(rows.size(), 1 / static_cast<double>(rows.size())), theta};
}

/// What the M-step of one component is made of, by two passes in long double.
struct Moments {
  double count = 0;
  std::vector<double> mean;     // (kappa0 mu0 + sum r x) / (kappa0 + N)
  std::vector<double> scatter;  // sum r (x - xbar)(x - xbar)' + kappa0 N / (kappa0 + N) (xbar - mu0)(xbar - mu0)'
};

Moments moments(const Table& table, ConstMatrixView R, std::size_t k, double kappa0, ConstVectorView mu0) {
  const std::size_t d = table.columns;
  long double count = 0;
  std::vector<long double> mean(d), scatter(d * d);
  for (std::size_t n = 0; n < table.rows(); ++n) count += R(n, k);
  for (std::size_t n = 0; n < table.rows(); ++n)
    for (std::size_t i = 0; i < d; ++i) mean[i] += R(n, k) * table(n, i) / count;
  for (std::size_t i = 0; i < d; ++i)
    for (std::size_t j = 0; j < d; ++j) {
      for (std::size_t n = 0; n < table.rows(); ++n)
        scatter[i * d + j] += R(n, k) * (table(n, i) - mean[i]) * (table(n, j) - mean[j]);
      scatter[i * d + j] += kappa0 * count / (kappa0 + count) * (mean[i] - mu0[i]) * (mean[j] - mu0[j]);
    }
  Moments result{static_cast<double>(count), {}, {scatter.begin(), scatter.end()}};
  for (std::size_t i = 0; i < d; ++i)
    result.mean.push_back(static_cast<double>((kappa0 * mu0[i] + count * mean[i]) / (kappa0 + count)));
  return result;
}

/// log|A| and tr(B A^-1) of 2 x 2 matrices.
double log_determinant_2(ConstVectorView A) { return std::log(A[0] * A[3] - A[1] * A[2]); }
double trace_of_solution_2(ConstVectorView B, ConstVectorView A) {
  return (B[0] * A[3] - B[1] * A[2] - B[2] * A[1] + B[3] * A[0]) / (A[0] * A[3] - A[1] * A[2]);
}
double distance_2(ConstVectorView a, ConstVectorView b, ConstVectorView A) {
  const double x = a[0] - b[0], y = a[1] - b[1];
  return (A[3] * x * x - (A[1] + A[2]) * x * y + A[0] * y * y) / (A[0] * A[3] - A[1] * A[2]);
}
double log_multigamma_2(double a) { return 0.5 * std::log(std::numbers::pi) + std::lgamma(a) + std::lgamma(a - 0.5); }

struct TiedPrior {
  std::vector<double> mu0 = {1, -2};
  double kappa0 = 0.5;
  double nu0 = 5;
  std::vector<double> psi0 = {3, 0.7, 0.7, 2};

  std::vector<double> h() const { return {mu0[0], mu0[1], kappa0, nu0, psi0[0], psi0[1], psi0[2], psi0[3]}; }
};

std::string refusal(const FamilyPtr& family, const Table& table) {
  const std::vector<double> R(table.rows(), 1);
  auto source = table.source();
  return error_of([&] { fit_responsibilities(family, ConstMatrixView::column_major(R.data(), R.size(), 1), source); });
}

}  // namespace

TEST_CASE("gaussian structures: laws", "[laws][gaussian]") {
  auto one = normal_inverse_gamma_options(1, 20, 1e-2, 1e2);
  one.log_density = log_density_of_variances;
  CHECK(check_laws(gaussian("diagonal", 1), one) >= least_law_cases);
  CHECK(check_laws(gaussian("diagonal", 3), columnwise(gaussian("diagonal", 1), one, 3)) >= least_law_cases);
  for (const std::size_t d : {1u, 2u, 3u}) {
    auto options = normal_inverse_gamma_options(d, 20, 1e-2, 1e2);
    options.log_density = log_density_of_variances;
    CHECK(check_laws(gaussian("spherical", d), options) >= least_law_cases);

    LawOptions known;
    known.parameters = [d](Random& random) {
      std::vector<double> mean;
      for (std::size_t i = 0; i < d; ++i) mean.push_back(uniform_between(random, -20, 20));
      return mean;
    };
    known.log_density = [](ConstVectorView theta, ConstVectorView x) {
      std::vector<double> all(theta.begin(), theta.end());
      all.push_back(0.3);
      return log_density_of_variances(all, x);
    };
    CHECK(check_laws(gaussian("spherical,variance=0.3", d), known) >= least_law_cases);

    // Laws of the prior are those of K components at once: below.
    LawOptions tied;
    tied.condition = 1e2;
    tied.parameters = [d](Random& random) {
      std::vector<double> theta;
      for (std::size_t i = 0; i < d; ++i) theta.push_back(uniform_between(random, -20, 20));
      const auto covariance = random_covariance(random, d);
      theta.insert(theta.end(), covariance.begin(), covariance.end());
      return theta;
    };
    tied.log_density = [full = gaussian("full", d)](ConstVectorView theta, ConstVectorView x) {
      Table row{x.size(), to_vector(x)};
      auto source = row.source();
      return Mixture(full, {1}, parameter_table(*full, {to_vector(theta)})).log_density(source)[0];
    };
    CHECK(check_laws(gaussian("tied", d), tied) >= least_law_cases);
  }
}

TEST_CASE("gaussian structures: shapes", "[gaussian]") {
  const auto covariance = [](const FamilyPtr& family) { return family->parameters().fields()[1]; };
  const auto diagonal = gaussian("diagonal", 3), spherical = gaussian("spherical", 3), tied = gaussian("tied", 3);
  CHECK(covariance(diagonal).shape == std::vector<std::size_t>{3});
  CHECK((covariance(diagonal).form == MatrixForm::diagonal && covariance(diagonal).dimension == 3));
  CHECK(covariance(spherical).shape.empty());
  CHECK((covariance(spherical).form == MatrixForm::spherical && covariance(spherical).dimension == 3));
  CHECK(diagonal->free_parameters(4) == 4 * 6);
  CHECK(spherical->free_parameters(4) == 4 * 4);
  CHECK(tied->free_parameters(4) == 4 * 3 + 6);
  const auto known = gaussian("spherical,variance=2.5e-1", 3);
  CHECK(known->free_parameters(4) == 4 * 3);
  CHECK(!known->prior());
  for (const auto& family : {diagonal, spherical, tied, known})
    CHECK(Registry::builtin().make(family->spec(), 3)->spec() == family->spec());
  CHECK(known->spec() == "gaussian:covariance=spherical,variance=0.25");
}

TEST_CASE("gaussian structures: options that it refuses", "[gaussian]") {
  const auto refused = [](const std::string& options) { return error_of([&] { gaussian(options, 2); }); };
  CHECK(refused("round") == "usage: gaussian: covariance=round (must be full, diagonal, spherical or tied)");
  CHECK(refused("diagonal,variance=1") == "usage: gaussian: variance=1 (is an option of covariance=spherical only)");
  for (const std::string value : {"0", "-1", "nan", "inf", "1x", "", "1e999"})
    CHECK(refused("spherical,variance=" + value) == "usage: gaussian: variance=" + value + " (must be a number > 0)");
}

TEST_CASE("gaussian structures: the M-step and its denominators", "[gaussian]") {
  // Covariances over nu0 + N_k + 3 (diagonal), nu0 + N_k D + D + 2 (spherical), nu0 + N + D + K + 1 (tied).
  constexpr std::size_t d = 2, K = 3;
  const double D = d;
  const Table table = groups(d, 60, 5);
  auto source = table.source();
  const std::vector<double> mu0 = {1, -2}, flat_mu0 = {0, 0};
  const double kappa0 = 0.5, nu0 = 6;
  for (const std::string structure : {"diagonal", "spherical", "tied"})
    for (const bool with_prior : {false, true}) {
      INFO(structure << (with_prior ? ", map" : ", ml"));
      const auto family = gaussian(structure, d);
      const Mixture start = start_at_rows(family, table, {0, 1, 2});
      FitOptions options;
      options.max_iterations = 1;
      if (with_prior) {
        options.update = Update::map;
        options.prior.components = flat_hyperparameters(family);
        ParameterTable& h = *options.prior.components;
        for (std::size_t i = 0; i < d; ++i) h.field(0, "mu0")[i] = mu0[i];
        for (double& value : h.field(0, "kappa0")) value = kappa0;
        for (double& value : h.field(0, "nu0")) value = nu0;
        const auto psi0 = h.field(0, "psi0");
        for (std::size_t i = 0; i < psi0.size(); i += structure == "tied" ? d + 1 : 1) psi0[i] = 2;
      }
      const double kappa = with_prior ? kappa0 : 0, psi = with_prior ? 2 : 0;
      const FitResult result = fit(start, source, options);
      REQUIRE(result.iterations() == 1);
      const auto responsibilities = start.responsibilities(source);
      const auto R = ConstMatrixView::row_major(responsibilities.data(), table.rows(), K);
      std::vector<double> pooled(d * d);
      double total = 0;
      for (std::size_t k = 0; k < K; ++k) {
        const Moments m = moments(table, R, k, kappa, with_prior ? mu0 : flat_mu0);
        total += m.count;
        for (std::size_t i = 0; i < d * d; ++i) pooled[i] += m.scatter[i];
      }
      for (std::size_t k = 0; k < K; ++k) {
        const Moments m = moments(table, R, k, kappa, with_prior ? mu0 : flat_mu0);
        const auto mean = result.mixture.parameters().field(k, "mean");
        const auto covariance = result.mixture.parameters().field(k, "covariance");
        for (std::size_t i = 0; i < d; ++i) CHECK(close(mean[i], m.mean[i], round_off(256, 10)));
        const double n = m.count;
        if (structure == "diagonal")
          for (std::size_t i = 0; i < d; ++i)
            CHECK(close(covariance[i], (psi + m.scatter[i * d + i]) / (n + (with_prior ? nu0 + 3 : 0)),
                        round_off(256, 10)));
        if (structure == "spherical")
          CHECK(close(covariance[0], (psi + m.scatter[0] + m.scatter[3]) / (n * D + (with_prior ? nu0 + D + 2 : 0)),
                      round_off(256, 10)));
        if (structure == "tied")
          for (std::size_t i = 0; i < d * d; ++i)
            CHECK(close(covariance[i],
                        (pooled[i] + (i % (d + 1) == 0 ? psi : 0)) /
                            (total + (with_prior ? nu0 + D + static_cast<double>(K) + 1 : 0)),
                        round_off(256, 10)));
      }
    }
}

TEST_CASE("gaussian structures: diagonal is full on diagonal data", "[gaussian]") {
  // Mirrored in the second column, so that its covariance with the first is 0 under any symmetric responsibilities.
  Table table{2, {}};
  Random random{11};
  for (std::size_t n = 0; n < 200; ++n) {
    const double x = random.normal() + (n % 2 == 0 ? 0 : 3), y = random.normal();
    table.values.insert(table.values.end(), {x, y, x, -y});
  }
  auto source = table.source();
  FitOptions options;
  options.max_iterations = 30;
  const auto run = [&](const std::string& structure) {
    const auto family = gaussian(structure, 2);
    const Mixture start = start_at_rows(family, {2, {0, 0, 3, 0}}, {0, 1});
    return fit(start, source, options);
  };
  const FitResult full = run("full"), diagonal = run("diagonal");
  REQUIRE(full.trace.size() == diagonal.trace.size());
  for (std::size_t t = 0; t < full.trace.size(); ++t)
    CHECK(close(diagonal.trace[t].log_likelihood, full.trace[t].log_likelihood,
                round_off(1e3, full.trace[t].log_likelihood)));
  for (std::size_t k = 0; k < 2; ++k)
    for (std::size_t i = 0; i < 2; ++i) {
      CHECK(close(diagonal.mixture.parameters().field(k, "mean")[i], full.mixture.parameters().field(k, "mean")[i],
                  round_off(1e4, 3)));
      CHECK(close(diagonal.mixture.parameters().field(k, "covariance")[i],
                  full.mixture.parameters().field(k, "covariance")[3 * i], round_off(1e4, 3)));
    }
}

TEST_CASE("gaussian structures: one column has one structure", "[gaussian]") {
  const Table table = groups(1, 300, 2);
  auto source = table.source();
  FitOptions options;
  options.max_iterations = 20;
  options.update = Update::map;
  const auto run = [&](const std::string& structure) {
    const auto family = gaussian(structure, 1);
    options.prior = default_prior(family, 2, source);
    return fit(start_at_rows(family, {1, {0, 3}}, {0, 1}), source, options);
  };
  const FitResult full = run("full");
  for (const std::string structure : {"diagonal", "spherical"}) {
    const FitResult other = run(structure);
    REQUIRE(other.trace.size() == full.trace.size());
    for (std::size_t t = 0; t < full.trace.size(); ++t)
      CHECK(close(other.trace[t].objective, full.trace[t].objective, round_off(1e3, full.trace[t].objective)));
  }
}

TEST_CASE("gaussian structures: k-means is hard assignment with a known variance and fixed weights", "[gaussian]") {
  // Lloyd (1982), step by step; the objective is that of k-means but for constants.
  constexpr std::size_t d = 2, K = 3;
  constexpr double variance = 0.7;
  const Table table = groups(d, 500, 7);
  auto source = table.source();
  const auto family = gaussian("spherical,variance=0.7", d);
  const Mixture start = start_at_rows(family, table, {3, 4, 5});
  FitOptions options;
  options.assignment = Assignment::hard;
  options.freeze.weights = true;
  std::vector<std::vector<double>> fitted;
  std::vector<std::vector<double>> counts;
  std::vector<double> objectives;
  options.observer = [&](const FitState& state) {
    const auto theta = state.mixture().parameters().view();
    fitted.emplace_back(theta.data(), theta.data() + K * d);
    counts.push_back(state.last_entry().counts);
    objectives.push_back(state.last_entry().objective);
    return Observe::go_on;
  };
  const FitResult result = fit(start, source, options);
  CHECK(result.verdict == Verdict::converged);
  CHECK(result.mixture.weights() == start.weights());

  std::vector<double> centres = fitted[0];
  REQUIRE(fitted.size() > 4);
  for (std::size_t t = 0; t < fitted.size(); ++t) {
    INFO("step " << t);
    std::vector<double> sums(K * d), sizes(K);
    double squares = 0;
    for (std::size_t n = 0; n < table.rows(); ++n) {
      std::size_t nearest = 0;
      double least = INFINITY;
      for (std::size_t k = 0; k < K; ++k) {
        double distance = 0;
        for (std::size_t j = 0; j < d; ++j) distance += std::pow(table(n, j) - centres[k * d + j], 2);
        if (distance < least) {
          least = distance;
          nearest = k;
        }
      }
      ++sizes[nearest];
      squares += least;
      for (std::size_t j = 0; j < d; ++j) sums[nearest * d + j] += table(n, j);
    }
    for (std::size_t i = 0; i < K * d; ++i) CHECK(close(fitted[t][i], centres[i], round_off(1000, 10)));
    CHECK(counts[t] == sizes);
    const double rows = static_cast<double>(table.rows());
    const double expected = -0.5 * squares / variance - rows * std::log(2 * std::numbers::pi * variance) -
                            rows * std::log(static_cast<double>(K));
    CHECK(close(objectives[t], expected, round_off(2000, expected)));
    for (std::size_t i = 0; i < K * d; ++i) centres[i] = sums[i] / sizes[i / d];
  }
}

TEST_CASE("gaussian structures: the default prior", "[gaussian][prior]") {
  // mu0 = mean, kappa0 = 0.01, nu0 = D + 2, psi0 = variances over N - 1, their mean if spherical, by K^(2/D).
  const Table table{2, {1, 1, 2, 4, 4, 3, 5, 5}};  // variances 10/3 and 35/12
  auto source = table.source();
  const Prior diagonal = default_prior(gaussian("diagonal", 2), 3, source);
  const Prior spherical = default_prior(gaussian("spherical", 2), 3, source);
  const double variances[] = {10.0 / 3, 35.0 / 12}, mean[] = {3, 3.25};
  for (std::size_t j = 0; j < 2; ++j) {
    CHECK(close(diagonal.components->field(0, "mu0")[j], mean[j], round_off(8, mean[j])));
    CHECK(close(spherical.components->field(0, "mu0")[j], mean[j], round_off(8, mean[j])));
    CHECK(diagonal.components->field(0, "kappa0")[j] == 0.01);
    CHECK(diagonal.components->field(0, "nu0")[j] == 4);
    CHECK(close(diagonal.components->field(0, "psi0")[j], variances[j] / 3, round_off(32, 2)));
  }
  CHECK(spherical.components->field(0, "kappa0")[0] == 0.01);
  CHECK(spherical.components->field(0, "nu0")[0] == 4);
  CHECK(close(spherical.components->field(0, "psi0")[0], (variances[0] + variances[1]) / 6, round_off(32, 2)));
  Prior prior = diagonal;
  prior.components->field(0, "nu0")[1] = -3.5;
  CHECK(error_of([&] {
          check_prior({gaussian("diagonal", 2), 3}, prior);
        }).find("column 1: nu0 = -3.5") != std::string::npos);
}

TEST_CASE("gaussian structures: Normal-Inverse-Gamma posteriors", "[gaussian][prior]") {
  check_gradient(*gaussian("diagonal", 2), std::vector<double>{0.5, -1, 2, 0.3, 5, 8, 3, 0.7},
                 [](std::size_t p) { return p % 4 < 2; });
  check_gradient(*gaussian("spherical", 3), std::vector<double>{0.5, -1, 2, 0.3, 5, 3},
                 [](std::size_t p) { return p < 2; });
  check_divergence(*gaussian("spherical", 3), std::vector<double>{0.5, -1, 2, 0.3, 5, 3},
                   std::vector<double>{-2, 1, 2.5, 0.7, 3, 8});
  check_divergence(*gaussian("diagonal", 1), std::vector<double>{0.5, 20, 50, 30}, std::vector<double>{0, 0.1, 4, 5});
  check_marginals(*gaussian("diagonal", 2), std::vector<double>{0.5, -1, 2, 0.3, 9, 12, 3, 0.7});
  check_marginals(*gaussian("spherical", 3), std::vector<double>{0.5, -1, 2, 0.3, 9, 3});
}

TEST_CASE("gaussian structures: the tied prior is one inverse Wishart and K normals", "[gaussian][prior]") {
  constexpr std::size_t d = 2, K = 3;
  const double D = d;
  const auto family = gaussian("tied", d);
  const TiedPrior prior;
  const std::vector<double> C = {1.5, -0.3, -0.3, 0.8};
  const std::vector<std::vector<double>> means = {{0, 1}, {2, -1}, {-4, 3}};
  std::vector<std::vector<double>> rows;
  double expected = 0.5 * prior.nu0 * log_determinant_2(prior.psi0) - 0.5 * prior.nu0 * D * std::log(2) -
                    log_multigamma_2(0.5 * prior.nu0) - 0.5 * (prior.nu0 + D + 1) * log_determinant_2(C) -
                    0.5 * trace_of_solution_2(prior.psi0, C);
  for (const auto& m : means) {
    rows.push_back({m[0], m[1], C[0], C[1], C[2], C[3]});
    expected += -0.5 * D * std::log(2 * std::numbers::pi / prior.kappa0) - 0.5 * log_determinant_2(C) -
                0.5 * prior.kappa0 * distance_2(m, prior.mu0, C);
  }
  const auto theta = parameter_table(*family, rows);
  CHECK(
      close(family->prior()->log_density(prior.h(), *family->step(theta.view())), expected, round_off(256, expected)));

  // The posterior: nu0 + N, one psi0 with all scatters, kappa0 + N_k; and its divergence from the prior.
  const Table table = groups(d, 90, 3);
  auto source = table.source();
  FitOptions options;
  options.update = Update::vb;
  options.max_iterations = 1;
  options.prior.components = flat_hyperparameters(family);
  const auto h = prior.h();
  std::copy(h.begin(), h.end(), options.prior.components->row(0).begin());
  const Mixture start = start_at_rows(family, table, {0, 1, 2});
  const auto responsibilities = start.responsibilities(source);
  const auto R = ConstMatrixView::row_major(responsibilities.data(), table.rows(), K);
  const FitResult result = fit_responsibilities(family, R, source, options);
  std::vector<double> psi = prior.psi0, kappa(K);
  std::vector<std::vector<double>> mu;
  for (std::size_t k = 0; k < K; ++k) {
    const Moments m = moments(table, R, k, prior.kappa0, prior.mu0);
    for (std::size_t i = 0; i < d * d; ++i) psi[i] += m.scatter[i];
    kappa[k] = prior.kappa0 + m.count;
    mu.push_back(m.mean);
  }
  const double nu = prior.nu0 + static_cast<double>(table.rows());
  double digammas = 0;
  for (std::size_t i = 0; i < d; ++i) digammas += boost::math::digamma(0.5 * (nu - static_cast<double>(i)));
  double kl = 0.5 * prior.nu0 * (log_determinant_2(psi) - log_determinant_2(prior.psi0)) +
              0.5 * nu * (trace_of_solution_2(prior.psi0, psi) - D) + log_multigamma_2(0.5 * prior.nu0) -
              log_multigamma_2(0.5 * nu) + 0.5 * (nu - prior.nu0) * digammas;
  for (std::size_t k = 0; k < K; ++k)
    kl += 0.5 * (D * prior.kappa0 / kappa[k] - D + D * std::log(kappa[k] / prior.kappa0) +
                 prior.kappa0 * nu * distance_2(mu[k], prior.mu0, psi));
  double given = 0;
  for (const double one : result.trace[0].kl_components) given += one;
  CHECK(close(given, kl, round_off(1e4, kl)));

  // K components share one log Z of the inverse Wishart.
  std::vector<double> H;
  double log_partition = 0.5 * nu * D * std::log(2) + log_multigamma_2(0.5 * nu) - 0.5 * nu * log_determinant_2(psi);
  for (std::size_t k = 0; k < K; ++k) {
    for (const double value : {mu[k][0], mu[k][1], kappa[k], nu, psi[0], psi[1], psi[2], psi[3]}) H.push_back(value);
    log_partition += 0.5 * D * std::log(2 * std::numbers::pi / kappa[k]);
  }
  CHECK(close(family->prior()->log_partition(ConstMatrixView::row_major(H.data(), K, H.size() / K)).value(),
              log_partition, round_off(256, 5 * nu)));
}

TEST_CASE("gaussian structures: fits of every update", "[gaussian]") {
  const Table table = groups(3, 400, 9);
  auto source = table.source();
  for (const std::string spec :
       {"gaussian:covariance=diagonal", "gaussian:covariance=spherical", "gaussian:covariance=tied",
        "gaussian:covariance=diagonal(1) * gaussian:covariance=spherical(2,0)",
        "gaussian:covariance=tied(0,2) * gaussian:covariance=diagonal(1)"}) {
    const auto family = Registry::builtin().make(spec, 3);
    for (const auto update : {Update::ml, Update::map, Update::vb}) check_fit(family, 3, source, update);
  }
  check_fit(gaussian("spherical,variance=1", 3), 3, source, Update::ml);
  CHECK(error_of([&] { default_prior(gaussian("spherical,variance=1", 3), 3, source); }).find("usage: ") == 0);
}

TEST_CASE("gaussian structures: degenerate data are named", "[gaussian][degenerate]") {
  const std::string constant = " is constant on the rows left to it";
  const std::string equal = "its variance is 0: the rows left to it are all equal";
  const std::string point = "it has collapsed onto a point: its variance is within rounding of 0";
  const auto has = [](const std::string& text, const std::string& part) {
    INFO(text);
    return text.find(part) != std::string::npos;
  };
  CHECK(has(refusal(gaussian("diagonal", 1), {1, {3, 3, 3}}), "its variance is 0: column 0" + constant));
  CHECK(has(refusal(gaussian("diagonal", 2), {2, {1, 7, 2, 7, 3, 7}}), "its variance is 0: column 1" + constant));
  CHECK(refusal(gaussian("diagonal", 2), {2, {1, 2, 2, 4, 3, 6}}).empty());
  CHECK(refusal(gaussian("spherical", 2), {2, {1, 7, 2, 7, 3, 7}}).empty());
  CHECK(has(refusal(gaussian("spherical", 2), {2, {1, 7, 1, 7}}), equal));
  CHECK(has(refusal(gaussian("spherical", 2), {2, {0.1, 0.3, 0.1, 0.3, 0.1, 0.3}}), equal));
  CHECK(has(refusal(gaussian("diagonal", 1), {1, {1e8, 1e8 + 1e-8, 1e8 + 3e-8}}), point));
  CHECK(refusal(gaussian("diagonal", 1), {1, {1e8, 1e8 + 1, 1e8 + 2}}).empty());
  for (const std::string structure : {"diagonal", "spherical", "tied"})
    CHECK(has(refusal(gaussian(structure, 2), {2, {1, 2}}), structure == "tied" ? "singular" : "variance is 0"));
  CHECK(refusal(gaussian("spherical,variance=1", 2), {2, {1, 2}}).empty());
  for (const double scale : {1e-150, 1e150}) {
    const auto family = gaussian("spherical", 2);
    const Table table{2, {-scale, scale, scale, scale, 0, -2 * scale}};
    const std::vector<double> R(3, 1);
    auto source = table.source();
    const FitResult result = fit_responsibilities(family, ConstMatrixView::column_major(R.data(), 3, 1), source);
    CHECK(close(result.mixture.parameters().row(0)[2], scale * scale * 4.0 / 3, round_off(16, scale * scale)));
  }
}

}  // namespace mixfam
