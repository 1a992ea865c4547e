#pragma once

#include <boost/math/distributions/inverse_gamma.hpp>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <boost/math/special_functions/digamma.hpp>
#include <cmath>
#include <functional>
#include <vector>

#include "catch.hpp"
#include "differences.hpp"
#include "laws.hpp"
#include "models/fit_checks.hpp"
#include "support.hpp"
#include "tolerance.hpp"

/// Normal-Inverse-Gamma priors from another source than the library: d means and one variance, theta = (m, v),
/// h = (mu0, kappa0, nu0, psi0).
namespace mixfam {

/// log IG(v | nu0/2, psi0/2) + log N(m | mu0, v / kappa0) by Boost.Math, in long double for the range of densities.
inline double log_normal_inverse_gamma(ConstVectorView h, ConstVectorView theta) {
  using Real = long double;
  const std::size_t d = theta.size() - 1;
  const Real deviation = std::sqrt(static_cast<Real>(theta[d]) / h[d]);
  Real sum = std::log(pdf(boost::math::inverse_gamma_distribution<Real>(0.5L * h[d + 1], 0.5L * h[d + 2]),
                          static_cast<Real>(theta[d])));
  for (std::size_t i = 0; i < d; ++i) {
    const Real z = (static_cast<Real>(theta[i]) - h[i]) / deviation;
    sum += std::log(pdf(boost::math::normal_distribution<Real>(), 0.0L)) - std::log(deviation) - 0.5L * z * z;
  }
  return static_cast<double>(sum);
}

/// Mean (kappa0 mu0 + sum y) / (kappa0 + N) and variance
/// (psi0 + sum |y - mean|^2 + kappa0 N / (kappa0 + N) |mean - mu0|^2) / (nu0 + N d + d + 2), by two passes over y.
inline std::vector<double> normal_inverse_gamma_mode(ConstVectorView h, ConstMatrixView y) {
  using Real = long double;
  const std::size_t d = y.columns();
  const Real N = static_cast<Real>(y.rows());
  const Real kappa0 = h[d];
  std::vector<double> theta(d + 1);
  Real scatter = h[d + 2];
  for (std::size_t i = 0; i < d; ++i) {
    Real mean = 0;
    for (std::size_t n = 0; n < y.rows(); ++n) mean += y(n, i) / N;
    for (std::size_t n = 0; n < y.rows(); ++n) scatter += (y(n, i) - mean) * (y(n, i) - mean);
    scatter += kappa0 * N / (kappa0 + N) * (mean - h[i]) * (mean - h[i]);
    theta[i] = static_cast<double>((kappa0 * h[i] + N * mean) / (kappa0 + N));
  }
  theta[d] = static_cast<double>(scatter / (h[d + 1] + (N + 1) * static_cast<Real>(d) + 2));
  return theta;
}

/// The laws' generators for d means of magnitude `reach` and a variance in between; everything but the density.
inline LawOptions normal_inverse_gamma_options(std::size_t d, double reach, double least, double greatest) {
  LawOptions options;
  options.parameters = [=](Random& random) {
    std::vector<double> theta;
    for (std::size_t i = 0; i < d; ++i) theta.push_back(uniform_between(random, -reach, reach));
    theta.push_back(log_uniform(random, least, greatest));
    return theta;
  };
  options.hyperparameters = [=](Random& random) {
    std::vector<double> h;
    for (std::size_t i = 0; i < d; ++i) h.push_back(uniform_between(random, -reach, reach));
    h.push_back(log_uniform(random, 1e-2, 1e1));
    h.push_back(uniform_between(random, 1, 20));
    h.push_back(log_uniform(random, least, greatest));
    return h;
  };
  options.log_prior = log_normal_inverse_gamma;
  options.posterior_mode = normal_inverse_gamma_mode;
  return options;
}

/// E[c] under p(theta | h) is the gradient of log Z in chi, by differences; the leading constants of t are those places
/// p for which is_constant(p), of which the family gives the sum. Guilty: expectation, log_partition, chi or from_chi.
inline void check_gradient(const Family& family, ConstVectorView h,
                           const std::function<bool(std::size_t)>& is_constant) {
  std::vector<double> theta(family.parameters().size()), log_scale(1), origin(family.origin_size());
  std::vector<double> chi(family.statistic_size()), c(chi.size());
  const auto H = ConstMatrixView::row_major(h.data(), 1, h.size());
  family.prior()->expectation(H, MatrixView::row_major(theta.data(), 1, theta.size()), log_scale);
  family.coefficients(theta, origin, c);
  const auto origins = ConstMatrixView::row_major(origin.data(), 1, origin.size());
  family.prior()->add_chi(h, origins, MatrixView::row_major(chi.data(), 1, chi.size()));
  const auto log_partition = [&](std::size_t p, double step) {
    std::vector<double> moved = chi, g(h.size());
    moved[p] += step;
    const auto G = MatrixView::row_major(g.data(), 1, g.size());
    family.prior()->from_chi(ConstMatrixView::row_major(moved.data(), 1, moved.size()), origins, G);
    const auto value = family.prior()->log_partition(G);
    REQUIRE(value.has_value());
    return *value;
  };
  double constants = log_scale[0], differences = 0, scale = 0;
  for (std::size_t p = 0; p < chi.size(); ++p) {
    const double step = 1e-3 * std::max(1.0, std::abs(chi[p]));
    const double slope = five_point_slope([&](double e) { return log_partition(p, e); }, step);
    scale = std::max({scale, std::abs(slope), std::abs(c[p])});
    if (is_constant(p)) {
      constants += c[p];
      differences += slope;
    } else {
      INFO("p = " << p);
      CHECK(close(slope, c[p], {1e-8 * (1 + std::abs(c[p])), "five-point difference"}));
    }
  }
  CHECK(close(differences, constants, {1e-8 * (1 + scale), "five-point differences"}));
}

/// KL(q || p) of two Normal-Inverse-Gamma distributions: that of the gamma distributions of 1/v (Penny 2001), and the
/// expected one of the means given v. Guilty: expectation (the second constant is used here only) or log_partition.
inline void check_divergence(const Family& family, ConstVectorView q, ConstVectorView p) {
  const std::size_t d = q.size() - 3;
  const double D = static_cast<double>(d);
  const double a_q = q[d + 1] / 2, b_q = q[d + 2] / 2, a_p = p[d + 1] / 2, b_p = p[d + 2] / 2;
  double squares = 0;
  for (std::size_t i = 0; i < d; ++i) squares += (q[i] - p[i]) * (q[i] - p[i]);
  const double expected = (a_q - a_p) * boost::math::digamma(a_q) - std::lgamma(a_q) + std::lgamma(a_p) +
                          a_p * std::log(b_q / b_p) + a_q * (b_p - b_q) / b_q +
                          0.5 * (D * p[d] / q[d] - D + D * std::log(q[d] / p[d]) + p[d] * a_q / b_q * squares);
  std::vector<double> kl(1);
  const auto Q = ConstMatrixView::row_major(q.data(), 1, q.size());
  std::vector<double> theta(family.parameters().size()), log_scale(1);
  const auto step =
      family.prior()->expectation(Q, MatrixView::row_major(theta.data(), 1, theta.size()), log_scale).step;
  family.prior()->add_kl(Q, p, *step, kl);
  CHECK(close(kl[0], expected, round_off(1e3, 1 + expected)));
}

/// Draws from the posterior of one component have its mean, its quantiles, and quantiles of the first parameter are
/// Student's and of the last inverse gamma. Guilty: sample, mean or quantile.
inline void check_marginals(const Family& family, ConstVectorView h) {
  constexpr std::size_t draws = 20000;
  const std::size_t size = family.parameters().size();
  const auto H = ConstMatrixView::row_major(h.data(), 1, h.size());
  std::vector<double> theta(size), mean(size);
  const auto row = [size](std::vector<double>& values) { return MatrixView::row_major(values.data(), 1, size); };
  family.prior()->mean(H, row(mean));
  for (const double level : {0.025, 0.5, 0.9}) {
    std::vector<double> quantile(size);
    std::vector<MonteCarlo> below(size), moment(size);
    family.prior()->quantile(H, level, row(quantile));
    Random random{20260101};
    for (std::size_t i = 0; i < draws; ++i) {
      family.prior()->sample(H, random, row(theta));
      for (std::size_t p = 0; p < size; ++p) {
        moment[p].add(theta[p]);
        below[p].add(theta[p] < quantile[p] ? 1 : 0);
      }
    }
    for (std::size_t p = 0; p < size; ++p) {
      INFO("parameter " << p << ", level " << level);
      CHECK(close(moment[p].mean(), mean[p], monte_carlo(moment[p].standard_error())));
      CHECK(close(below[p].mean(), level, monte_carlo(below[p].standard_error())));
    }
    const auto first = [&](const char* name) {
      return h[family.prior()->hyperparameters().offset(*family.prior()->hyperparameters().find(name))];
    };
    const double spread = std::sqrt(first("psi0") / (first("kappa0") * first("nu0")));
    const double t = boost::math::quantile(boost::math::students_t(first("nu0")), level);
    const double v = boost::math::quantile(boost::math::inverse_gamma(first("nu0") / 2, first("psi0") / 2), level);
    CHECK(close(quantile[0], first("mu0") + spread * t, round_off(16, std::abs(first("mu0")) + spread * std::abs(t))));
    const std::size_t variance = family.parameters().offset(1);
    CHECK(close(quantile[variance], v, round_off(16, v)));
  }
}

}  // namespace mixfam
