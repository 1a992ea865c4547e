#include <mixfam/registry.hpp>

#include "family/steps/univariate_gaussian.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace mixfam {

namespace {

constexpr const char* formulas = R"(
Log-normal distribution: log x ~ N(log_mean m, log_variance v), x > 0, independently in each column.

    t(x) = (1, 1, y - o, (y - o)^2), y = log x     c and A as those of N(y | m, v)     h = (2 pi)^(-1/2) / x

Prior, base measure dm dv, its mode and its references: Normal-Inverse-Gamma, in univariate_gaussian.hpp; the default
prior scales itself from log x.
)";

/// A block of log x, in the memory of a frame.
Block logarithms(const Block& x, Workspace::Frame& frame) {
  auto* columns = frame.take<const double*>(x.column_count);
  for (std::size_t j = 0; j < x.column_count; ++j) {
    double* out = frame.take(x.rows);
    for (std::size_t n = 0; n < x.rows; ++n) out[n] = std::log(x.column(j)[n]);
    columns[j] = out;
  }
  return {columns, x.column_count, x.rows};
}

/// The Gaussian's step at log x.
class LogarithmStep {
 public:
  LogarithmStep(const DiagonalGaussian& gaussian, ConstMatrixView theta, ConstMatrixView origins)
      : gaussian_(gaussian), origins_(origins), step_(gaussian.step(theta)) {}

  Block prepare(const Block& x, Workspace::Frame& frame) const { return logarithms(x, frame); }
  void add_log_density(const Block& x, MatrixView L, Workspace& workspace) const {
    step_.add_log_density(x, L, workspace);
  }
  void accumulate(const Block& x, ConstMatrixView R, MatrixView S, Workspace& workspace) const {
    gaussian_.accumulate(x, R, origins_, S, workspace);
  }
  bool add_soft(const Block& x, ConstVectorView log_weights, Statistics& statistics, Workspace& workspace) const {
    return step_.add_soft(x, log_weights, statistics, workspace);
  }

 private:
  const DiagonalGaussian& gaussian_;
  ConstMatrixView origins_;
  StandardisingStep step_;
};

/// Everything about parameters is the diagonal Gaussian's; data pass through the logarithm, once for all components.
class LogNormal final : public DiagonalGaussian {
 public:
  /// Neighbouring x differ by their rounding, so that log x is rounded as a number of at least 1 is.
  explicit LogNormal(std::size_t columns)
      : DiagonalGaussian("log_normal", {"log_mean", {}, Domain::real}, {"log_variance", {}, Domain::positive}, columns,
                         1) {}

  Support support(std::size_t) const { return {"x > 0", 0, std::numeric_limits<double>::infinity(), true}; }

  void add_log_base(const Block& x, std::size_t j, VectorView out) const {
    for (std::size_t n = 0; n < x.rows; ++n) out[n] -= std::log(x.column(j)[n]) + 0.5 * special::log_two_pi;
  }
  void add_log_base(const Block& x, VectorView out) const {
    for (std::size_t j = 0; j < x.column_count; ++j) add_log_base(x, j, out);
  }
  void statistic(const Block& x, ConstVectorView origin, MatrixView T) const {
    Workspace workspace;
    Workspace::Frame frame(workspace);
    DiagonalGaussian::statistic(logarithms(x, frame), origin, T);
  }
  void accumulate(const Block& x, ConstMatrixView R, ConstMatrixView origins, MatrixView S,
                  Workspace& workspace) const {
    Workspace::Frame frame(workspace);
    DiagonalGaussian::accumulate(logarithms(x, frame), R, origins, S, workspace);
  }
  LogarithmStep step(ConstMatrixView theta, ConstMatrixView origins) const { return {*this, theta, origins}; }
  void features(const Block& x, MatrixView out) const {
    for (std::size_t j = 0; j < columns(); ++j)
      for (std::size_t n = 0; n < x.rows; ++n) out(n, j) = std::log(x.column(j)[n]);
  }
  void origin_at(const Block& x, VectorView origin) const {
    for (std::size_t j = 0; j < columns(); ++j) origin[j] = std::log(x.column(j)[0]);
  }
  void sample(ConstVectorView theta, Random& random, VectorView x) const {
    DiagonalGaussian::sample(theta, random, x);
    for (double& value : x) value = std::exp(value);
  }
};

}  // namespace

RegistryEntry log_normal_entry();
RegistryEntry log_normal_entry() {
  return {"log_normal",
          "normal density of log x, over x, for x > 0, independently in each column",
          {},
          [](const Shape& shape) { return make_family(LogNormal(shape.columns)); },
          formulas};
}

}  // namespace mixfam
