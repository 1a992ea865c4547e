#include <boost/math/distributions/lognormal.hpp>

#include "models/normal_inverse_gamma.hpp"

namespace mixfam {

namespace {

FamilyPtr log_normal(std::size_t d) { return Registry::builtin().make("log_normal", d); }
FamilyPtr gaussian_of_logarithms(std::size_t d) { return Registry::builtin().make("gaussian:covariance=diagonal", d); }

/// Two components in two columns, and their logarithms.
struct Sample {
  Table x{2, {}};
  Table y{2, {}};
  Sample() {
    const auto family = log_normal(2);
    x.values =
        Mixture(family, {0.3, 0.7}, parameter_table(*family, {{0, 1, 0.2, 0.1}, {2, -1, 0.3, 0.4}})).sample(600, 3);
    for (const double value : x.values) y.values.push_back(std::log(value));
  }
};

/// Somewhat off the truth.
Mixture start_of(const FamilyPtr& family) {
  return {family, {0.5, 0.5}, parameter_table(*family, {{0.5, 0.5, 1, 1}, {1.5, -0.5, 1, 1}})};
}

std::string refusal(const FamilyPtr& family, const Table& table) {
  const std::vector<double> R(table.rows(), 1);
  auto source = table.source();
  return error_of([&] { fit_responsibilities(family, ConstMatrixView::column_major(R.data(), R.size(), 1), source); });
}

}  // namespace

TEST_CASE("log_normal: laws", "[laws][log_normal]") {
  auto options = normal_inverse_gamma_options(1, 3, 1e-2, 1);
  options.log_density = [](ConstVectorView theta, ConstVectorView x) {
    using Real = long double;
    const boost::math::lognormal_distribution<Real> law(theta[0], std::sqrt(static_cast<Real>(theta[1])));
    return static_cast<double>(std::log(pdf(law, static_cast<Real>(x[0]))));
  };
  options.posterior_mode = [](ConstVectorView h, ConstMatrixView x) {
    std::vector<double> y;
    for (std::size_t n = 0; n < x.rows(); ++n) y.push_back(std::log(x(n, 0)));
    return normal_inverse_gamma_mode(h, ConstMatrixView::row_major(y.data(), y.size(), 1));
  };
  const auto one = log_normal(1);
  CHECK(check_laws(one, options) >= least_law_cases);
  CHECK(check_laws(log_normal(3), columnwise(one, options, 3)) >= least_law_cases);
}

TEST_CASE("log_normal: its prior", "[log_normal][prior]") {
  const auto is_constant = [](std::size_t p) { return p % 4 < 2; };
  check_gradient(*log_normal(1), std::vector<double>{0.5, 2, 5, 3}, is_constant);
  check_gradient(*log_normal(2), std::vector<double>{0.5, -1, 2, 0.3, 5, 8, 3, 0.7}, is_constant);
  check_marginals(*log_normal(2), std::vector<double>{0.5, -1, 2, 0.3, 9, 12, 3, 0.7});
}

TEST_CASE("log_normal: a fit is the diagonal Gaussian's to log x", "[log_normal]") {
  const Sample sample;
  auto x = sample.x.source();
  auto y = sample.y.source();
  double log_jacobian = 0, magnitude = 0;
  for (const double value : sample.y.values) {
    log_jacobian -= value;
    magnitude += std::abs(value);
  }
  for (const auto update : {Update::ml, Update::map, Update::vb}) {
    const FitResult a = check_fit(start_of(log_normal(2)), x, update);
    const FitResult b = check_fit(start_of(gaussian_of_logarithms(2)), y, update);
    REQUIRE(a.iterations() == b.iterations());
    CHECK(close(a.objective(), b.objective() + log_jacobian, round_off(2e3, std::abs(a.objective()) + magnitude)));
    // Up to the rounding of the logarithms, carried through the iterations.
    const auto same = [](ConstVectorView one, ConstVectorView other) {
      for (std::size_t i = 0; i < one.size(); ++i) CHECK(close(one[i], other[i], stated(1e-12, other[i])));
    };
    same(a.mixture.parameters().row(0), b.mixture.parameters().row(0));
    if (update != Update::ml) same(a.posterior->lower.row(1), b.posterior->lower.row(1));
  }
}

TEST_CASE("log_normal: as a factor", "[log_normal]") {
  const Sample sample;
  auto x = sample.x.source();
  const auto family = Registry::builtin().make("log_normal(1) * exponential(0)", 2);
  for (const auto update : {Update::ml, Update::map, Update::vb}) check_fit(family, 2, x, update);
  CHECK(family->parameters().fields()[0].name == "log_normal/log_mean");
  CHECK(family->free_parameters(2) == 6);
}

TEST_CASE("log_normal: data that it refuses", "[log_normal][degenerate]") {
  const auto zero = [](const std::string& column) {
    return "its variance is 0: column " + column + " is constant on the rows left to it";
  };
  CHECK(refusal(log_normal(1), {1, {1, 0, 2}}).find("outside the support of 'log_normal' (x > 0)") !=
        std::string::npos);
  CHECK(refusal(log_normal(1), {1, {1, -3, 2}}).find("outside the support") != std::string::npos);
  CHECK(refusal(log_normal(1), {1, {3, 3, 3}}).find(zero("0")) != std::string::npos);
  CHECK(refusal(log_normal(1), {1, {3}}).find(zero("0")) != std::string::npos);
  CHECK(refusal(log_normal(2), {2, {3, 1, 4, 1, 5, 1}}).find(zero("1")) != std::string::npos);
  CHECK(refusal(log_normal(1), {1, {1, 1 + 1e-15, 1 - 1e-15}}).find("within rounding of 0") != std::string::npos);
  CHECK(refusal(log_normal(1), {1, {1e-300, 1e300}}).empty());
  CHECK(error_of([] { Registry::builtin().make("log_normal:covariance=full", 1); }).find("usage: ") == 0);
  CHECK(log_normal(2)->spec() == "log_normal");
}

}  // namespace mixfam
