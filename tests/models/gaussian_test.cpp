#include <cmath>
#include <numbers>

#include "catch.hpp"
#include "laws.hpp"
#include "support.hpp"
#include "tolerance.hpp"

namespace mixfam {

namespace {

using Real = long double;

/// A symmetric positive definite matrix by Gaussian elimination (C = U D U', U unit lower triangular) in long double:
/// log|C| = sum log D_i, and x' C^-1 x = sum z_i^2 / D_i with U z = x. Not the library's Cholesky factor.
struct Elimination {
  std::vector<Real> U;
  std::vector<Real> D;

  explicit Elimination(ConstVectorView C) {
    std::size_t d = 0;
    while (d * d < C.size()) ++d;
    U.assign(d * d, 0);
    D.assign(d, 0);
    for (std::size_t i = 0; i < d; ++i)
      for (std::size_t j = 0; j <= i; ++j) {
        Real value = C[i * d + j];
        for (std::size_t m = 0; m < j; ++m) value -= U[i * d + m] * U[j * d + m] * D[m];
        if (i == j) {
          D[i] = value;
          U[i * d + i] = 1;
        } else {
          U[i * d + j] = value / D[j];
        }
      }
  }
  Real log_determinant() const {
    Real sum = 0;
    for (const Real value : D) sum += std::log(value);
    return sum;
  }
  Real distance(std::vector<Real> x) const {
    Real sum = 0;
    for (std::size_t i = 0; i < D.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j) x[i] -= U[i * D.size() + j] * x[j];
      sum += x[i] * x[i] / D[i];
    }
    return sum;
  }
  /// tr(A C^-1) = sum_ij A_ij (C^-1)_ij, column by column of A.
  Real trace_of_solution(ConstVectorView A) const {
    const std::size_t d = D.size();
    Real trace = 0;
    for (std::size_t column = 0; column < d; ++column) {
      std::vector<Real> z(d);
      for (std::size_t i = 0; i < d; ++i) {
        z[i] = A[i * d + column];
        for (std::size_t j = 0; j < i; ++j) z[i] -= U[i * d + j] * z[j];
      }
      for (std::size_t i = 0; i < d; ++i) z[i] /= D[i];
      for (std::size_t i = d; i-- > 0;)
        for (std::size_t j = i + 1; j < d; ++j) z[i] -= U[j * d + i] * z[j];
      trace += z[column];
    }
    return trace;
  }
};

/// log N(x | m, C) (Murphy 2012, eq. 4.1).
double log_normal_density(ConstVectorView theta, ConstVectorView x) {
  const std::size_t d = x.size();
  const Elimination covariance(theta.part(d, d * d));
  std::vector<Real> residual;
  for (std::size_t i = 0; i < d; ++i) residual.push_back(static_cast<Real>(x[i]) - theta[i]);
  return static_cast<double>(-0.5L * (static_cast<Real>(d) * std::log(2 * std::numbers::pi_v<Real>) +
                                      covariance.log_determinant() + covariance.distance(residual)));
}

/// log NIW(m, C | mu0, kappa0, nu0, psi0) = log N(m | mu0, C / kappa0) + log IW(C | psi0, nu0) (Murphy 2012, eq. 4.200
/// to 4.202 and 4.165).
double log_normal_inverse_wishart(ConstVectorView h, ConstVectorView theta, std::size_t d) {
  const Real D = static_cast<Real>(d);
  const Real kappa0 = h[d];
  const Real nu0 = h[d + 1];
  const auto psi0 = h.part(d + 2, d * d);
  const Elimination covariance(theta.part(d, d * d));
  std::vector<Real> residual;
  for (std::size_t i = 0; i < d; ++i) residual.push_back(static_cast<Real>(theta[i]) - h[i]);
  Real log_multigamma = D * (D - 1) / 4 * std::log(std::numbers::pi_v<Real>);
  for (std::size_t i = 0; i < d; ++i) log_multigamma += std::lgamma((nu0 - static_cast<Real>(i)) / 2);
  const Real log_normal = -0.5L * (D * std::log(2 * std::numbers::pi_v<Real> / kappa0) + covariance.log_determinant() +
                                   kappa0 * covariance.distance(residual));
  const Real log_wishart = nu0 / 2 * Elimination(psi0).log_determinant() - nu0 * D / 2 * std::log(2.0L) -
                           log_multigamma - (nu0 + D + 1) / 2 * covariance.log_determinant() -
                           covariance.trace_of_solution(psi0) / 2;
  return static_cast<double>(log_normal + log_wishart);
}

/// Mean (kappa0 mu0 + sum x) / (kappa0 + N) and covariance
/// (psi0 + S + kappa0 N / (kappa0 + N) e e') / (nu0 + N + D + 2), e = mean - mu0, S about the mean of the rows
/// (Fraley and Raftery 2007, section 3; one more in the denominator because their mode is taken in other coordinates).
std::vector<double> normal_inverse_wishart_mode(ConstVectorView h, ConstMatrixView x) {
  const std::size_t d = x.columns();
  const Real N = static_cast<Real>(x.rows());
  const Real kappa0 = h[d];
  std::vector<Real> mean(d);
  for (std::size_t i = 0; i < d; ++i) {
    for (std::size_t n = 0; n < x.rows(); ++n) mean[i] += x(n, i);
    mean[i] /= N;
  }
  std::vector<double> theta(d + d * d);
  for (std::size_t i = 0; i < d; ++i) {
    theta[i] = static_cast<double>((kappa0 * h[i] + N * mean[i]) / (kappa0 + N));
    for (std::size_t j = 0; j < d; ++j) {
      Real scatter = h[d + 2 + i * d + j] + kappa0 * N / (kappa0 + N) * (mean[i] - h[i]) * (mean[j] - h[j]);
      for (std::size_t n = 0; n < x.rows(); ++n) scatter += (x(n, i) - mean[i]) * (x(n, j) - mean[j]);
      theta[d + i * d + j] = static_cast<double>(scatter / (h[d + 1] + N + static_cast<Real>(d) + 2));
    }
  }
  return theta;
}

LawOptions gaussian_options(std::size_t d) {
  LawOptions options;
  options.condition = 1e2;
  options.parameters = [d](Random& random) {
    std::vector<double> theta;
    for (std::size_t i = 0; i < d; ++i) theta.push_back(uniform_between(random, -20, 20));
    const auto covariance = random_covariance(random, d);
    theta.insert(theta.end(), covariance.begin(), covariance.end());
    return theta;
  };
  options.hyperparameters = [d](Random& random) {
    std::vector<double> h;
    for (std::size_t i = 0; i < d; ++i) h.push_back(uniform_between(random, -20, 20));
    h.push_back(log_uniform(random, 1e-2, 1e1));
    h.push_back(static_cast<double>(d) + uniform_between(random, 0, 10));
    const auto psi0 = random_covariance(random, d);
    h.insert(h.end(), psi0.begin(), psi0.end());
    return h;
  };
  options.log_density = log_normal_density;
  options.log_prior = [d](ConstVectorView h, ConstVectorView theta) { return log_normal_inverse_wishart(h, theta, d); };
  options.posterior_mode = normal_inverse_wishart_mode;
  return options;
}

FamilyPtr gaussian(std::size_t d) { return Registry::builtin().make("gaussian", d); }

/// mle of all rows of a table, about the first of them.
std::vector<Degeneracy> mle_of(const Table& table, std::vector<double>& theta, const std::vector<double>& weights) {
  const auto family = gaussian(table.columns);
  std::vector<double> columns(table.values.size());
  std::vector<const double*> pointers;
  for (std::size_t j = 0; j < table.columns; ++j) {
    for (std::size_t n = 0; n < table.rows(); ++n) columns[j * table.rows() + n] = table(n, j);
    pointers.push_back(columns.data() + j * table.rows());
  }
  const Block block{pointers.data(), table.columns, table.rows()};
  std::vector<double> origin(family->origin_size());
  family->origin_at(block, origin);
  std::vector<double> s(family->statistic_size());
  const auto origins = ConstMatrixView::row_major(origin.data(), 1, origin.size());
  accumulate(*family, block, ConstMatrixView::column_major(weights.data(), weights.size(), 1), origins,
             MatrixView::row_major(s.data(), 1, s.size()));
  theta.assign(family->parameters().size(), 0);
  return family
      ->mle(ConstMatrixView::row_major(s.data(), 1, s.size()), origins,
            MatrixView::row_major(theta.data(), 1, theta.size()))
      .degenerate;
}

std::vector<Degeneracy> mle_of(const Table& table) {
  std::vector<double> theta;
  return mle_of(table, theta, std::vector<double>(table.rows(), 1));
}

}  // namespace

TEST_CASE("gaussian: laws", "[laws][gaussian]") {
  for (const std::size_t d : {1u, 2u, 4u}) {
    INFO("D = " << d);
    CHECK(check_laws(gaussian(d), gaussian_options(d)) >= least_law_cases);
  }
}

TEST_CASE("gaussian: known values", "[gaussian]") {
  const auto family = gaussian(2);
  const std::vector<double> theta = {1, 2, 2, 0.6, 0.6, 1};
  // |C| = 1.64, C^-1 = ((1, -0.6), (-0.6, 2)) / 1.64; at x - m = (1, -1) the distance is 4.2 / 1.64:
  // log N = -log(2 pi) - log(1.64) / 2 - 2.1 / 1.64, by hand.
  const Mixture mixture(family, {1}, parameter_table(*family, {theta}));
  const Table row{2, {2, 1}};
  auto source = row.source();
  const double expected = -std::log(2 * std::numbers::pi) - 0.5 * std::log(1.64) - 2.1 / 1.64;
  CHECK(close(mixture.log_density(source)[0], expected, round_off(16, expected)));
  CHECK(family->free_parameters(3) == 3 * 5);
  CHECK(family->parameters().fields()[0].name == "mean");
  CHECK(family->parameters().fields()[1].name == "covariance");
}

TEST_CASE("gaussian: the estimate divides by N", "[gaussian]") {
  std::vector<double> theta;
  CHECK(mle_of({1, {1, 2, 4, 5}}, theta, {1, 1, 1, 1}).empty());
  CHECK(theta == std::vector<double>{3, 2.5});
  CHECK(mle_of({1, {1, 2, 4, 5}}, theta, {2, 0, 0, 2}).empty());
  CHECK(theta == std::vector<double>{3, 4});
}

TEST_CASE("gaussian: degenerate data are named", "[gaussian][degenerate]") {
  const auto reason = [](const Table& table) {
    const auto degenerate = mle_of(table);
    return degenerate.empty() ? std::string() : degenerate[0].reason.describe();
  };
  const auto singular = [](const std::string& why) { return "its covariance is singular: " + why; };
  const std::string rows = " on the rows left to it";
  CHECK(reason({1, {3, 3, 3, 3}}) == singular("column 0 is constant" + rows));
  CHECK(reason({1, {3}}) == singular("column 0 is constant" + rows));
  CHECK(reason({2, {1, 7, 2, 7, 3, 7, 5, 7}}) == singular("column 1 is constant" + rows));
  CHECK(reason({2, {0, 0, 0, 0, 0, 0}}) == singular("columns 0 and 1 are constant" + rows));
  CHECK(reason({2, {1, 2, 2, 4, 3, 6, 4, 8}}) ==
        singular("columns 0 and 1 are collinear: x0 - 0.5 x1 is constant" + rows));
  CHECK(reason({2, {1, -3, 2, -6, 3, -9, 5, -15}}) ==
        singular("columns 0 and 1 are collinear: x0 + 0.3333 x1 is constant" + rows));
  CHECK(reason({3, {1, 2, 3, 4, 5, 7, 1, 0, 2}}) == singular("3 rows are left to it for 3 columns"));
  CHECK(reason({3, {1, 2, 3, 4, 5, 7, 1, 0, 2, 2, 2, 9}}).empty());  // N = D + 1
  CHECK(reason({1, {1e8, 1e8 + 1e-8, 1e8 + 2e-8}}) != "");           // variance within rounding of the data
  CHECK(reason({1, {1e8, 1e8 + 1, 1e8 + 2}}).empty());
  std::vector<double> theta;
  const auto none = mle_of({1, {1, 2, 3}}, theta, {0, 0, 0});
  REQUIRE(none.size() == 1);
  CHECK(none[0].component == 0);
  CHECK(none[0].reason.text == "no rows are left to it");
}

TEST_CASE("gaussian: a scale of 1e-150 or 1e150 is no obstacle", "[gaussian]") {
  for (const double scale : {1e-150, 1e-75, 1e75, 1e150}) {
    std::vector<double> theta;
    INFO(scale);
    CHECK(mle_of({1, {-1 * scale, 0, 1 * scale}}, theta, {1, 1, 1}).empty());
    CHECK(close(theta[1], 2.0 / 3 * scale * scale, round_off(8, scale * scale)));
  }
}

TEST_CASE("gaussian: the default prior is that of Fraley and Raftery (2007)", "[gaussian][prior]") {
  // mu0 = mean, kappa0 = 0.01, nu0 = D + 2, psi0 = cov_{N-1} / K^(2/D); here cov = ((10/3, 2), (2, 8/3)).
  const Table table{2, {1, 1, 2, 4, 4, 3, 5, 5}};
  auto source = table.source();
  const Prior prior = default_prior(gaussian(2), 3, source);
  REQUIRE(prior.components.has_value());
  CHECK(prior.concentration == std::vector<double>{2});
  const double mean[] = {3, 3.25};
  double covariance[2][2] = {};
  for (std::size_t n = 0; n < 4; ++n)
    for (std::size_t i = 0; i < 2; ++i)
      for (std::size_t j = 0; j < 2; ++j) covariance[i][j] += (table(n, i) - mean[i]) * (table(n, j) - mean[j]) / 3;
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(close(prior.components->field(0, "mu0")[i], mean[i], round_off(8, mean[i])));
    for (std::size_t j = 0; j < 2; ++j)
      CHECK(close(prior.components->field(0, "psi0")[2 * i + j], covariance[i][j] / 3, round_off(16, 5)));
  }
  CHECK(prior.components->field(0, "kappa0")[0] == 0.01);
  CHECK(prior.components->field(0, "nu0")[0] == 4);
}

TEST_CASE("gaussian: priors that map cannot use", "[gaussian][prior]") {
  const auto family = gaussian(2);
  const auto refusal = [&](const std::string& name, std::size_t i, double value) {
    Prior prior{WeightsPrior::dirichlet, {1}, flat_hyperparameters(family)};
    prior.components->field(0, name)[i] = value;
    return error_of([&] { check_prior({family, 2}, prior); });
  };
  CHECK(refusal("nu0", 0, -4) == "");
  CHECK(refusal("nu0", 0, -4.5) == "usage: prior: nu0 = -4.500000 (must be >= -D - 2 = -4.000000)");
  CHECK(refusal("kappa0", 0, -1) == "usage: prior: kappa0 = -1 (must be >= 0)");
  CHECK(refusal("mu0", 1, NAN) == "usage: prior: mu0[1] = nan (must be finite)");
  CHECK(refusal("psi0", 3, -1) == "usage: prior: psi0 has the diagonal entry -1 (must be >= 0)");
  CHECK(refusal("psi0", 1, 1).find("usage: prior: psi0 is not symmetric") == 0);
}

TEST_CASE("gaussian: psi0 that is not positive semidefinite is refused", "[gaussian][prior]") {
  const auto family = gaussian(2);
  Prior prior{WeightsPrior::dirichlet, {1}, flat_hyperparameters(family)};
  const double indefinite[] = {1, 2, 2, 1};
  for (std::size_t i = 0; i < 4; ++i) prior.components->field(0, "psi0")[i] = indefinite[i];
  CHECK(error_of([&] { check_prior({family, 2}, prior); }).find("usage: prior: psi0") == 0);
}

}  // namespace mixfam
