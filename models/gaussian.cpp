#include <mixfam/error.hpp>
#include <mixfam/exponential_family.hpp>
#include <mixfam/registry.hpp>

#include "linear_algebra.hpp"
#include "packed.hpp"
#include "special.hpp"

#include <cmath>
#include <limits>

// Gaussian distribution with full covariance: p(x | mean m, covariance C) = N(x | m, C), x in R^D.
//
// About the origin o, with L the precision C^-1 and m seen from o:
//
//     t(x) = (1, 1, x - o, vech((x - o)(x - o)'))     h = (2 pi)^(-D/2)
//     c    = (-log|C| / 2, -m'L m / 2, L m, -L_ii / 2 and -L_ij)
//
// Two leading constants because the prior has two counts. Normal-Inverse-Wishart prior, base measure dm dC
// (Murphy 2012, eq. 4.200; Fraley and Raftery 2007):
//
//     chi   = (nu0 + D + 2, kappa0, kappa0 mu0, vech(psi0 + kappa0 mu0 mu0'))
//     log Z = nu0 D/2 log 2 + log Gamma_D(nu0/2) - nu0/2 log|psi0| + D/2 log(2 pi / kappa0)
//     mode  = (psi0 + S_k + kappa0 N_k/(kappa0 + N_k) d d') / (nu0 + N_k + D + 2) for the covariance

namespace mixfam {

namespace {

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
  void chi(ConstVectorView h, VectorView out) const {
    const double kappa0 = h[d_];
    const auto psi0 = square(h.part(d_ + 2, d_ * d_), d_);
    out[StatisticLayout::spread_count] = h[d_ + 1] + static_cast<double>(d_ + 2);
    out[StatisticLayout::mean_count] = kappa0;
    for (std::size_t i = 0; i < d_; ++i) {
      out[StatisticLayout::sum + i] = kappa0 * h[i];
      for (std::size_t j = 0; j <= i; ++j) out[layout_.squares + packed::at(i, j)] = psi0(i, j) + kappa0 * h[i] * h[j];
    }
  }
  std::optional<double> log_partition(ConstVectorView h) const {
    const double D = static_cast<double>(d_);
    const double kappa0 = h[d_];
    const double nu0 = h[d_ + 1];
    if (!(kappa0 > 0 && nu0 > D - 1)) return std::nullopt;
    const auto factor = cholesky(square(h.part(d_ + 2, d_ * d_), d_));
    if (factor.empty()) return std::nullopt;
    return 0.5 * nu0 * D * special::log_two + special::log_multigamma(0.5 * nu0, d_) -
           0.5 * nu0 * log_determinant(square(ConstVectorView(factor), d_)) +
           0.5 * D * (special::log_two_pi - std::log(kappa0));
  }
  std::optional<std::string> check(ConstVectorView h) const {
    const double least = -static_cast<double>(d_ + 2);
    if (h[d_ + 1] < least)
      return "nu0 = " + std::to_string(h[d_ + 1]) + " (must be >= -D - 2 = " + std::to_string(least) + ")";
    return std::nullopt;
  }

 private:
  double& nu0(VectorView h) const { return h[d_ + 1]; }

  std::size_t d_;
  StatisticLayout layout_;
};

/// Rows of a block about a point: column i of the result holds x_i - origin_i.
class Residuals {
 public:
  Residuals(std::size_t rows, std::size_t d)
      : buffer_(rows * d), view_(MatrixView::column_major(buffer_.data(), rows, d)) {}

  ConstMatrixView about(const Block& x, ConstVectorView origin) {
    for (std::size_t i = 0; i < origin.size(); ++i) {
      const double* column = x.column(i);
      double* out = view_.column(i).data();
      for (std::size_t n = 0; n < x.rows; ++n) out[n] = column[n] - origin[i];
    }
    return view_;
  }

 private:
  std::vector<double> buffer_;
  MatrixView view_;
};

/// log N(x | m, C) without (2 pi)^(-D/2), by the whitened residuals z = W (x - m), W = chol(C)^-1.
class WhiteningEvaluator final : public Evaluator {
 public:
  WhiteningEvaluator(ConstMatrixView theta, std::size_t d) : d_(d) {
    for (std::size_t k = 0; k < theta.rows(); ++k) {
      const auto factor = cholesky(square(theta.row(k).part(d, d * d), d));
      if (factor.empty())
        throw Error(ErrorKind::numerical,
                    "component " + std::to_string(k) + ": the covariance is not positive definite");
      const auto L = square(ConstVectorView(factor), d);
      const auto mean = theta.row(k).part(0, d);
      components_.push_back({{mean.begin(), mean.end()}, invert_lower(L), -0.5 * log_determinant(L)});
    }
  }

  void add_log_density(const Block& x, MatrixView L) const override {
    Residuals residuals(x.rows, d_);
    std::vector<double> z(x.rows);
    std::vector<double> distance(x.rows);
    for (std::size_t k = 0; k < components_.size(); ++k) {
      const Whitening& component = components_[k];
      const auto r = residuals.about(x, component.mean);
      const auto W = square(ConstVectorView(component.W), d_);
      std::fill(distance.begin(), distance.end(), 0.0);
      for (std::size_t i = 0; i < d_; ++i) {
        std::fill(z.begin(), z.end(), 0.0);
        for (std::size_t j = 0; j <= i; ++j) {
          const double w = W(i, j);
          const double* column = r.column(j).data();
          for (std::size_t n = 0; n < x.rows; ++n) z[n] += w * column[n];
        }
        for (std::size_t n = 0; n < x.rows; ++n) distance[n] += z[n] * z[n];
      }
      double* out = L.column(k).data();
      for (std::size_t n = 0; n < x.rows; ++n) out[n] += component.log_scale - 0.5 * distance[n];
    }
  }

 private:
  struct Whitening {
    std::vector<double> mean;
    std::vector<double> W;
    double log_scale;  // -log|C| / 2
  };

  std::size_t d_;
  std::vector<Whitening> components_;
};

class Gaussian {
 public:
  using Prior = NormalInverseWishart;

  explicit Gaussian(std::size_t d) : d_(d), layout_(d) {}

  std::string spec() const { return "gaussian"; }
  std::size_t columns() const { return d_; }
  std::size_t statistic_size() const { return layout_.size; }
  Schema parameters() const {
    return {{{"mean", {d_}, Domain::real}, {"covariance", {d_, d_}, Domain::covariance, MatrixForm::dense, d_}}};
  }
  Support support(std::size_t) const {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    return {"finite x", -infinity, infinity};
  }

  void statistic(const Block& x, ConstVectorView origin, MatrixView T) const {
    Residuals residuals(x.rows, d_);
    const auto r = residuals.about(x, origin);
    for (std::size_t n = 0; n < x.rows; ++n) {
      T(n, StatisticLayout::spread_count) = 1;
      T(n, StatisticLayout::mean_count) = 1;
      for (std::size_t i = 0; i < d_; ++i) {
        T(n, StatisticLayout::sum + i) = r(n, i);
        for (std::size_t j = 0; j <= i; ++j) T(n, layout_.squares + packed::at(i, j)) = r(n, i) * r(n, j);
      }
    }
  }
  void accumulate(const Block& x, ConstMatrixView R, ConstMatrixView origins, MatrixView S) const {
    Residuals residuals(x.rows, d_);
    std::vector<double> weighted(x.rows);
    const std::vector<double> ones(x.rows, 1);
    for (std::size_t k = 0; k < R.columns(); ++k) {
      const auto r = residuals.about(x, origins.row(k));
      const double* responsibility = R.column(k).data();
      const double count = detail::dot(responsibility, ones.data(), x.rows);
      S(k, StatisticLayout::spread_count) += count;
      S(k, StatisticLayout::mean_count) += count;
      for (std::size_t i = 0; i < d_; ++i) {
        const double* column = r.column(i).data();
        for (std::size_t n = 0; n < x.rows; ++n) weighted[n] = responsibility[n] * column[n];
        S(k, StatisticLayout::sum + i) += detail::dot(weighted.data(), ones.data(), x.rows);
        for (std::size_t j = 0; j <= i; ++j)
          S(k, layout_.squares + packed::at(i, j)) += detail::dot(weighted.data(), r.column(j).data(), x.rows);
      }
    }
  }
  void add_log_base(const Block& x, VectorView out) const {
    for (std::size_t n = 0; n < x.rows; ++n) out[n] -= 0.5 * static_cast<double>(d_) * special::log_two_pi;
  }
  std::unique_ptr<Evaluator> evaluator(ConstMatrixView theta) const {
    return std::make_unique<WhiteningEvaluator>(theta, d_);
  }

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
  void recentre(VectorView s, ConstVectorView by) const {
    const double n = s[StatisticLayout::mean_count];
    const auto sum = s.part(StatisticLayout::sum, d_);
    for (std::size_t i = 0; i < d_; ++i)
      for (std::size_t j = 0; j <= i; ++j)
        s[layout_.squares + packed::at(i, j)] += n * by[i] * by[j] - sum[i] * by[j] - by[i] * sum[j];
    for (std::size_t i = 0; i < d_; ++i) sum[i] -= n * by[i];
  }

  void coefficients(ConstVectorView theta, VectorView c) const {
    const auto mean = theta.part(0, d_);
    const auto factor = cholesky(square(theta.part(d_, d_ * d_), d_));
    const auto L = square(ConstVectorView(factor), d_);
    const auto inverse_factor = invert_lower(L);
    const auto inverse = inverse_from_factor(square(ConstVectorView(inverse_factor), d_));
    const auto precision = square(ConstVectorView(inverse), d_);
    double quadratic = 0;
    for (std::size_t i = 0; i < d_; ++i) {
      double product = 0;
      for (std::size_t j = 0; j < d_; ++j) product += precision(i, j) * mean[j];
      c[StatisticLayout::sum + i] = product;
      quadratic += mean[i] * product;
      for (std::size_t j = 0; j < i; ++j) c[layout_.squares + packed::at(i, j)] = -precision(i, j);
      c[layout_.squares + packed::at(i, i)] = -0.5 * precision(i, i);
    }
    c[StatisticLayout::spread_count] = -0.5 * log_determinant(L);
    c[StatisticLayout::mean_count] = -0.5 * quadratic;
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
  std::optional<std::string> mle(ConstVectorView s, VectorView theta) const {
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
    if (cholesky(covariance).empty())
      return "its covariance is singular: a column is constant, or a combination of others, on the rows left to it";
    return std::nullopt;
  }
  std::optional<std::string> collapse(ConstVectorView theta) const {
    const auto covariance = square(theta.part(d_, d_ * d_), d_);
    for (std::size_t i = 0; i < d_; ++i) {
      const double rounding = 16 * std::numeric_limits<double>::epsilon() * theta[i];
      if (!(covariance(i, i) > rounding * rounding))
        return "it has collapsed onto a point: its variance in column " + std::to_string(i) +
               " is within rounding of 0";
    }
    return std::nullopt;
  }
  void sample(ConstVectorView theta, Random& random, VectorView x) const {
    const auto factor = cholesky(square(theta.part(d_, d_ * d_), d_));
    const auto L = square(ConstVectorView(factor), d_);
    std::vector<double> z(d_);
    for (double& value : z) value = random.normal();
    for (std::size_t i = 0; i < d_; ++i) {
      x[i] = theta[i];
      for (std::size_t j = 0; j <= i; ++j) x[i] += L(i, j) * z[j];
    }
  }

  Prior prior() const { return NormalInverseWishart(d_); }

 private:
  std::size_t d_;
  StatisticLayout layout_;
};

}  // namespace

RegistryEntry gaussian_entry();
RegistryEntry gaussian_entry() {
  return {"gaussian", "multivariate normal density with full covariance", {"covariance=full"}, [](const Shape& shape) {
            for (const auto& [key, value] : shape.options)
              if (value != "full") throw Error(ErrorKind::usage, "gaussian: " + key + "=" + value + " (must be full)");
            return make_family(Gaussian(shape.columns));
          }};
}

}  // namespace mixfam
