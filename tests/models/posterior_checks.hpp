#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "catch.hpp"
#include "differences.hpp"
#include "models/fit_checks.hpp"
#include "support.hpp"
#include "tolerance.hpp"

/// Checks of a conjugate posterior of one component against its own definition, and of whole fits.
namespace mixfam {

inline ConstMatrixView one_row(const std::vector<double>& values) {
  return ConstMatrixView::row_major(values.data(), 1, values.size());
}
inline MatrixView one_row(std::vector<double>& values) {
  return MatrixView::row_major(values.data(), 1, values.size());
}

/// t(x) of a family without an origin.
inline std::vector<double> statistic_of(const Family& family, const std::vector<double>& x) {
  std::vector<const double*> columns;
  for (const double& value : x) columns.push_back(&value);
  std::vector<double> t(family.statistic_size());
  family.statistic({columns.data(), columns.size(), 1}, {}, one_row(t));
  return t;
}

/// <t(x), c(theta)>.
inline double log_density_part(const Family& family, const std::vector<double>& theta, const std::vector<double>& t) {
  std::vector<double> c(t.size());
  family.coefficients(theta, {}, c);
  double sum = 0;
  for (std::size_t p = 0; p < t.size(); ++p) sum += t[p] * c[p];
  return sum;
}

/// E[<t(x), c>] under the hyperparameters h, as an E-step of `vb` sees it.
inline double expected_log_density_part(const Family& family, const std::vector<double>& h,
                                        const std::vector<double>& t) {
  std::vector<double> theta(family.parameters().size());
  std::vector<double> log_scale(1);
  family.prior()->expectation(one_row(h), one_row(theta), log_scale);
  return log_density_part(family, theta, t) + log_scale[0];
}

/// E[<t(x), c>] = d log Z(chi + e t(x)) / de at e = 0, by a five-point difference.
inline void check_expectation(const Family& family, const std::vector<double>& h, const std::vector<double>& x) {
  const auto t = statistic_of(family, x);
  const double step = 1e-3 * *std::min_element(h.begin(), h.end()) / *std::max_element(t.begin(), t.end());
  const auto log_partition = [&](double e) {
    std::vector<double> chi(t.size());
    family.prior()->add_chi(h, one_row(std::vector<double>()), one_row(chi));
    for (std::size_t p = 0; p < t.size(); ++p) chi[p] += e * t[p];
    std::vector<double> moved(h.size());
    family.prior()->from_chi(one_row(chi), one_row(std::vector<double>()), one_row(moved));
    return family.prior()->log_partition(one_row(moved)).value();
  };
  const double slope = five_point_slope(log_partition, step);
  const double rounding = round_off(32, 1 + std::abs(log_partition(0))).allowed / step;
  const double expected = expected_log_density_part(family, h, t);
  INFO("h = " << h[0] << ", " << h[1] << "; x = " << x[0] << ": " << expected << " and " << slope);
  CHECK(close(expected, slope, {rounding + 1e-10 * std::abs(slope), "error of the difference"}));
}

/// Draws have the mean, and the mean coefficients, that the posterior states.
inline void check_draws(const Family& family, const std::vector<double>& h, const std::vector<double>& x) {
  const auto t = statistic_of(family, x);
  Random random{11};
  MonteCarlo parameter, part;
  std::vector<double> theta(family.parameters().size());
  for (int n = 0; n < 20000; ++n) {
    family.prior()->sample(one_row(h), random, one_row(theta));
    parameter.add(theta[0]);
    part.add(log_density_part(family, theta, t));
  }
  std::vector<double> mean(theta.size());
  family.prior()->mean(one_row(h), one_row(mean));
  INFO("h = " << h[0] << ", " << h[1]);
  CHECK(close(parameter.mean(), mean[0], monte_carlo(parameter.standard_error())));
  CHECK(close(part.mean(), expected_log_density_part(family, h, t), monte_carlo(part.standard_error())));
}

/// The quantile of the only parameter is where its distribution function has the level.
inline void check_quantile(const Family& family, const std::vector<double>& h,
                           const std::function<double(double)>& distribution) {
  std::vector<double> theta(family.parameters().size());
  for (const double level : {0.025, 0.5, 0.975}) {
    family.prior()->quantile(one_row(h), level, one_row(theta));
    INFO("h = " << h[0] << ", " << h[1]);
    CHECK(close(distribution(theta[0]), level, stated(1e-10, 1)));
  }
}

/// theta from rows of a family whose statistic has no origin; the reason of a degenerate component instead, if so.
inline std::string mle_of_rows(const Family& family, const std::vector<double>& x, std::vector<double>& theta) {
  std::vector<double> s(family.statistic_size());
  for (const double value : x) {
    const auto t = statistic_of(family, {value});
    for (std::size_t p = 0; p < t.size(); ++p) s[p] += t[p];
  }
  theta.assign(family.parameters().size(), 0);
  const auto degenerate = family.mle(one_row(s), one_row(std::vector<double>()), one_row(theta)).degenerate;
  return degenerate.empty() ? "" : degenerate[0].reason.text;
}

/// Fits by every update that there is to rows drawn from `truth`, which also is the start.
inline void check_fits(const FamilyPtr& family, const std::vector<std::vector<double>>& truth) {
  const Mixture mixture(family, std::vector<double>(truth.size(), 1 / static_cast<double>(truth.size())),
                        parameter_table(*family, truth));
  const Table table{family->columns(), mixture.sample(1000, 3)};
  auto source = table.source();
  check_fit(mixture, source, Update::ml);
  if (!family->prior()) return;
  check_fit(mixture, source, Update::map);
  check_fit(mixture, source, Update::vb);
}

}  // namespace mixfam
