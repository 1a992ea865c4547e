#include <mixfam/error.hpp>
#include <mixfam/exponential_family.hpp>
#include <mixfam/registry.hpp>

#include "family/collinearity.hpp"
#include "family/steps/conditional_moments.hpp"
#include "family/steps/kernel_columns.hpp"
#include "family/steps/univariate_gaussian.hpp"
#include "numerics/linear_algebra.hpp"
#include "numerics/packed.hpp"
#include "numerics/special.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <limits>

namespace mixfam {

namespace {

constexpr const char* formulas = R"(
Gaussian distribution p(x | mean m, covariance C) = N(x | m, C), x in R^D, where C is

    full        any symmetric positive definite matrix, here
    tied        the same for all components, here
    diagonal    a variance for each column, in univariate_gaussian.hpp
    spherical   one variance for all columns, in univariate_gaussian.hpp; here with a variance that is known

About the origin o, with L the precision C^-1 and m seen from o:

    t(x) = (1, 1, x - o, vech((x - o)(x - o)'))     h = (2 pi)^(-D/2)
    c    = (-log|C| / 2, -m'L m / 2, L m, -L_ii / 2 and -L_ij)

Two leading constants because the prior has two counts. Normal-Inverse-Wishart prior, base measure dm dC
(Murphy 2012, eq. 4.200; Fraley and Raftery 2007):

    chi   = (nu0 + D + 2, kappa0, kappa0 mu0, vech(psi0 + kappa0 mu0 mu0'))
    log Z = nu0 D/2 log 2 + log Gamma_D(nu0/2) - nu0/2 log|psi0| + D/2 log(2 pi / kappa0)
    mode  = (psi0 + S_k + kappa0 N_k/(kappa0 + N_k) e e') / (nu0 + N_k + D + 2) for the covariance, where S_k is the
            scatter about the mean of the rows and e that mean less mu0

Tied: one inverse Wishart for C and K conditional normals for the means, base measure dm_1 .. dm_K dC:

    mode  = (psi0 + sum_k S_k + kappa0 N_k/(kappa0 + N_k) e_k e_k') / (nu0 + N + D + K + 1) for the covariance

The estimates are the mean and the covariance of the rows, divided by N. Under a posterior (kappa, m, nu, Psi)
(Bishop 2006, eqs. 10.64 and 10.65):

    E[log|L|] = sum_i digamma((nu + 1 - i) / 2) + D log 2 - log|Psi|      E[L] = nu Psi^-1      E[m' L m] = D/kappa + m' E[L] m

Default prior: mu0 = column means, kappa0 = 0.01, nu0 = D + 2, psi0 = cov / K^(2/D), with the unbiased covariance. It
is proper whatever the data: where a column does not vary its entry of psi0 is n (1e-8 times its value)^2, or n for a
column of zeros; and where the correlation matrix of psi0 is singular, because columns are collinear or rows are fewer
than columns, its eigenvalues below 1e-10 become n / 1000. There n = N + nu0 + D + 2, so that the covariance of a
component of all rows has a thousandth of the columns' variances where they have none.

Diagonal (d = 1, for each column) and spherical (d = D): d columns that share one variance v,

    t(x)  = (1, 1, x - o, |x - o|^2)     h = (2 pi)^(-d/2)
    c     = (-d/2 log v, -|m|^2 / (2 v), m / v, -1 / (2 v))
    chi   = ((nu0 + d + 2) / d, kappa0, kappa0 mu0, psi0 + kappa0 |mu0|^2)
    log Z = log Gamma(nu0/2) - nu0/2 log(psi0/2) + d/2 log(2 pi / kappa0)
    mode  = (psi0 + S_k + kappa0 N_k/(kappa0 + N_k) |e|^2) / (nu0 + N_k d + d + 2) for the variance

under the Normal-Inverse-Gamma prior v ~ IG(nu0/2, psi0/2), m | v ~ N(mu0, v / kappa0 I), base measure dm dv (Murphy
2007, section 5); default psi0 = diag(cov) / K^(2/D), or trace(cov) / D / K^(2/D), and n (1e-8 times the greatest mean)^2
or n where all values are the same or 0, n = N d + nu0 + d + 2.
)";

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

ConstMatrixView square(ConstVectorView values, std::size_t d) {
  return ConstMatrixView::row_major(values.data(), d, d);
}
MatrixView square(VectorView values, std::size_t d) { return MatrixView::row_major(values.data(), d, d); }

/// Where t keeps its parts.
struct StatisticLayout {
  static constexpr std::size_t spread_count = 0;
  static constexpr std::size_t mean_count = 1;
  static constexpr std::size_t sum = 2;
  explicit StatisticLayout(std::size_t d) : squares(2 + d), size(2 + d + packed::size(d)) {}
  std::size_t squares;
  std::size_t size;
};

/// A correlation matrix with a smaller eigenvalue than this is singular: collinear columns leave their rounding.
constexpr double singular_correlation = 1e-10;

/// The variance that the default prior leaves a component of all rows where the columns have none, as a share of
/// theirs: well above the rounding of sums, whose relative error is that of the determinant times the inverse of this
/// share.
constexpr double least_share = 1e-3;

/// psi0 with `rows * least_share` instead of the eigenvalues of its correlation matrix that are next to 0. It stays as
/// it is where there are none, or where it has overflowed; its diagonal must be > 0.
void raise_small_eigenvalues(MatrixView psi0, double rows) {
  const std::size_t d = psi0.rows();
  std::vector<double> scales;
  for (std::size_t i = 0; i < d; ++i) scales.push_back(std::sqrt(psi0(i, i)));
  std::vector<double> correlations(d * d);
  const auto R = square(VectorView(correlations), d);
  for (std::size_t i = 0; i < d; ++i)
    for (std::size_t j = 0; j < d; ++j)
      R(i, j) = i == j ? 1 - singular_correlation : psi0(i, j) / scales[i] / scales[j];
  const bool finite = std::all_of(correlations.begin(), correlations.end(), [](double r) { return std::isfinite(r); });
  if (!finite || is_positive_definite(R)) return;
  const Eigenvectors eigen = eigenvectors(R);
  for (std::size_t e = 0; e < d && eigen.values[e] <= 0; ++e)
    for (std::size_t i = 0; i < d; ++i)
      for (std::size_t j = 0; j <= i; ++j)
        psi0(i, j) = psi0(j, i) = psi0(i, j) + rows * least_share * (scales[i] * scales[j]) *
                                                   (eigen.vectors[i * d + e] * eigen.vectors[j * d + e]);
}

/// Why a singular covariance has no density.
Reason singular(ConstMatrixView covariance) {
  Reason reason("its covariance is singular");
  reason.constant = constant_combinations(covariance);
  return reason;
}

/// The same for one estimated from so few rows that it must be singular.
Reason singular(std::size_t d, double rows) {
  char text[128];
  std::snprintf(text, sizeof text, "its covariance is singular: %.4g rows are left to it for %zu columns", rows, d);
  return text;
}

/// What all formulas need of a covariance C = L L'.
struct CovarianceFactor {
  std::vector<double> whitening;  ///< W = L^-1
  std::vector<double> panels;     ///< of W, packed by pack_lower
  std::vector<double> precision;  ///< C^-1
  double log_determinant = 0;     ///< log|C|
};

/// Makes the factor of a covariance; false where that is not positive definite.
bool make_factor(ConstMatrixView covariance, CovarianceFactor& factor) {
  const std::size_t d = covariance.rows();
  factor.whitening.resize(d * d);
  factor.precision.resize(d * d);
  const auto log_determinant =
      invert(covariance, square(VectorView(factor.whitening), d), square(VectorView(factor.precision), d));
  if (!log_determinant) return false;
  factor.panels = pack_lower(factor.whitening.data(), d);
  factor.log_determinant = *log_determinant;
  return true;
}

/// c(theta) of a mean seen from the origin.
void write_coefficients(ConstVectorView mean, const CovarianceFactor& factor, VectorView c) {
  const std::size_t d = mean.size();
  const StatisticLayout layout(d);
  const auto precision = square(ConstVectorView(factor.precision), d);
  double quadratic = 0;
  for (std::size_t i = 0; i < d; ++i) {
    double product = 0;
    for (std::size_t j = 0; j < d; ++j) product += precision(i, j) * mean[j];
    c[StatisticLayout::sum + i] = product;
    quadratic += mean[i] * product;
    for (std::size_t j = 0; j < i; ++j) c[layout.squares + packed::at(i, j)] = -precision(i, j);
    c[layout.squares + packed::at(i, i)] = -0.5 * precision(i, i);
  }
  c[StatisticLayout::spread_count] = -0.5 * factor.log_determinant;
  c[StatisticLayout::mean_count] = -0.5 * quadratic;
}

/// c(theta) at the origin 0; NaN where the covariance is not positive definite.
void write_coefficients(ConstVectorView theta, std::size_t d, VectorView c) {
  if (CovarianceFactor factor; make_factor(square(theta.part(d, d * d), d), factor)) {
    write_coefficients(theta.part(0, d), factor, c);
  } else {
    std::fill(c.begin(), c.end(), nan);
  }
}

class NormalInverseWishart {
 public:
  explicit NormalInverseWishart(std::size_t d) : d_(d), layout_(d) {}

  Schema hyperparameters() const {
    return {{{"mu0", {d_}, Domain::real},
             {"kappa0", {}, Domain::nonnegative},
             {"nu0", {}, Domain::real},
             {"psi0", {d_, d_}, Domain::scatter, MatrixForm::dense, d_}}};
  }
  void flat(VectorView h) const {
    for (double& value : h) value = 0;
    nu0(h) = -static_cast<double>(d_ + 2);
  }
  /// Fraley and Raftery (2007, section 3): mu0 = mean, kappa0 = 0.01, nu0 = D + 2, psi0 = cov / K^(2/D).
  void standard(ConstVectorView s, std::size_t components, VectorView h) const {
    const double n = s[StatisticLayout::mean_count];
    const double scale =
        std::pow(static_cast<double>(components), -2.0 / static_cast<double>(d_)) / std::max(n - 1, 1.0);
    const auto psi0 = square(h.part(d_ + 2, d_ * d_), d_);
    for (std::size_t i = 0; i < d_; ++i) {
      h[i] = s[StatisticLayout::sum + i] / n;
      for (std::size_t j = 0; j <= i; ++j)
        psi0(i, j) = psi0(j, i) = scale * (s[layout_.squares + packed::at(i, j)] - n * h[i] * h[j]);
    }
    h[d_] = 0.01;
    nu0(h) = static_cast<double>(d_ + 2);
  }
  void translate(VectorView h, ConstVectorView by, double sign) const {
    for (std::size_t i = 0; i < d_; ++i) h[i] += sign * by[i];
  }
  /// A positive definite psi0 also for columns that do not vary, collinear ones and fewer rows than columns.
  void make_proper(ConstVectorView s, VectorView h) const {
    const double rows = h[d_ + 1] + s[StatisticLayout::mean_count] + static_cast<double>(d_ + 2);
    const auto psi0 = square(h.part(d_ + 2, d_ * d_), d_);
    for (std::size_t i = 0; i < d_; ++i) psi0(i, i) = proper_scatter(psi0(i, i), std::abs(h[i]), rows);
    raise_small_eigenvalues(psi0, rows);
  }
  void chi(ConstVectorView h, std::size_t, VectorView out) const {
    write_chi(h, h[d_ + 1] + static_cast<double>(d_ + 2), 1, out);
  }
  void from_chi(ConstVectorView chi, VectorView h) const {
    const double kappa0 = chi[StatisticLayout::mean_count];
    const auto psi0 = square(h.part(d_ + 2, d_ * d_), d_);
    h[d_] = kappa0;
    nu0(h) = chi[StatisticLayout::spread_count] - static_cast<double>(d_ + 2);
    for (std::size_t i = 0; i < d_; ++i) {
      h[i] = kappa0 > 0 ? chi[StatisticLayout::sum + i] / kappa0 : 0;
      for (std::size_t j = 0; j <= i; ++j)
        psi0(i, j) = psi0(j, i) = chi[layout_.squares + packed::at(i, j)] - h[i] * chi[StatisticLayout::sum + j];
    }
  }
  std::optional<Reason> improper_counts(ConstVectorView h) const {
    if (h[d_] > 0 && h[d_ + 1] > static_cast<double>(d_) - 1) return std::nullopt;
    return "the posterior of its parameters has no finite integral";
  }
  std::optional<Reason> improper(ConstVectorView h) const {
    if (auto reason = improper_counts(h)) return reason;
    const auto psi0 = square(h.part(d_ + 2, d_ * d_), d_);
    if (!is_positive_definite(psi0)) return singular(psi0);
    return std::nullopt;
  }
  std::optional<double> log_partition(ConstVectorView h) const {
    if (improper_counts(h)) return std::nullopt;
    const auto factor = cholesky(square(h.part(d_ + 2, d_ * d_), d_));
    if (factor.empty()) return std::nullopt;
    return log_partition(h, log_determinant(square(ConstVectorView(factor), d_)));
  }
  /// With the factor of psi0 / nu0, the covariance of `centre`.
  double log_partition(ConstVectorView h, const CovarianceFactor& factor) const {
    return log_partition(h, factor.log_determinant + static_cast<double>(d_) * std::log(h[d_ + 1]));
  }
  /// E[log|L|] = sum_i digamma((nu0 + 1 - i)/2) + D log 2 - log|psi0|, E[L] = nu0 psi0^-1, E[m'L m] = D/kappa0 +
  /// mu0' E[L] mu0 (Bishop 2006, eqs. 10.64 and 10.65): the coefficients of the mean mu0 and covariance psi0 / nu0, and
  /// constants.
  double expectation(ConstVectorView h, VectorView theta, VectorView c) const {
    centre(h, theta);
    write_coefficients(theta, d_, c);
    return add_constants(h, c);
  }
  void centre(ConstVectorView h, VectorView theta) const {
    for (std::size_t i = 0; i < d_; ++i) theta[i] = h[i];
    for (std::size_t i = 0; i < d_ * d_; ++i) theta[d_ + i] = h[d_ + 2 + i] / h[d_ + 1];
  }
  double add_constants(ConstVectorView h, VectorView c) const {
    const double D = static_cast<double>(d_);
    const double nu = h[d_ + 1];
    double log_scale = 0;  // half the sum of digamma((nu - i)/2) - log(nu/2), without the cancellation
    for (std::size_t i = 0; i < d_; ++i) {
      const double less = static_cast<double>(i);
      log_scale += 0.5 * (special::digamma_minus_log(0.5 * (nu - less)) + std::log1p(-less / nu));
    }
    c[StatisticLayout::spread_count] += log_scale;
    c[StatisticLayout::mean_count] -= 0.5 * D / h[d_];
    return log_scale - 0.5 * D / h[d_];
  }
  /// Covariance by Bartlett's decomposition of the precision (Murphy 2012, section 24.2.3), then the mean given it.
  void sample(ConstVectorView h, Random& random, VectorView theta) const {
    const auto root = sample_covariance(h, random, theta.part(d_, d_ * d_));
    sample_mean(h, root, random, theta.part(0, d_));
  }
  void mean(ConstVectorView h, VectorView theta) const {
    const double degrees = h[d_ + 1] - static_cast<double>(d_) - 1;
    for (std::size_t i = 0; i < d_; ++i) theta[i] = h[i];
    for (std::size_t i = 0; i < d_ * d_; ++i) theta[d_ + i] = degrees > 0 ? h[d_ + 2 + i] / degrees : nan;
  }
  /// Means are Student-t, variances inverse gamma (Murphy 2007, section 9); covariances have no closed marginal.
  void quantile(ConstVectorView h, double level, VectorView theta) const {
    const double degrees = h[d_ + 1] - static_cast<double>(d_) + 1;
    const auto psi = square(h.part(d_ + 2, d_ * d_), d_);
    const auto covariance = square(theta.part(d_, d_ * d_), d_);
    const bool proper = degrees > 0 && h[d_] > 0;
    for (std::size_t i = 0; i < d_; ++i) {
      theta[i] =
          proper ? h[i] + special::student_t_quantile(degrees, level) * std::sqrt(psi(i, i) / (h[d_] * degrees)) : nan;
      for (std::size_t j = 0; j < d_; ++j) covariance(i, j) = nan;
      if (proper) covariance(i, i) = special::inverse_gamma_quantile(0.5 * degrees, 0.5 * psi(i, i), level);
    }
  }
  std::optional<std::string> check(ConstVectorView h) const {
    const double least = -static_cast<double>(d_ + 2);
    if (h[d_ + 1] < least)
      return "nu0 = " + std::to_string(h[d_ + 1]) + " (must be >= -D - 2 = " + std::to_string(least) + ")";
    return std::nullopt;
  }

 protected:
  /// (spread count, kappa0, kappa0 mu0, vech(share * psi0 + kappa0 mu0 mu0')).
  void write_chi(ConstVectorView h, double spread_count, double share, VectorView out) const {
    const double kappa0 = h[d_];
    const auto psi0 = square(h.part(d_ + 2, d_ * d_), d_);
    out[StatisticLayout::spread_count] = spread_count;
    out[StatisticLayout::mean_count] = kappa0;
    for (std::size_t i = 0; i < d_; ++i) {
      out[StatisticLayout::sum + i] = kappa0 * h[i];
      for (std::size_t j = 0; j <= i; ++j)
        out[layout_.squares + packed::at(i, j)] = share * psi0(i, j) + kappa0 * h[i] * h[j];
    }
  }
  /// C = G G' with G = chol(psi0) B^-T, where B B' ~ Wishart(nu0, 1). Returns G and what it is made of.
  std::vector<double> sample_covariance(ConstVectorView h, Random& random, VectorView out) const {
    const std::size_t size = d_ * d_;
    std::vector<double> buffer(3 * size);
    const auto G = square(VectorView(buffer).part(0, size), d_);
    const auto B = square(VectorView(buffer).part(size, size), d_);
    const auto L = square(VectorView(buffer).part(2 * size, size), d_);
    for (std::size_t i = 0; i < d_; ++i) {
      B(i, i) = std::sqrt(2 * random.gamma(0.5 * (h[d_ + 1] - static_cast<double>(i)), 1));
      for (std::size_t j = 0; j < i; ++j) B(i, j) = random.normal();
    }
    invert_lower(B, B);
    cholesky(square(h.part(d_ + 2, size), d_), L);
    for (std::size_t i = 0; i < d_; ++i)
      for (std::size_t j = 0; j < d_; ++j)
        for (std::size_t m = 0; m <= std::min(i, j); ++m) G(i, j) += L(i, m) * B(j, m);
    const auto C = square(out, d_);
    for (std::size_t i = 0; i < d_; ++i)
      for (std::size_t j = 0; j <= i; ++j) C(i, j) = C(j, i) = detail::dot(G.row(i).data(), G.row(j).data(), d_);
    return buffer;
  }
  /// m ~ N(mu0, G G' / kappa0).
  void sample_mean(ConstVectorView h, const std::vector<double>& root, Random& random, VectorView mean) const {
    const auto G = square(ConstVectorView(root), d_);
    std::vector<double> z(d_);
    for (double& value : z) value = random.normal() / std::sqrt(h[d_]);
    for (std::size_t i = 0; i < d_; ++i) mean[i] = within_reach(h[i] + detail::dot(G.row(i).data(), z.data(), d_));
  }
  double log_partition(ConstVectorView h, double log_determinant_of_psi0) const {
    const double D = static_cast<double>(d_);
    const double kappa0 = h[d_];
    const double nu0 = h[d_ + 1];
    return 0.5 * nu0 * D * special::log_two + special::log_multigamma(0.5 * nu0, d_) -
           0.5 * nu0 * log_determinant_of_psi0 + 0.5 * D * (special::log_two_pi - std::log(kappa0));
  }
  double& nu0(VectorView h) const { return h[d_ + 1]; }

  std::size_t d_;
  StatisticLayout layout_;
};

/// One inverse Wishart for the covariance that all components share, and a conditional normal for each mean. Its part
/// of chi is spread evenly over the components, so that sums over components count it once.
class TiedNormalInverseWishart final : public NormalInverseWishart {
 public:
  using NormalInverseWishart::NormalInverseWishart;

  void chi(ConstVectorView h, std::size_t components, VectorView out) const {
    const double share = 1 / static_cast<double>(components);
    write_chi(h, 1 + share * (h[d_ + 1] + static_cast<double>(d_ + 1)), share, out);
  }
  /// That of the inverse Wishart.
  std::optional<double> shared_log_partition(ConstVectorView h) const {
    const auto all = log_partition(h);
    if (!all) return std::nullopt;
    return *all - log_partition_of_mean(h);
  }
  double shared_log_partition(ConstVectorView h, const CovarianceFactor& factor) const {
    return log_partition(h, factor) - log_partition_of_mean(h);
  }
  void sample_all(ConstMatrixView H, Random& random, MatrixView theta) const {
    const auto root = sample_covariance(H.row(0), random, theta.row(0).part(d_, d_ * d_));
    for (std::size_t k = 0; k < H.rows(); ++k) {
      for (std::size_t i = 0; i < d_ * d_; ++i) theta(k, d_ + i) = theta(0, d_ + i);
      sample_mean(H.row(k), root, random, theta.row(k).part(0, d_));
    }
  }

 private:
  double log_partition_of_mean(ConstVectorView h) const {
    return 0.5 * static_cast<double>(d_) * (special::log_two_pi - std::log(h[d_]));
  }
};

/// S += sum_n r_n t(x_n - o) of one component.
void add_statistic(const Block& x, const double* r, const double* origin, VectorView s, Workspace::Frame& frame) {
  const std::size_t d = x.column_count;
  const StatisticLayout layout(d);
  const double count =
      kernels().add_scatter(columns_of(x), r, origin, s.part(StatisticLayout::sum, d).data(),
                            s.part(layout.squares, packed::size(d)).data(), frame.take(scatter_scratch(d, x.rows)));
  s[StatisticLayout::spread_count] += count;
  s[StatisticLayout::mean_count] += count;
}

/// log N(x | m, C) without (2 pi)^(-D/2), by the whitened residuals W (x - m), W = chol(C)^-1.
///
/// Rows with gaps are completed by E[x_m | x_o], where the quadratic form is that of the observed cells alone:
/// log p(x_o) = log N(E[x | x_o] | m, C) + log|2 pi C_m| / 2, with C_m the covariance of x_m given x_o. The sums of the
/// squares gain C_m, and the entropy is log|2 pi e C_m| / 2.
class WhiteningStep {
 public:
  /// Means are the origins, K x D.
  WhiteningStep(ConstMatrixView means, const std::vector<CovarianceFactor>& factors)
      : d_(means.columns()),
        means_(means),
        gaps_(means, [&factors](std::size_t k) { return factors[k].whitening.data(); }) {
    components_.reserve(factors.size());
    for (std::size_t k = 0; k < factors.size(); ++k)
      components_.push_back({means.row(k).data(), factors[k].panels.data(), -0.5 * factors[k].log_determinant});
    if (d_ > 1) return;
    std::vector<double> constants, curvatures, origins;
    for (const WhitenedComponent& component : components_) {
      constants.push_back(component.log_scale);
      curvatures.push_back(-0.5 * component.panels[0] * component.panels[0]);
      origins.push_back(component.mean[0]);
    }
    univariate_.emplace(std::move(constants), std::move(curvatures), std::move(origins));
  }

  void add_log_density(const Block& x, MatrixView L, Workspace& workspace) const {
    Workspace::Frame frame(workspace);
    kernels().add_whitened(columns_of(x), components_.data(), {L.data(), L.column_stride(), components_.size()},
                           frame.take(whitening_scratch(d_)));
  }
  bool add_soft(const Block& x, ConstVectorView log_weights, Statistics& statistics, Workspace& workspace) const {
    return univariate_ && univariate_->add(x, log_weights, statistics, workspace);
  }

  Block prepare_observed(const Block& x, Workspace::Frame& frame) const {
    Block result = x;
    auto* incomplete = frame.take<IncompleteRows>(1);
    *incomplete = gaps_.find(x, frame);
    result.made = incomplete;
    return result;
  }
  void add_log_density_observed(const Block& x, MatrixView L, Workspace& workspace) const {
    const IncompleteRows& incomplete = incomplete_rows(x);
    for (std::size_t k = 0; k < components_.size(); ++k) {
      Workspace::Frame frame(workspace);
      const Block completed = gaps_.complete(x, incomplete, k, frame);
      kernels().add_whitened(columns_of(completed), &components_[k], {L.column(k).data(), L.column_stride(), 1},
                             frame.take(whitening_scratch(d_)));
      for_each_pattern(incomplete, [&](const GapPattern& pattern) {
        const double volume = is_empty(pattern) ? -components_[k].log_scale : 0.5 * log_determinant_2_pi(pattern, k);
        for (std::size_t i = pattern.first; i < pattern.first + pattern.rows; ++i) L(incomplete.rows[i], k) += volume;
      });
    }
  }
  double accumulate_observed(const Block& x, ConstMatrixView R, MatrixView S, Random* draws,
                             Workspace& workspace) const {
    const IncompleteRows& incomplete = incomplete_rows(x);
    double entropy = 0;
    for (std::size_t k = 0; k < components_.size(); ++k) {
      Workspace::Frame frame(workspace);
      double* half_squares = frame.take(incomplete.count);
      const ConstVectorView r = without_empty_rows(R.column(k), incomplete, frame);
      const Block completed = gaps_.complete(x, incomplete, k, frame, draws, r, half_squares);
      add_statistic(completed, r.data(), means_.row(k).data(), S.row(k), frame);
      for_each_pattern(incomplete, [&](const GapPattern& pattern) {
        if (is_empty(pattern)) return;
        double count = 0;
        for (std::size_t i = pattern.first; i < pattern.first + pattern.rows; ++i) {
          const double weight = r[incomplete.rows[i]];
          count += weight;
          if (draws && weight > 0) entropy += weight * half_squares[i];
        }
        entropy += 0.5 * count * log_determinant_2_pi(pattern, k);
        if (draws) return;
        entropy += 0.5 * count * static_cast<double>(pattern.missing_count);
        add_covariance(pattern, k, count, S.row(k));
      });
    }
    return entropy;
  }

 private:
  static const IncompleteRows& incomplete_rows(const Block& x) { return *static_cast<const IncompleteRows*>(x.made); }
  template <class Visit>
  static void for_each_pattern(const IncompleteRows& incomplete, Visit visit) {
    for (std::size_t p = 0; p < incomplete.pattern_count; ++p) visit(incomplete.patterns[p]);
  }
  /// Whether nothing is observed: such rows say nothing of the component.
  bool is_empty(const GapPattern& pattern) const { return pattern.missing_count == d_; }
  ConstVectorView without_empty_rows(ConstVectorView r, const IncompleteRows& incomplete,
                                     Workspace::Frame& frame) const {
    ConstVectorView result = r;
    for_each_pattern(incomplete, [&](const GapPattern& pattern) {
      if (!is_empty(pattern)) return;
      double* copy = frame.take(r.size());
      std::copy(r.begin(), r.end(), copy);
      for (std::size_t i = pattern.first; i < pattern.first + pattern.rows; ++i) copy[incomplete.rows[i]] = 0;
      result = ConstVectorView(copy, r.size());
    });
    return result;
  }
  /// log|2 pi C_m|.
  double log_determinant_2_pi(const GapPattern& pattern, std::size_t k) const {
    return gaps_.log_determinant(pattern, k) + static_cast<double>(pattern.missing_count) * special::log_two_pi;
  }
  void add_covariance(const GapPattern& pattern, std::size_t k, double count, VectorView s) const {
    const StatisticLayout layout(d_);
    const double* covariance = gaps_.covariance(pattern, k);
    for (std::size_t a = 0; a < pattern.missing_count; ++a)
      for (std::size_t b = 0; b <= a; ++b)
        s[layout.squares + packed::at(pattern.missing[a], pattern.missing[b])] +=
            count * covariance[a * pattern.missing_count + b];
  }

  std::size_t d_;
  ConstMatrixView means_;
  ConditionalMoments gaps_;
  std::vector<WhitenedComponent> components_;
  std::optional<UnivariateQuadraticStep> univariate_;
};

class Gaussian : public LocatedAtMean {
 public:
  using Prior = NormalInverseWishart;
  using Factor = CovarianceFactor;

  explicit Gaussian(std::size_t d) : LocatedAtMean(d), layout_(d) {}

  std::string spec() const { return "gaussian"; }
  std::size_t statistic_size() const { return layout_.size; }
  Schema parameters() const {
    return {{{"mean", {d_}, Domain::real}, {"covariance", {d_, d_}, Domain::covariance, MatrixForm::dense, d_}}};
  }
  Support support(std::size_t) const {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    return {"finite x", -infinity, infinity};
  }

  void statistic(const Block& x, ConstVectorView origin, MatrixView T) const {
    for (std::size_t n = 0; n < x.rows; ++n) {
      T(n, StatisticLayout::spread_count) = 1;
      T(n, StatisticLayout::mean_count) = 1;
      for (std::size_t i = 0; i < d_; ++i) {
        T(n, StatisticLayout::sum + i) = x.column(i)[n] - origin[i];
        for (std::size_t j = 0; j <= i; ++j)
          T(n, layout_.squares + packed::at(i, j)) = T(n, StatisticLayout::sum + i) * T(n, StatisticLayout::sum + j);
      }
    }
  }
  void accumulate(const Block& x, ConstMatrixView R, ConstMatrixView origins, MatrixView S,
                  Workspace& workspace) const {
    for (std::size_t k = 0; k < R.columns(); ++k) {
      Workspace::Frame frame(workspace);
      add_statistic(x, R.column(k).data(), origins.row(k).data(), S.row(k), frame);
    }
  }
  std::optional<Reason> factorise(ConstVectorView theta, Factor& factor) const {
    if (make_factor(square(theta.part(d_, d_ * d_), d_), factor)) return std::nullopt;
    return "covariance is not positive definite";
  }
  WhiteningStep step(ConstMatrixView origins, const std::vector<Factor>& factors) const { return {origins, factors}; }

  void recentre(VectorView s, ConstVectorView by) const {
    const double n = s[StatisticLayout::mean_count];
    const auto sum = s.part(StatisticLayout::sum, d_);
    for (std::size_t i = 0; i < d_; ++i)
      for (std::size_t j = 0; j <= i; ++j)
        s[layout_.squares + packed::at(i, j)] += n * by[i] * by[j] - sum[i] * by[j] - by[i] * sum[j];
    for (std::size_t i = 0; i < d_; ++i) sum[i] -= n * by[i];
  }

  void coefficients(ConstVectorView theta, VectorView c) const { write_coefficients(theta, d_, c); }
  void coefficients(ConstVectorView mean, const Factor& factor, VectorView c) const {
    write_coefficients(mean, factor, c);
  }
  void mean(ConstVectorView theta, VectorView s) const {
    const auto covariance = square(theta.part(d_, d_ * d_), d_);
    s[StatisticLayout::spread_count] = s[StatisticLayout::mean_count] = 1;
    for (std::size_t i = 0; i < d_; ++i) {
      s[StatisticLayout::sum + i] = theta[i];
      for (std::size_t j = 0; j <= i; ++j)
        s[layout_.squares + packed::at(i, j)] = covariance(i, j) + theta[i] * theta[j];
    }
  }
  std::optional<Reason> mle(ConstVectorView s, VectorView theta) const {
    Factor factor;
    return mle(s, theta, factor);
  }
  std::optional<Reason> mle(ConstVectorView s, VectorView theta, Factor& factor) const {
    const double spread_count = s[StatisticLayout::spread_count];
    const double mean_count = s[StatisticLayout::mean_count];
    if (!(spread_count > 0 && mean_count > 0)) return "no rows are left to it";
    const auto covariance = square(theta.part(d_, d_ * d_), d_);
    for (std::size_t i = 0; i < d_; ++i) {
      theta[i] = s[StatisticLayout::sum + i] / mean_count;
      for (std::size_t j = 0; j <= i; ++j)
        covariance(i, j) = covariance(j, i) =
            (s[layout_.squares + packed::at(i, j)] - theta[i] * s[StatisticLayout::sum + j]) / spread_count;
    }
    for (std::size_t i = 0; i < d_; ++i)
      if (is_underflow(covariance(i, i), theta[i])) {
        Reason reason = underflowing();
        if (d_ > 1) reason.column = i;
        return reason;
      }
    if (!factorise(theta, factor)) return std::nullopt;
    for (std::size_t i = 0; i < d_; ++i)
      if (!std::isfinite(covariance(i, i))) return overflowing();
    return d_ > 1 && spread_count <= static_cast<double>(d_) ? singular(d_, spread_count) : singular(covariance);
  }
  /// See Family::hold; field 0 is the mean.
  void hold(std::size_t field, ConstVectorView theta, VectorView s) const {
    const auto sum = s.part(StatisticLayout::sum, d_);
    hold_mean_or_spread(*this, field, theta.part(0, d_), s, sum, [&] {
      const auto covariance = square(theta.part(d_, d_ * d_), d_);
      for (std::size_t i = 0; i < d_; ++i)
        for (std::size_t j = 0; j <= i; ++j)
          s[layout_.squares + packed::at(i, j)] =
              s[StatisticLayout::spread_count] * covariance(i, j) + sum[i] * sum[j] / s[StatisticLayout::mean_count];
    });
  }
  std::optional<Reason> collapse(ConstVectorView theta) const {
    const auto covariance = square(theta.part(d_, d_ * d_), d_);
    std::vector<std::vector<ColumnTerm>> constant;
    for (std::size_t i = 0; i < d_; ++i) {
      const double rounding = 16 * std::numeric_limits<double>::epsilon() * theta[i];
      if (!(covariance(i, i) > rounding * rounding)) constant.push_back({{i, 1}});
    }
    if (constant.empty()) return std::nullopt;
    if (constant.size() == d_) return "it has collapsed onto a point: its variance is within rounding of 0";
    Reason reason("its covariance is singular");
    reason.constant = std::move(constant);
    return reason;
  }
  auto sampler(ConstVectorView theta) const {
    return [d = d_, mean = std::vector<double>(theta.begin(), theta.begin() + d_),
            factor = cholesky(square(theta.part(d_, d_ * d_), d_))](Random& random, VectorView x) {
      const auto L = square(ConstVectorView(factor), d);
      for (std::size_t i = 0; i < d; ++i) x[i] = random.normal();
      for (std::size_t i = d; i-- > 0;) {  // upwards, so that row i finds its normals where they are
        double sum = mean[i];
        for (std::size_t j = 0; j <= i; ++j) sum += L(i, j) * x[j];
        x[i] = sum;
      }
    };
  }
  void sample(ConstVectorView theta, Random& random, VectorView x) const { sampler(theta)(random, x); }

  Prior prior() const { return NormalInverseWishart(d_); }

 protected:
  StatisticLayout layout_;
};

/// One covariance for all components. Pooling replaces each row's scatter about its own mean by the sum of all.
class TiedGaussian final : public Gaussian {
 public:
  using Prior = TiedNormalInverseWishart;
  using Gaussian::Gaussian;

  std::string spec() const { return "gaussian:covariance=tied"; }
  std::size_t free_parameters(std::size_t components) const { return components * d_ + packed::size(d_); }
  Prior prior() const { return Prior(d_); }

  void pool_for_mode(MatrixView S) const { pool(S, 0); }
  /// The K conditional normals leave one count each in the sum, a posterior's row has one.
  void pool_for_posterior(MatrixView S) const { pool(S, 1 - static_cast<double>(S.rows())); }

 private:
  void pool(MatrixView S, double added_count) const {
    std::vector<double> scatter(packed::size(d_));
    double count = added_count;
    for (std::size_t k = 0; k < S.rows(); ++k) {
      count += S(k, StatisticLayout::spread_count);
      for_each_entry(S, k, [&](std::size_t entry, double about_origin, double of_mean) {
        scatter[entry] += about_origin - of_mean;
      });
    }
    for (std::size_t k = 0; k < S.rows(); ++k) {
      S(k, StatisticLayout::spread_count) = count;
      for_each_entry(S, k, [&](std::size_t entry, double& about_origin, double of_mean) {
        about_origin = scatter[entry] + of_mean;
      });
    }
  }
  /// Visits the entries of vech with the squares about the origin and the share n m m' of the row's mean.
  template <class Visit>
  void for_each_entry(MatrixView S, std::size_t k, Visit visit) const {
    const double n = S(k, StatisticLayout::mean_count);
    for (std::size_t i = 0; i < d_; ++i)
      for (std::size_t j = 0; j <= i; ++j) {
        const std::size_t entry = packed::at(i, j);
        const double of_mean = n > 0 ? S(k, StatisticLayout::sum + i) * S(k, StatisticLayout::sum + j) / n : 0;
        visit(entry, S(k, layout_.squares + entry), of_mean);
      }
  }
};

SphericalGaussian spherical_gaussian(std::size_t d) {
  return {"gaussian:covariance=spherical",
          {"mean", {d}, Domain::real},
          {"covariance", {}, Domain::covariance, MatrixForm::spherical, d},
          d};
}

/// The mean alone is a parameter; the variance v is part of the shape. Hard assignment with fixed equal weights is then
/// k-means (Celeux and Govaert 1992).
class KnownVarianceGaussian : private SphericalGaussian {
 public:
  KnownVarianceGaussian(std::size_t d, double variance)
      : SphericalGaussian(spherical_gaussian(d)), variance_(variance) {}

  std::string spec() const {
    char text[32];
    const auto end = std::to_chars(text, text + sizeof text, variance_).ptr;
    return SphericalGaussian::spec() + ",variance=" + std::string(text, end);
  }
  Schema parameters() const { return {{SphericalGaussian::parameters().fields()[0]}}; }
  using SphericalGaussian::columns;
  using SphericalGaussian::statistic_size;
  using SphericalGaussian::support;

  using SphericalGaussian::accumulate;
  using SphericalGaussian::add_log_base;
  using SphericalGaussian::statistic;
  SphericalStep step(ConstMatrixView theta) const {
    std::vector<double> rows;
    for (std::size_t k = 0; k < theta.rows(); ++k) {
      const auto row = with_variance(theta.row(k));
      rows.insert(rows.end(), row.begin(), row.end());
    }
    return SphericalGaussian::step(ConstMatrixView::row_major(rows.data(), theta.rows(), columns() + 1));
  }

  using SphericalGaussian::hold;
  using SphericalGaussian::origin;
  using SphericalGaussian::origin_at;
  using SphericalGaussian::origin_size;
  using SphericalGaussian::recentre;
  using SphericalGaussian::translate;
  std::optional<Reason> collapse(ConstVectorView) const { return std::nullopt; }

  void coefficients(ConstVectorView theta, VectorView c) const {
    SphericalGaussian::coefficients(with_variance(theta), c);
  }
  void mean(ConstVectorView theta, VectorView s) const { SphericalGaussian::mean(with_variance(theta), s); }
  std::optional<std::string> mle(ConstVectorView s, VectorView theta) const {
    const double count = s[one_variance::mean_count];
    if (!(count > 0)) return "no rows are left to it";
    for (std::size_t i = 0; i < columns(); ++i) theta[i] = s[one_variance::sum + i] / count;
    return std::nullopt;
  }
  void sample(ConstVectorView theta, Random& random, VectorView x) const {
    SphericalGaussian::sample(with_variance(theta), random, x);
  }

 private:
  std::vector<double> with_variance(ConstVectorView mean) const {
    std::vector<double> theta(mean.begin(), mean.end());
    theta.push_back(variance_);
    return theta;
  }

  double variance_;
};
static_assert(!HasPrior<KnownVarianceGaussian>);

double parse_variance(const std::string& text) {
  double value = 0;
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, value);
  if (result.ec != std::errc() || result.ptr != end || !std::isfinite(value) || !(value > 0))
    throw Error(ErrorKind::usage, "gaussian: variance=" + text + " (must be a number > 0)");
  return value;
}

FamilyPtr make_gaussian(const Shape& shape) {
  const auto option = shape.options.find("covariance");
  const auto variance = shape.options.find("variance");
  const std::string structure = option == shape.options.end() ? "full" : option->second;
  if (variance != shape.options.end()) {
    if (structure != "spherical")
      throw Error(ErrorKind::usage,
                  "gaussian: variance=" + variance->second + " (is an option of covariance=spherical only)");
    return make_family(KnownVarianceGaussian(shape.columns, parse_variance(variance->second)));
  }
  if (structure == "full") return make_family(Gaussian(shape.columns));
  if (structure == "tied") return make_family(TiedGaussian(shape.columns));
  if (structure == "spherical") return make_family(spherical_gaussian(shape.columns));
  if (structure == "diagonal")
    return make_family(DiagonalGaussian("gaussian:covariance=diagonal", {"mean", {}, Domain::real},
                                        {"covariance", {}, Domain::covariance, MatrixForm::diagonal, 1},
                                        shape.columns));
  throw Error(ErrorKind::usage, "gaussian: covariance=" + structure + " (must be full, diagonal, spherical or tied)");
}

}  // namespace

RegistryEntry gaussian_entry();
RegistryEntry gaussian_entry() {
  return {"gaussian",
          "multivariate normal density",
          {"covariance=full|diagonal|spherical|tied", "variance=V, known, of covariance=spherical"},
          make_gaussian,
          formulas};
}

}  // namespace mixfam
