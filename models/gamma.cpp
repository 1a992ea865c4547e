#include <mixfam/columnwise.hpp>
#include <mixfam/registry.hpp>

#include "family/steps/kernel_columns.hpp"
#include "numerics/special.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace mixfam {

namespace {

constexpr const char* formulas = R"(
Gamma distribution: p(x | shape a, rate b) = b^a x^(a - 1) exp(-b x) / Gamma(a), x > 0.

About the origin o, a logarithm: with y = log x - o and b seen from o, that is b exp(o),

    t(x) = (1, y, exp(y) - 1 - y)      c = (a log b - log Gamma(a) - b, a - b, -b)      h = 1 / x

a linear map of the textbook's t = (1, log x, x). A component's origin is the logarithm of its mean, where b = a:
the statistics are then moments about the mean and nothing cancels, however large the shape. The base measure dx / x
is the one that dilations leave alone.

The estimate solves log a - digamma(a) = log(mean x) - mean(log x) by Newton's method in 1 / a (Minka 2002,
"Estimating a Gamma distribution"), from the start of Choi and Wette (1969), and b = a / mean x. The prior that is
conjugate to both parameters has no closed-form log Z, so that there is none here.

Without a prior there is no `map`, `vb` or `sampled` update for this family.
)";

/// The a > 0 with log a - digamma(a) = gap > 0. Four steps suffice, because the start is within 1.5 %.
double shape_from_gap(double gap) {
  double a = (3 - gap + std::sqrt((gap - 3) * (gap - 3) + 24 * gap)) / (12 * gap);
  for (int step = 0; step < 10; ++step) {
    const double before = a;
    a /= 1 + (gap + special::digamma_minus_log(a)) / (a * special::trigamma_minus_reciprocal(a));
    if (std::abs(a - before) <= 2 * std::numeric_limits<double>::epsilon() * a) break;
  }
  return a;
}

class Gamma {
 public:
  std::string spec() const { return "gamma"; }
  std::size_t columns() const { return 1; }
  std::size_t statistic_size() const { return 3; }
  Schema parameters() const { return {{{"shape", {}, Domain::positive}, {"rate", {}, Domain::positive}}}; }
  Support support(std::size_t) const { return {"x > 0", 0, std::numeric_limits<double>::infinity(), true}; }

  std::size_t origin_size() const { return 1; }
  void origin_at(const Block& x, VectorView origin) const { origin[0] = std::log(x.column(0)[0]); }
  void origin(ConstVectorView theta, VectorView out) const { out[0] = std::log(theta[0] / theta[1]); }
  void translate(VectorView theta, ConstVectorView by, double sign) const { theta[1] *= std::exp(-sign * by[0]); }
  void recentre(VectorView s, ConstVectorView by) const {
    s[2] = std::exp(-by[0]) * s[2] + std::expm1(-by[0]) * s[1] + special::expm1_minus(-by[0]) * s[0];
    s[1] -= by[0] * s[0];
  }

  void statistic(const Block& x, ConstVectorView origin, MatrixView T) const {
    const double scale = std::exp(origin[0]);
    for (std::size_t n = 0; n < x.rows; ++n) {
      const double value = x.column(0)[n];
      const double excess = (value - scale) / scale;
      const bool near = std::abs(excess) < 0.5;
      const double y = near ? std::log1p(excess) : std::log(value) - origin[0];
      T(n, 0) = 1;
      T(n, 1) = y;
      // Finite, so that a row of responsibility 0 leaves nothing.
      T(n, 2) = near ? special::expm1_minus(y) : std::min(excess, std::numeric_limits<double>::max()) - y;
    }
  }
  void add_log_base(const Block& x, VectorView out) const {
    for (std::size_t n = 0; n < x.rows; ++n) out[n] -= std::log(x.column(0)[n]);
  }
  /// a log b - log Gamma(a) - b = a (log(b / a) - (b / a - 1)) + (a log a - a - log Gamma(a)).
  void coefficients(ConstVectorView theta, VectorView c) const {
    const double shape = theta[0];
    const double rate = theta[1];
    c[0] = shape * special::log_minus_linear(rate / shape) +
           (0.5 * (std::log(shape) - special::log_two_pi) - special::stirling_remainder(shape));
    c[1] = shape - rate;
    c[2] = -rate;
  }
  /// E[log x] = digamma(a) - log b, E[x] = a / b.
  void mean(ConstVectorView theta, VectorView s) const {
    const double ratio = theta[0] / theta[1];
    const double excess = special::digamma_minus_log(theta[0]);
    s[0] = 1;
    s[1] = excess + std::log(ratio);
    s[2] = -excess - special::log_minus_linear(ratio);
  }
  std::optional<std::string> mle(ConstVectorView s, VectorView theta) const {
    if (!(s[0] > 0)) return "no rows are left to it";
    const double mean_excess = (s[1] + s[2]) / s[0];  // mean of x / exp(o), less 1
    const double gap = s[2] / s[0] + special::log1p_minus(mean_excess);
    if (!(gap > 0)) return "all its values are equal, so that the shape has no finite maximum";
    theta[0] = shape_from_gap(gap);
    theta[1] = theta[0] / (1 + mean_excess);
    return std::nullopt;
  }
  std::optional<std::string> collapse(ConstVectorView theta) const {
    const double rounding = 16 * std::numeric_limits<double>::epsilon();
    if (!(1 / theta[0] > rounding * rounding))
      return "it has collapsed onto a point: its standard deviation is within rounding of 0";
    return std::nullopt;
  }
  /// Variates of a small shape that underflow stay inside the support.
  void sample(ConstVectorView theta, Random& random, VectorView x) const {
    x[0] = std::max(random.gamma(theta[0], theta[1]), std::numeric_limits<double>::min());
  }
};

static_assert(Located<Gamma> && !HasPrior<Gamma>);

/// The columns of a block and, behind them, their logarithms, which all components share.
Block with_logarithms(const Block& x, Workspace::Frame& frame) {
  auto* columns = frame.take<const double*>(2 * x.column_count);
  for (std::size_t j = 0; j < x.column_count; ++j) {
    double* out = frame.take(x.rows);
    for (std::size_t n = 0; n < x.rows; ++n) out[n] = std::log(x.column(j)[n]);
    columns[j] = x.column(j);
    columns[x.column_count + j] = out;
  }
  return {columns, 2 * x.column_count, x.rows};
}

/// S += R' t(X) about the origins; x: with_logarithms.
void add_moments(const Block& x, ConstMatrixView R, ConstMatrixView origins, MatrixView S, Workspace& workspace) {
  const std::size_t components = R.columns();
  const std::size_t columns = x.column_count / 2;
  const ConstKernelMatrix r{R.data(), R.column_stride(), components};
  Workspace::Frame frame(workspace);
  double* counts = frame.zeros(components);
  double* origin = frame.take(components);
  double* scale = frame.take(components);
  kernels().add_counts(r, x.rows, counts);
  for (std::size_t j = 0; j < columns; ++j) {
    double* sums = frame.zeros(components);
    double* excesses = frame.zeros(components);
    for (std::size_t k = 0; k < components; ++k) {
      origin[k] = origins(k, j);
      scale[k] = std::exp(origin[k]);
    }
    kernels().add_logarithmic_moments(x.column(j), x.column(columns + j), x.rows, r, origin, scale, sums, excesses);
    for (std::size_t k = 0; k < components; ++k) {
      S(k, 3 * j) += counts[k];
      S(k, 3 * j + 1) += sums[k];
      S(k, 3 * j + 2) += excesses[k];
    }
  }
}

class GammaStep {
 public:
  /// C: K x 3 D, the coefficients about the origins, which are K x D.
  GammaStep(ConstMatrixView C, ConstMatrixView origins) : all_origins_(origins) {
    for (std::size_t j = 0; j < origins.columns(); ++j)
      for (std::size_t k = 0; k < origins.rows(); ++k) {
        origins_.push_back(origins(k, j));
        scales_.push_back(std::exp(origins(k, j)));
        constants_.push_back(C(k, 3 * j));
        slopes_.push_back(C(k, 3 * j + 1));
        curvatures_.push_back(C(k, 3 * j + 2));
      }
  }

  Block prepare(const Block& x, Workspace::Frame& frame) const { return with_logarithms(x, frame); }
  void add_log_density(const Block& x, MatrixView L, Workspace&) const {
    const std::size_t columns = x.column_count / 2;
    for (std::size_t j = 0; j < columns; ++j) {
      const std::size_t first = j * L.columns();
      kernels().add_logarithmic(x.column(j), x.column(columns + j), x.rows,
                                {origins_.data() + first, scales_.data() + first, constants_.data() + first,
                                 slopes_.data() + first, curvatures_.data() + first},
                                {L.data(), L.column_stride(), L.columns()});
    }
  }
  void accumulate(const Block& x, ConstMatrixView R, MatrixView S, Workspace& workspace) const {
    add_moments(x, R, all_origins_, S, workspace);
  }

 private:
  ConstMatrixView all_origins_;
  // The components of one column after those of another.
  std::vector<double> origins_;
  std::vector<double> scales_;
  std::vector<double> constants_;
  std::vector<double> slopes_;
  std::vector<double> curvatures_;
};

/// D columns, of whose logarithms each is taken once.
class GammaColumns final : public Columnwise<Gamma> {
 public:
  explicit GammaColumns(std::size_t columns) : Columnwise(Gamma(), columns) {}

  void accumulate(const Block& x, ConstMatrixView R, ConstMatrixView origins, MatrixView S,
                  Workspace& workspace) const {
    Workspace::Frame frame(workspace);
    add_moments(with_logarithms(x, frame), R, origins, S, workspace);
  }
  GammaStep step(ConstMatrixView theta, ConstMatrixView origins) const {
    std::vector<double> coefficients(theta.rows() * statistic_size());
    const auto C = MatrixView::row_major(coefficients.data(), theta.rows(), statistic_size());
    std::vector<double> moved(theta.columns());
    for (std::size_t k = 0; k < theta.rows(); ++k) {
      std::copy(theta.row(k).begin(), theta.row(k).end(), moved.begin());
      translate(moved, origins.row(k), -1);
      this->coefficients(moved, C.row(k));
    }
    return {C, origins};
  }
};

}  // namespace

RegistryEntry gamma_entry();
RegistryEntry gamma_entry() {
  return {"gamma",
          "rate^shape x^(shape - 1) exp(-rate x) / Gamma(shape) for x > 0, independently in each column",
          {},
          [](const Shape& shape) { return make_family(GammaColumns(shape.columns)); },
          formulas};
}

}  // namespace mixfam
