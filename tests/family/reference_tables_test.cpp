#include <mixfam/mixfam.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <limits>
#include <map>
#include <numeric>
#include <string>
#include <vector>

#include "catch.hpp"
#include "numerics/special.hpp"
#include "support.hpp"
#include "tolerance.hpp"

// Values of tests/reference/tables, which generate_tables.py describes. An error is relative to the scale that stands
// beside the value: what rounding is relative to, where terms cancel the sum of their sizes. Where that is more than
// the value itself, because the formula of the library's contract is such a sum:
//
//   log densities           log h + <t, c> is a sum: of Poisson and binomial counts as large as 1e12 its terms are too
//   divergences             <c - c2, E[t]>: that of neighbours is small beside the coefficients
//   divergences of members  <q - p, E[c]> - log Z(q) + log Z(p): the terms are as large as the counts
//     of a conjugate prior
//   log Z                   a sum of log gammas; log B near B = 1 is relative to 1
//   expected parameters     exp(E[log p]) has the rounding of E[log p] times its size, up to 1e3
//   full and tied Gaussians the condition number of the correlation matrix, up to 1e6, amplifies 20 eps
//   log-normal density      log x is rounded before the mean is taken away
//   quantiles               the distribution function is rounded too
namespace mixfam {

namespace {

/// The data sets of one group: column n of each is about point n.
class ReferenceTable {
 public:
  ReferenceTable(const std::string& file, const std::string& group) {
    const char* root = std::getenv("MIXFAM_SOURCE_ROOT");
    REQUIRE(root != nullptr);
    location_ = std::string(root) + "/tests/reference/tables/" + file + ".h5:/" + group + "/";
  }

  const Table& operator[](const std::string& name) {
    const auto found = tables_.find(name);
    if (found != tables_.end()) return found->second;
    Hdf5Source source(location_ + name);
    Table table{source.columns(), std::vector<double>(source.rows() * source.columns())};
    for (Chunk chunk = source.next(1); chunk.rows > 0; chunk = source.next(1)) {
      REQUIRE(chunk.type == ElementType::float64);
      const auto* data = static_cast<const double*>(chunk.data);
      for (std::size_t i = 0; i < chunk.rows; ++i)
        for (std::size_t n = 0; n < table.columns; ++n)
          table.values[(chunk.first_row + i) * table.columns + n] =
              data[static_cast<std::ptrdiff_t>(i) * chunk.row_stride +
                   static_cast<std::ptrdiff_t>(n) * chunk.column_stride];
    }
    return tables_.emplace(name, std::move(table)).first->second;
  }
  std::vector<double> point(const std::string& name, std::size_t n) {
    const Table& table = (*this)[name];
    std::vector<double> values(table.rows());
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = table(i, n);
    return values;
  }
  std::size_t points() { return (*this)["x"].columns; }
  const std::string& location() const { return location_; }

 private:
  std::string location_;
  std::map<std::string, Table> tables_;
};

/// The values of one quantity, point by point.
using Values = std::vector<std::vector<double>>;

/// Compares one quantity at all points with the table; fails once, with the worst point. Where the environment variable
/// MIXFAM_REFERENCE_ERRORS is set, prints the largest errors relative to the scale and to the value itself.
void compare(ReferenceTable& table, const std::string& quantity, const Values& actual) {
  constexpr double demanded = 1e-13;
  const Table& expected = table[quantity];
  const Table& scale = table[quantity + "_scale"];
  REQUIRE(actual.size() == expected.columns);
  std::size_t failures = 0;
  double worst = 0;
  double worst_plain = 0;
  std::string worst_case;
  for (std::size_t n = 0; n < actual.size(); ++n) {
    REQUIRE(actual[n].size() == expected.rows());
    for (std::size_t i = 0; i < actual[n].size(); ++i) {
      const double error = std::abs(actual[n][i] - expected(i, n));
      // Results below the least normal number have fewer digits, or are that number.
      if (error <= std::numeric_limits<double>::min()) continue;
      if (!close(actual[n][i], expected(i, n), stated(demanded, scale(i, n)))) ++failures;
      if (!(error <= worst * scale(i, n))) {
        worst = error / scale(i, n);
        char text[128];
        std::snprintf(text, sizeof text, "point %zu: %.17g, expected %.17g, scale %g", n, actual[n][i], expected(i, n),
                      scale(i, n));
        worst_case = text;
      }
      worst_plain = std::max(worst_plain, error / std::abs(expected(i, n)));
    }
  }
  if (std::getenv("MIXFAM_REFERENCE_ERRORS") != nullptr)
    std::printf("%s%s: %zu points, error / scale %.1e, error / value %.1e\n", table.location().c_str(),
                quantity.c_str(), actual.size(), worst, worst_plain);
  CAPTURE(quantity, worst, worst_case);
  CHECK(failures == 0);
}

// --- special functions ------------------------------------------------------------------------------------------
using Arguments = std::vector<double>;

void check_function(const std::string& name, const std::function<double(const Arguments&)>& function,
                    std::size_t points = 400) {
  ReferenceTable table("special", name);
  CAPTURE(name);
  CHECK(table.points() >= points);
  Values values;
  for (std::size_t n = 0; n < table.points(); ++n) values.push_back({function(table.point("x", n))});
  compare(table, "value", values);
}

TEST_CASE("reference tables: special functions", "[special][reference]") {
  check_function(
      "log_gamma", [](const Arguments& x) { return special::log_gamma(x[0]); }, 2000);
  check_function(
      "digamma", [](const Arguments& x) { return special::digamma(x[0]); }, 2000);
  check_function("digamma_minus_log", [](const Arguments& x) { return special::digamma_minus_log(x[0]); });
  check_function("trigamma_minus_reciprocal",
                 [](const Arguments& x) { return special::trigamma_minus_reciprocal(x[0]); });
  check_function("stirling_remainder", [](const Arguments& x) { return special::stirling_remainder(x[0]); });
  check_function("log1p_minus", [](const Arguments& x) { return special::log1p_minus(x[0]); });
  check_function("expm1_minus", [](const Arguments& x) { return special::expm1_minus(x[0]); });
  check_function("log_minus_linear", [](const Arguments& x) { return special::log_minus_linear(x[0]); });
  check_function(
      "log_beta", [](const Arguments& x) { return special::log_beta(x[0], x[1]); }, 2000);
  check_function(
      "log_multigamma",
      [](const Arguments& x) { return special::log_multigamma(x[0], static_cast<std::size_t>(x[1])); }, 2000);
  check_function("log_choose", [](const Arguments& x) { return special::log_choose(x[0], x[1]); });
}

TEST_CASE("reference tables: quantiles", "[special][reference]") {
  check_function(
      "gamma_quantile", [](const Arguments& x) { return special::gamma_quantile(x[0], x[1], x[2]); }, 300);
  check_function(
      "inverse_gamma_quantile", [](const Arguments& x) { return special::inverse_gamma_quantile(x[0], x[1], x[2]); },
      300);
  check_function(
      "beta_quantile", [](const Arguments& x) { return special::beta_quantile(x[0], x[1], x[2]); }, 300);
  check_function(
      "student_t_quantile", [](const Arguments& x) { return special::student_t_quantile(x[0], x[1]); }, 300);
}

// --- families ---------------------------------------------------------------------------------------------------
/// E[log h(x)] of a component from its origin and E[t].
using MeanLogBase = std::function<double(ConstVectorView origin, ConstVectorView mean)>;

struct ReferenceCase {
  std::string file;
  std::string group;
  std::string spec;
  std::size_t columns = 1;
  MeanLogBase mean_log_base = nullptr;  // none: the entropy has no closed form
  bool has_prior = true;
  bool has_expected_theta = true;
};

double log_density(const Family& family, const std::vector<double>& theta, const std::vector<double>& x) {
  std::vector<const double*> columns;
  for (const double& value : x) columns.push_back(&value);
  const Block row{columns.data(), columns.size(), 1};
  double result = 0;
  add_log_density(family, ConstMatrixView::row_major(theta.data(), 1, theta.size()), row,
                  MatrixView::column_major(&result, 1, 1));
  family.add_log_base(row, {&result, 1});
  return result;
}

double entropy(const Family& family, ConstVectorView theta, const MeanLogBase& mean_log_base) {
  std::vector<double> origin(family.origin_size());
  std::vector<double> mean(family.statistic_size());
  std::vector<double> c(family.statistic_size());
  family.origin(theta, origin);
  family.mean_statistic(theta, origin, mean);
  family.coefficients(theta, origin, c);
  double sum = -mean_log_base(origin, mean);
  for (std::size_t i = 0; i < c.size(); ++i) sum -= c[i] * mean[i];
  return sum;
}

void check_components(const FamilyPtr& family, ReferenceTable& table, const MeanLogBase& mean_log_base) {
  Values densities;
  Values divergences;
  Values entropies;
  for (std::size_t n = 0; n < table.points(); ++n) {
    const Mixture pair(family, {0.5, 0.5},
                       parameter_table(*family, {table.point("theta", n), table.point("theta2", n)}));
    const auto theta = to_vector(pair.parameters().row(0));
    densities.push_back({log_density(*family, theta, table.point("x", n))});
    divergences.push_back({component_divergences(pair)[1]});
    if (mean_log_base) entropies.push_back({entropy(*family, theta, mean_log_base)});
  }
  compare(table, "log_density", densities);
  compare(table, "divergence", divergences);
  if (mean_log_base) compare(table, "entropy", entropies);
}

void check_priors(const Family& family, ReferenceTable& table, bool has_expected_theta) {
  Values partitions;
  Values divergences;
  Values log_scales;
  Values expected;
  for (std::size_t n = 0; n < table.points(); ++n) {
    const auto h = table.point("h", n);
    const std::size_t size = family.prior()->hyperparameters().size();
    const std::size_t components = h.size() / size;
    const auto H = ConstMatrixView::row_major(h.data(), components, size);
    partitions.push_back({family.prior()->log_partition(H).value()});
    ParameterTable theta(family.parameters(), components);
    std::vector<double> log_scale(components);
    const Estimates estimates = family.prior()->expectation(H, theta.view(), log_scale);
    const StepPtr step = estimates.step ? estimates.step : family.step(theta.view());  // some are next to a point
    std::vector<double> divergence(components);
    family.prior()->add_kl(H, table.point("h2", n), *step, divergence);
    divergences.push_back({std::accumulate(divergence.begin(), divergence.end(), 0.0)});
    log_scales.push_back(std::move(log_scale));
    expected.push_back(shown_values(theta.schema(), std::as_const(theta).view()));
  }
  compare(table, "log_partition", partitions);
  compare(table, "prior_divergence", divergences);
  compare(table, "log_scale", log_scales);
  if (has_expected_theta) compare(table, "expected_theta", expected);
}

void check_family(const std::vector<ReferenceCase>& cases) {
  std::size_t points = 0;
  for (const ReferenceCase& one : cases) {
    CAPTURE(one.file, one.group);
    ReferenceTable table(one.file, one.group);
    const FamilyPtr family = Registry::builtin().make(one.spec, one.columns);
    check_components(family, table, one.mean_log_base);
    if (one.has_prior) check_priors(*family, table, one.has_expected_theta);
    points += table.points();
  }
  CHECK(points >= 2000);
}

/// h = 1.
double nothing(ConstVectorView, ConstVectorView) { return 0; }
/// h = (2 pi)^(-D/2).
MeanLogBase gaussian_base(double d) {
  return [d](ConstVectorView, ConstVectorView) { return -0.5 * d * special::log_two_pi; };
}

TEST_CASE("reference tables: exponential", "[reference]") {
  check_family({{"exponential", "exponential", "exponential", 1, nothing}});
}
TEST_CASE("reference tables: poisson", "[reference]") { check_family({{"poisson", "poisson", "poisson"}}); }
TEST_CASE("reference tables: bernoulli", "[reference]") {
  check_family({{"bernoulli", "bernoulli", "bernoulli", 1, nothing}});
}
TEST_CASE("reference tables: binomial", "[reference]") {
  check_family({{"binomial", "trials=7", "binomial:trials=7"},
                {"binomial", "trials=1000", "binomial:trials=1000"},
                {"binomial", "trials=1000000", "binomial:trials=1000000"}});
}
TEST_CASE("reference tables: geometric", "[reference]") {
  check_family({{"geometric", "geometric", "geometric", 1, nothing}});
}
TEST_CASE("reference tables: gamma", "[reference]") {
  // log h = -log x, and t about the origin o holds log x - o.
  const auto base = [](ConstVectorView origin, ConstVectorView mean) { return -origin[0] - mean[1]; };
  check_family({{"gamma", "gamma", "gamma", 1, base, false}});
}
TEST_CASE("reference tables: log normal", "[reference]") {
  const auto base = [](ConstVectorView origin, ConstVectorView mean) {
    return -origin[0] - mean[2] - 0.5 * special::log_two_pi;
  };
  check_family({{"log_normal", "log_normal", "log_normal", 1, base}});
}
TEST_CASE("reference tables: gaussian", "[reference]") {
  check_family({{"gaussian", "D=1", "gaussian", 1, gaussian_base(1), true, false},
                {"gaussian", "D=2", "gaussian", 2, gaussian_base(2), true, false},
                {"gaussian_3", "D=3", "gaussian", 3, gaussian_base(3), true, false}});
}
TEST_CASE("reference tables: gaussian, diagonal", "[reference]") {
  check_family({{"gaussian_diagonal", "D=1", "gaussian:covariance=diagonal", 1, gaussian_base(1), true, false},
                {"gaussian_diagonal", "D=2", "gaussian:covariance=diagonal", 2, gaussian_base(2), true, false}});
}
TEST_CASE("reference tables: gaussian, spherical", "[reference]") {
  check_family({{"gaussian_spherical", "D=1", "gaussian:covariance=spherical", 1, gaussian_base(1), true, false},
                {"gaussian_spherical", "D=2", "gaussian:covariance=spherical", 2, gaussian_base(2), true, false},
                {"gaussian_spherical", "D=3", "gaussian:covariance=spherical", 3, gaussian_base(3), true, false}});
}
TEST_CASE("reference tables: gaussian, tied", "[reference]") {
  check_family({{"gaussian_tied", "D=1", "gaussian:covariance=tied", 1, gaussian_base(1), true, false},
                {"gaussian_tied", "D=2", "gaussian:covariance=tied", 2, gaussian_base(2), true, false}});
}
TEST_CASE("reference tables: categorical", "[reference]") {
  check_family({{"categorical", "categories=1", "categorical:categories=1", 1, nothing},
                {"categorical", "categories=2", "categorical:categories=2", 1, nothing},
                {"categorical", "categories=3", "categorical:categories=3", 1, nothing}});
}
TEST_CASE("reference tables: multinomial", "[reference]") {
  check_family({{"multinomial", "trials=9", "multinomial:trials=9", 2},
                {"multinomial", "trials=100000", "multinomial:trials=100000", 3}});
}

}  // namespace

}  // namespace mixfam
