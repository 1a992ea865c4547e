#include <boost/math/special_functions/digamma.hpp>
#include <boost/multiprecision/cpp_bin_float.hpp>
#include <cmath>

#include "laws.hpp"
#include "models/posterior_checks.hpp"

namespace mixfam {

namespace {

FamilyPtr gamma(std::size_t columns = 1) { return Registry::builtin().make("gamma", columns); }

LawOptions gamma_options(double least_shape, double greatest_shape, double least_mean, double greatest_mean) {
  LawOptions options;
  options.parameters = [=](Random& random) {
    const double shape = log_uniform(random, least_shape, greatest_shape);
    return std::vector{shape, shape / log_uniform(random, least_mean, greatest_mean)};
  };
  options.log_density = [](ConstVectorView theta, ConstVectorView x) {
    const long double a = theta[0], b = theta[1], value = x[0];
    return static_cast<double>(a * std::log(b) - std::lgamma(a) + (a - 1) * std::log(value) - b * value);
  };
  return options;
}

/// The estimate of one component, by a fit from a start that is far off.
Mixture estimate(const std::vector<double>& x, const std::vector<double>& start = {1, 1}) {
  const Table table{1, x};
  auto source = table.source();
  FitOptions options;
  const FitResult result = fit(Mixture(gamma(), {1}, parameter_table(*gamma(), {start})), source, options);
  INFO(result.message);
  CHECK(result.verdict == Verdict::converged);
  return result.mixture;
}

std::string reason(const std::vector<double>& x) {
  const Table table{1, x};
  auto source = table.source();
  return fit(Mixture(gamma(), {1}, parameter_table(*gamma(), {{1, 1}})), source).message;
}

}  // namespace

TEST_CASE("gamma: laws", "[laws][gamma]") {
  CHECK(check_laws(gamma(), gamma_options(2, 50, 0.3, 3)) >= least_law_cases);
  CHECK(check_laws(gamma(2), columnwise(gamma(), gamma_options(2, 50, 0.3, 3), 2)) >= least_law_cases);
}

TEST_CASE("gamma: the estimate solves its equations to the last digits", "[gamma]") {
  for (const double shape : {1e-2, 0.3, 1.0, 7.0, 1e3, 1e6}) {
    Random random{5};
    std::vector<double> x;
    for (int n = 0; n < 200; ++n) x.push_back(std::max(random.gamma(shape, shape / 1e3), 1e-300));
    using Exact = boost::multiprecision::cpp_bin_float_50;
    Exact sum = 0, sum_log = 0;
    for (const double value : x) {
      sum += value;
      sum_log += log(Exact(value));
    }
    const Exact gap = log(Exact(sum / 200)) - sum_log / 200;
    const auto theta = to_vector(estimate(x).parameters().row(0));
    const Exact a = theta[0];
    const double mean = static_cast<double>(sum / 200);
    INFO("shape " << shape << ": " << theta[0]);
    const double ratio = static_cast<double>(Exact((log(a) - boost::math::digamma(a)) / gap));
    CHECK(close(ratio, 1, round_off(256, 1)));
    // Logarithms of the data reach -690 under the least shape, and so does their rounding, that of the mean included.
    CHECK(close(theta[0] / theta[1], mean, round_off(shape < 0.1 ? 1024 : 64, mean)));
  }
}

TEST_CASE("gamma: an offset of 1e8 costs no digits of the spread", "[gamma]") {
  // With y = x / 1e8 - 1 small: log(mean) - mean(log) = v / 2 + O(y^3), where v is the variance of y; shape 1 / v.
  const auto theta = to_vector(estimate({1e8 - 2, 1e8 - 1, 1e8, 1e8 + 1, 1e8 + 2}, {1e10, 1e2}).parameters().row(0));
  CHECK(close(theta[0], 1e16 / 2, stated(1e-6, 1e16 / 2)));
  CHECK(close(theta[0] / theta[1], 1e8, round_off(128, 1e8)));
}

TEST_CASE("gamma: degenerate data are named", "[gamma][degenerate]") {
  const std::string constant = "all its values are equal, so that the shape has no finite maximum";
  CHECK(reason({3, 3, 3}).find(constant) != std::string::npos);
  CHECK(reason({3}).find(constant) != std::string::npos);
  CHECK(reason({1e-200, 1e-200}).find(constant) != std::string::npos);
  std::vector<double> s(3), theta(2);
  const std::vector<double> origin{0};
  REQUIRE(gamma()->mle(one_row(s), one_row(origin), one_row(theta)).degenerate.size() == 1);
  CHECK(gamma()->mle(one_row(s), one_row(origin), one_row(theta)).degenerate[0].reason.text ==
        "no rows are left to it");
  CHECK(error_of([] { reason({1, 0}); }).find("is outside the support of 'gamma' (x > 0)") != std::string::npos);
}

TEST_CASE("gamma: there is no conjugate prior", "[gamma][prior]") {
  CHECK(!gamma()->prior());
  const Table table{1, {1, 2, 3, 4}};
  auto source = table.source();
  CHECK(error_of([&] { default_prior(gamma(), 2, source); }) ==
        "usage: 'gamma' has no conjugate prior; use `update = ml`");
  const Mixture start(gamma(), {1}, parameter_table(*gamma(), {{1, 1}}));
  for (const auto update : {Update::vb, Update::sampled}) {
    FitOptions options;
    options.update = update;
    CHECK(error_of([&] { fit(start, source, options); }).find("usage: ") == 0);
  }
}

TEST_CASE("gamma: fits", "[gamma]") {
  check_fits(gamma(2), {{2, 1, 30, 3}, {9, 5, 1, 2}});
  check_fits(Registry::builtin().make("gamma(0) * bernoulli(1)", 2), {{2, 0.5, 0.1}, {40, 4, 0.8}});
}

}  // namespace mixfam
