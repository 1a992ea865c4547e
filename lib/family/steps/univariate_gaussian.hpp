#pragma once

#include <mixfam/columnwise.hpp>
#include <mixfam/detail/observed_cells.hpp>

#include "family/steps/kernel_columns.hpp"
#include "family/steps/univariate_step.hpp"
#include "numerics/special.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

// Gaussians without covariances between columns: d columns that share one variance v, of which the univariate Gaussian
// is the case d = 1, and D columns with a variance each. About the origin o, with the mean m seen from o:
//
//     t(x) = (1, 1, x - o, |x - o|^2)     h = (2 pi)^(-d/2)
//     c    = (-d/2 log v, -|m|^2 / (2 v), m / v, -1 / (2 v))
//
// Two leading constants because the prior has two counts. Normal-Inverse-Gamma prior, base measure dm dv:
// v ~ IG(nu0/2, psi0/2) and m | v ~ N(mu0, v / kappa0 I) (Murphy 2007, section 5, where psi0 = nu0 sigma0^2 and d = 1):
//
//     chi   = ((nu0 + d + 2) / d, kappa0, kappa0 mu0, psi0 + kappa0 |mu0|^2)
//     log Z = log Gamma(nu0/2) - nu0/2 log(psi0/2) + d/2 log(2 pi / kappa0)
//     mode  = (psi0 + S_k + kappa0 N_k/(kappa0 + N_k) |e|^2) / (nu0 + N_k d + d + 2) for the variance, where S_k is the
//             sum of squares about the mean of the rows and e that mean less mu0

namespace mixfam {

/// Where t keeps its parts; the squares follow the sums of d columns.
namespace one_variance {
inline constexpr std::size_t spread_count = 0;
inline constexpr std::size_t mean_count = 1;
inline constexpr std::size_t sum = 2;
constexpr std::size_t squares(std::size_t d) { return sum + d; }
constexpr std::size_t size(std::size_t d) { return squares(d) + 1; }
}  // namespace one_variance

/// Draws of a mean go no further: squares of residuals from there, summed over the rows, must be finite numbers.
inline constexpr double reach = 1e145;
inline double within_reach(double mean) { return std::clamp(mean, -reach, reach); }

/// Squares below this have lost digits.
inline constexpr double least_square = std::numeric_limits<double>::min();

/// Of data as large as the greatest of the values.
inline double magnitude(ConstVectorView values, double least = 0) {
  for (const double value : values) least = std::max(least, std::abs(value));
  return least;
}

/// The scatter of a default prior for data of this magnitude, where that of the data is `scatter` and the variance of a
/// component of all rows would be `scatter / rows` at the least. Columns that do not vary get that of their last
/// digits; columns of zeros have none, as have values whose squares underflow, and get that of ones.
inline double proper_scatter(double scatter, double magnitude, double rows) {
  constexpr double last_digits = 1e-8;
  const double rounding = 64 * std::numeric_limits<double>::epsilon() * magnitude;
  if (scatter > rows * std::max(rounding * rounding, least_square)) return scatter;
  const double deviation = magnitude > 1 / reach ? last_digits * magnitude : 1;
  return rows * deviation * deviation;
}

/// Why columns have no variance whose squares are no finite numbers.
inline Reason overflowing() {
  Reason reason("the squares of its rows are beyond what a double holds");
  reason.cure = "rescale the columns";
  return reason;
}

/// Whether values of this variance and mean, about an origin among them, vary, but by too little for their squares.
inline bool is_underflow(double variance, double mean) {
  return variance < least_square && (variance > 0 || mean != 0) && std::abs(mean) < 1 / reach;
}

inline Reason underflowing() {
  Reason reason("the squares of its rows are below what a double holds");
  reason.cure = "rescale the columns";
  return reason;
}

/// Why d columns on equal rows have no variance.
inline Reason no_variance(std::size_t d) {
  if (d > 1) return "its variance is 0: the rows left to it are all equal";
  Reason reason("its variance is 0");
  reason.constant = {{{0, 1}}};
  return reason;
}

/// Prior of the mean of d columns and of the variance that they share; h = (mu0, kappa0, nu0, psi0).
class NormalInverseGamma {
 public:
  /// `mean` and `variance` are the parameters it is a prior of. The default prior looks at all columns of the family.
  /// Data are rounded as numbers of at least `least_magnitude` are.
  NormalInverseGamma(Field mean, Field variance, std::size_t family_columns, double least_magnitude)
      : mean_(std::move(mean)),
        variance_(std::move(variance)),
        d_(mean_.size()),
        family_columns_(family_columns),
        least_magnitude_(least_magnitude) {}

  Schema hyperparameters() const {
    Field psi0 = variance_;
    psi0.name = "psi0";
    psi0.domain = variance_.domain == Domain::covariance ? Domain::scatter : Domain::nonnegative;
    return {{{"mu0", mean_.shape, Domain::real},
             {"kappa0", {}, Domain::nonnegative},
             {"nu0", {}, Domain::real},
             std::move(psi0)}};
  }
  void flat(VectorView h) const {
    std::fill(h.begin(), h.end(), 0.0);
    h[d_ + 1] = -(columns() + 2);
  }
  /// After Fraley and Raftery (2007, section 3), with D the columns of the family: mu0 = mean, kappa0 = 0.01,
  /// nu0 = D + 2, psi0 = variance / K^(2/D), the mean variance of the columns that share it.
  void standard(ConstVectorView s, std::size_t components, VectorView h) const {
    const double n = s[one_variance::mean_count];
    const double D = static_cast<double>(family_columns_);
    double scatter = s[one_variance::squares(d_)];
    for (std::size_t i = 0; i < d_; ++i) {
      h[i] = s[one_variance::sum + i] / n;
      scatter -= h[i] * s[one_variance::sum + i];
    }
    h[d_] = 0.01;
    h[d_ + 1] = D + 2;
    h[d_ + 2] =
        std::max(scatter, 0.0) / (std::max(n - 1, 1.0) * columns()) * std::pow(static_cast<double>(components), -2 / D);
  }
  void translate(VectorView h, ConstVectorView by, double sign) const {
    for (std::size_t i = 0; i < d_; ++i) h[i] += sign * by[i];
  }
  /// A psi0 > 0 also for columns that do not vary.
  void make_proper(ConstVectorView s, VectorView h) const {
    const double rows = h[d_ + 1] + s[one_variance::mean_count] * columns() + columns() + 2;
    h[d_ + 2] = proper_scatter(h[d_ + 2], magnitude(h.part(0, d_), least_magnitude_), rows);
  }
  void chi(ConstVectorView h, std::size_t, VectorView out) const {
    const double kappa0 = h[d_];
    out[one_variance::spread_count] = (h[d_ + 1] + columns() + 2) / columns();
    out[one_variance::mean_count] = kappa0;
    double squares = h[d_ + 2];
    for (std::size_t i = 0; i < d_; ++i) {
      out[one_variance::sum + i] = kappa0 * h[i];
      squares += kappa0 * h[i] * h[i];
    }
    out[one_variance::squares(d_)] = squares;
  }
  void from_chi(ConstVectorView chi, VectorView h) const {
    const double kappa0 = chi[one_variance::mean_count];
    double psi0 = chi[one_variance::squares(d_)];
    for (std::size_t i = 0; i < d_; ++i) {
      h[i] = kappa0 > 0 ? chi[one_variance::sum + i] / kappa0 : 0;
      psi0 -= h[i] * chi[one_variance::sum + i];
    }
    h[d_] = kappa0;
    h[d_ + 1] = chi[one_variance::spread_count] * columns() - columns() - 2;
    h[d_ + 2] = psi0;
  }
  std::optional<Reason> improper(ConstVectorView h) const {
    if (is_proper(h)) return std::nullopt;
    if (h[d_] > 0 && h[d_ + 1] > 0) return no_variance(d_);
    return "the posterior of its parameters has no finite integral";
  }
  std::optional<double> log_partition(ConstVectorView h) const {
    if (!is_proper(h)) return std::nullopt;
    const double nu0 = h[d_ + 1];
    return special::log_gamma(0.5 * nu0) - 0.5 * nu0 * std::log(0.5 * h[d_ + 2]) +
           0.5 * columns() * (special::log_two_pi - std::log(h[d_]));
  }
  /// E[1/v] = nu0 / psi0, E[log v] = log(psi0/2) - digamma(nu0/2), E[|m|^2 / v] = d/kappa0 + |mu0|^2 E[1/v] (those of
  /// Bishop 2006, eqs. 10.64 and 10.65, for one variance): the coefficients of the mean mu0 and variance psi0 / nu0.
  double expectation(ConstVectorView h, VectorView theta, VectorView c) const {
    const double nu0 = h[d_ + 1];
    for (std::size_t i = 0; i < d_; ++i) theta[i] = h[i];
    theta[d_] = h[d_ + 2] / nu0;
    write_coefficients(theta, c);
    const double log_scale = 0.5 * columns() * special::digamma_minus_log(0.5 * nu0);
    c[one_variance::spread_count] += log_scale;
    c[one_variance::mean_count] -= 0.5 * columns() / h[d_];
    return log_scale - 0.5 * columns() / h[d_];
  }
  void sample(ConstVectorView h, Random& random, VectorView theta) const {
    theta[d_] = 1 / random.gamma(0.5 * h[d_ + 1], 0.5 * h[d_ + 2]);
    const double deviation = std::sqrt(theta[d_]) / std::sqrt(h[d_]);
    for (std::size_t i = 0; i < d_; ++i) theta[i] = within_reach(h[i] + deviation * random.normal());
  }
  /// Of the mean its centre of symmetry, which is its expectation where nu0 > 1.
  void mean(ConstVectorView h, VectorView theta) const {
    const double nu0 = h[d_ + 1];
    for (std::size_t i = 0; i < d_; ++i) theta[i] = h[i];
    theta[d_] = is_proper(h) && nu0 > 2 ? h[d_ + 2] / (nu0 - 2) : nan;
  }
  /// Means are Student-t, the variance is inverse gamma (Murphy 2007, section 5).
  void quantile(ConstVectorView h, double level, VectorView theta) const {
    std::fill(theta.begin(), theta.end(), nan);
    if (!is_proper(h)) return;
    const double nu0 = h[d_ + 1];
    const double scale = std::sqrt(h[d_ + 2] / (h[d_] * nu0));
    for (std::size_t i = 0; i < d_; ++i) theta[i] = h[i] + special::student_t_quantile(nu0, level) * scale;
    theta[d_] = special::inverse_gamma_quantile(0.5 * nu0, 0.5 * h[d_ + 2], level);
  }
  std::optional<std::string> check(ConstVectorView h) const {
    const double least = -(columns() + 2);
    if (h[d_ + 1] < least) return "nu0 = " + std::to_string(h[d_ + 1]) + " (must be >= " + std::to_string(least) + ")";
    return std::nullopt;
  }

  /// c(theta) at the origin 0, theta = (m, v).
  static void write_coefficients(ConstVectorView theta, VectorView c) {
    const std::size_t d = theta.size() - 1;
    const double precision = 1 / theta[d];
    double quadratic = 0;
    for (std::size_t i = 0; i < d; ++i) {
      c[one_variance::sum + i] = precision * theta[i];
      quadratic += precision * theta[i] * theta[i];
    }
    c[one_variance::spread_count] = -0.5 * static_cast<double>(d) * std::log(theta[d]);
    c[one_variance::mean_count] = -0.5 * quadratic;
    c[one_variance::squares(d)] = -0.5 * precision;
  }

 private:
  static constexpr double nan = std::numeric_limits<double>::quiet_NaN();

  double columns() const { return static_cast<double>(d_); }
  bool is_proper(ConstVectorView h) const { return h[d_] > 0 && h[d_ + 1] > 0 && h[d_ + 2] > 0; }

  Field mean_;
  Field variance_;
  std::size_t d_;
  std::size_t family_columns_;
  double least_magnitude_;
};

/// log N(x | m, diag(v)) without (2 pi)^(-D/2), by the standardised residuals (x - m) / sqrt(v). Rows of theta are D
/// means and then a variance for each column, or one for all.
class StandardisingStep {
 public:
  StandardisingStep(ConstMatrixView theta, std::size_t columns)
      : components_(theta.rows()), means_(theta.rows() * columns), scales_(means_.size()) {
    log_scales_.reserve(components_);
    for (std::size_t k = 0; k < components_; ++k) {
      double log_determinant = 0;
      for (std::size_t j = 0; j < columns; ++j) {
        const double variance = theta(k, columns + j % (theta.columns() - columns));
        means_[k * columns + j] = theta(k, j);
        scales_[k * columns + j] = 1 / std::sqrt(variance);
        log_determinant += std::log(variance);
      }
      log_scales_.push_back(-0.5 * log_determinant);
    }
    if (columns > 1) return;
    std::vector<double> curvatures;
    for (const double scale : scales_) curvatures.push_back(-0.5 * scale * scale);
    univariate_.emplace(log_scales_, std::move(curvatures), means_);
  }

  void add_log_density(const Block& x, MatrixView L, Workspace&) const {
    kernels().add_standardised(columns_of(x), {means_.data(), scales_.data(), log_scales_.data()},
                               {L.data(), L.column_stride(), components_});
  }
  bool add_soft(const Block& x, ConstVectorView log_weights, Statistics& statistics, Workspace& workspace) const {
    return univariate_ && univariate_->add(x, log_weights, statistics, workspace);
  }

 private:
  std::size_t components_;
  std::vector<double> means_;
  std::vector<double> scales_;      // 1 / sqrt(v)
  std::vector<double> log_scales_;  // -log|C| / 2
  std::optional<UnivariateQuadraticStep> univariate_;
};

/// The same for one variance of all columns. Rows with gaps are completed by the mean: the covariance of x_m given x_o
/// is v I.
class SphericalStep : public StandardisingStep {
 public:
  /// Rows of theta are D means and the variance.
  SphericalStep(ConstMatrixView theta, std::size_t columns) : StandardisingStep(theta, columns), d_(columns) {
    for (std::size_t k = 0; k < theta.rows(); ++k)
      for (const double value : theta.row(k)) theta_.push_back(value);
  }

  Block prepare_observed(const Block& x, Workspace::Frame&) const { return x; }
  void add_log_density_observed(const Block& x, MatrixView L, Workspace& workspace) const {
    for (std::size_t k = 0; k < L.columns(); ++k) {
      const double log_scale = 0.5 * std::log(variance(k));
      Workspace::Frame frame(workspace);
      double* squares = frame.zeros(x.rows);
      double* missing = frame.zeros(x.rows);
      for (std::size_t j = 0; j < d_; ++j)
        for (std::size_t n = 0; n < x.rows; ++n)
          if (x.is_missing(n, j)) {
            ++missing[n];
          } else {
            const double residual = x.column(j)[n] - mean(k, j);
            squares[n] += residual * residual;
          }
      const double d = static_cast<double>(d_);
      for (std::size_t n = 0; n < x.rows; ++n)
        if (missing[n] < d)
          L(n, k) +=
              0.5 * missing[n] * special::log_two_pi - (d - missing[n]) * log_scale - 0.5 * squares[n] / variance(k);
    }
  }
  double accumulate_observed(const Block& x, ConstMatrixView R, MatrixView S, Random* draws, Workspace&) const {
    double entropy = 0;
    for (std::size_t k = 0; k < R.columns(); ++k) {
      const double log_scale = 0.5 * (std::log(variance(k)) + special::log_two_pi);
      for (std::size_t n = 0; n < x.rows; ++n) {
        const double r = R(n, k);
        if (r == 0 || detail::count_missing(x, n) == d_) continue;
        S(k, one_variance::spread_count) += r;
        S(k, one_variance::mean_count) += r;
        for (std::size_t j = 0; j < d_; ++j) {
          if (!x.is_missing(n, j)) {
            add(x.column(j)[n] - mean(k, j), r, j, S.row(k));
          } else if (draws) {
            const double z = draws->normal();
            add(std::sqrt(variance(k)) * z, r, j, S.row(k));
            entropy += r * (log_scale + 0.5 * z * z);
          } else {
            S(k, one_variance::squares(d_)) += r * variance(k);
            entropy += r * (log_scale + 0.5);
          }
        }
      }
    }
    return entropy;
  }

 private:
  double mean(std::size_t k, std::size_t j) const { return theta_[k * (d_ + 1) + j]; }
  double variance(std::size_t k) const { return theta_[k * (d_ + 1) + d_]; }
  void add(double residual, double r, std::size_t j, VectorView s) const {
    s[one_variance::sum + j] += r * residual;
    s[one_variance::squares(d_)] += r * residual * residual;
  }

  std::size_t d_;
  std::vector<double> theta_;
};

/// For K components the counts, and K x D row-major the sums of residuals x - o and of their squares, of one block.
struct ColumnMoments {
  ColumnMoments(const Block& x, ConstMatrixView R, ConstMatrixView origins, Workspace::Frame& frame)
      : counts(frame.zeros(R.columns())),
        sums(frame.zeros(R.columns() * x.column_count)),
        squares(frame.zeros(R.columns() * x.column_count)) {
    double* means = frame.take(R.columns() * x.column_count);
    for (std::size_t k = 0; k < R.columns(); ++k)
      std::copy(origins.row(k).begin(), origins.row(k).end(), means + k * x.column_count);
    const ConstKernelMatrix r{R.data(), R.column_stride(), R.columns()};
    kernels().add_moments(columns_of(x), r, means, sums, squares);
    kernels().add_counts(r, x.rows, counts);
  }

  double* counts;
  double* sums;
  double* squares;
};

/// What Gaussians over d columns have in common: theta begins with the mean, which is the origin, and h = (2
/// pi)^(-d/2).
class LocatedAtMean {
 public:
  explicit LocatedAtMean(std::size_t d) : d_(d) {}

  std::size_t columns() const { return d_; }
  std::size_t origin_size() const { return d_; }
  void origin_at(const Block& x, VectorView origin) const {
    for (std::size_t i = 0; i < d_; ++i) origin[i] = x.column(i)[0];
  }
  void origin(ConstVectorView theta, VectorView out) const {
    for (std::size_t i = 0; i < d_; ++i) out[i] = theta[i];
  }
  void translate(VectorView theta, ConstVectorView by, double sign) const {
    for (std::size_t i = 0; i < d_; ++i) theta[i] += sign * by[i];
  }
  void add_log_base(const Block& x, VectorView out) const {
    for (std::size_t n = 0; n < x.rows; ++n) out[n] -= 0.5 * static_cast<double>(d_) * special::log_two_pi;
  }

 protected:
  std::size_t d_;
};

/// Statistics whose estimate has the given mean, and the spread about it; or else the spread that `set_spread` makes
/// the squares agree with.
template <class F, class SetSpread>
void hold_mean_or_spread(const F& family, std::size_t field, ConstVectorView mean, VectorView s, VectorView sum,
                         SetSpread set_spread) {
  if (field != 0) return set_spread();
  std::vector<double> back(mean.begin(), mean.end());
  for (double& value : back) value = -value;
  family.recentre(s, mean);
  std::fill(sum.begin(), sum.end(), 0.0);
  family.recentre(s, back);
}

/// The Gaussian of d columns with one variance: theta = (mean, variance), under names that the caller gives.
class SphericalGaussian : public LocatedAtMean {
 public:
  using Prior = NormalInverseGamma;

  /// `family_columns` counts the columns of the whole family where these d are a part of it. Data are rounded as
  /// numbers of at least `least_magnitude` are.
  SphericalGaussian(std::string spec, Field mean, Field variance, std::size_t family_columns,
                    double least_magnitude = 0)
      : LocatedAtMean(mean.size()),
        spec_(std::move(spec)),
        mean_(std::move(mean)),
        variance_(std::move(variance)),
        family_columns_(family_columns),
        least_magnitude_(least_magnitude) {}

  std::string spec() const { return spec_; }
  std::size_t statistic_size() const { return one_variance::size(d_); }
  Schema parameters() const { return {{mean_, variance_}}; }
  Support support(std::size_t) const {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    return {"finite x", -infinity, infinity};
  }

  void statistic(const Block& x, ConstVectorView origin, MatrixView T) const {
    double* squares = T.column(one_variance::squares(d_)).data();
    for (std::size_t n = 0; n < x.rows; ++n) {
      T(n, one_variance::spread_count) = T(n, one_variance::mean_count) = 1;
      squares[n] = 0;
    }
    for (std::size_t i = 0; i < d_; ++i) {
      const double* column = x.column(i);
      double* out = T.column(one_variance::sum + i).data();
      for (std::size_t n = 0; n < x.rows; ++n) {
        out[n] = column[n] - origin[i];
        squares[n] += out[n] * out[n];
      }
    }
  }
  void accumulate(const Block& x, ConstMatrixView R, ConstMatrixView origins, MatrixView S,
                  Workspace& workspace) const {
    Workspace::Frame frame(workspace);
    const ColumnMoments moments(x, R, origins, frame);
    for (std::size_t k = 0; k < R.columns(); ++k) {
      S(k, one_variance::spread_count) += moments.counts[k];
      S(k, one_variance::mean_count) += moments.counts[k];
      for (std::size_t j = 0; j < d_; ++j) {
        S(k, one_variance::sum + j) += moments.sums[k * d_ + j];
        S(k, one_variance::squares(d_)) += moments.squares[k * d_ + j];
      }
    }
  }
  SphericalStep step(ConstMatrixView theta) const { return {theta, d_}; }

  void recentre(VectorView s, ConstVectorView by) const {
    const double n = s[one_variance::mean_count];
    for (std::size_t i = 0; i < d_; ++i) {
      s[one_variance::squares(d_)] += by[i] * (n * by[i] - 2 * s[one_variance::sum + i]);
      s[one_variance::sum + i] -= n * by[i];
    }
  }

  void coefficients(ConstVectorView theta, VectorView c) const { Prior::write_coefficients(theta, c); }
  void mean(ConstVectorView theta, VectorView s) const {
    s[one_variance::spread_count] = s[one_variance::mean_count] = 1;
    double squares = static_cast<double>(d_) * theta[d_];
    for (std::size_t i = 0; i < d_; ++i) {
      s[one_variance::sum + i] = theta[i];
      squares += theta[i] * theta[i];
    }
    s[one_variance::squares(d_)] = squares;
  }
  std::optional<Reason> mle(ConstVectorView s, VectorView theta) const {
    constexpr double epsilon = std::numeric_limits<double>::epsilon();
    const double spread_count = s[one_variance::spread_count];
    const double mean_count = s[one_variance::mean_count];
    if (!(spread_count > 0 && mean_count > 0)) return "no rows are left to it";
    const double squares = s[one_variance::squares(d_)];
    double scatter = squares;
    for (std::size_t i = 0; i < d_; ++i) {
      theta[i] = s[one_variance::sum + i] / mean_count;
      scatter -= theta[i] * s[one_variance::sum + i];
    }
    theta[d_] = scatter / (static_cast<double>(d_) * spread_count);
    // A difference of equal numbers leaves their rounding.
    if (!std::isfinite(scatter)) return overflowing();
    if (is_underflow(theta[d_], magnitude(theta.part(0, d_)))) return underflowing();
    if (!(scatter > 4 * static_cast<double>(d_) * epsilon * squares && theta[d_] > 0)) return no_variance(d_);
    return std::nullopt;
  }
  /// See Family::hold; field 0 is the mean.
  void hold(std::size_t field, ConstVectorView theta, VectorView s) const {
    hold_mean_or_spread(*this, field, theta.part(0, d_), s, s.part(one_variance::sum, d_), [&] {
      double squares = static_cast<double>(d_) * s[one_variance::spread_count] * theta[d_];
      for (const double sum : s.part(one_variance::sum, d_)) squares += sum * sum / s[one_variance::mean_count];
      s[one_variance::squares(d_)] = squares;
    });
  }
  std::optional<Reason> collapse(ConstVectorView theta) const {
    const double rounding =
        16 * std::numeric_limits<double>::epsilon() * magnitude(theta.part(0, d_), least_magnitude_);
    if (theta[d_] > rounding * rounding) return std::nullopt;
    return "it has collapsed onto a point: its variance is within rounding of 0";
  }
  void sample(ConstVectorView theta, Random& random, VectorView x) const {
    const double deviation = std::sqrt(theta[d_]);
    for (std::size_t i = 0; i < d_; ++i) x[i] = theta[i] + deviation * random.normal();
  }

  Prior prior() const { return {mean_, variance_, family_columns_, least_magnitude_}; }

 private:
  std::string spec_;
  Field mean_;
  Field variance_;
  std::size_t family_columns_;
  double least_magnitude_;
};

/// D independent univariate Gaussians, whose fields `mean` and `variance` are scalars.
class DiagonalGaussian : public Columnwise<SphericalGaussian> {
 public:
  DiagonalGaussian(const std::string& spec, const Field& mean, const Field& variance, std::size_t columns,
                   double least_magnitude = 0)
      : Columnwise(SphericalGaussian(spec, mean, variance, columns, least_magnitude), columns) {}

  void accumulate(const Block& x, ConstMatrixView R, ConstMatrixView origins, MatrixView S,
                  Workspace& workspace) const {
    const std::size_t size = one_variance::size(1);
    Workspace::Frame frame(workspace);
    const ColumnMoments moments(x, R, origins, frame);
    for (std::size_t k = 0; k < R.columns(); ++k)
      for (std::size_t j = 0; j < columns(); ++j) {
        S(k, j * size + one_variance::spread_count) += moments.counts[k];
        S(k, j * size + one_variance::mean_count) += moments.counts[k];
        S(k, j * size + one_variance::sum) += moments.sums[k * columns() + j];
        S(k, j * size + one_variance::squares(1)) += moments.squares[k * columns() + j];
      }
  }
  StandardisingStep step(ConstMatrixView theta) const { return {theta, columns()}; }
};

}  // namespace mixfam
