#include <mixfam/registry.hpp>

#include "family/evaluators/univariate_gaussian.hpp"

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

/// A block of log x.
class Logarithms {
 public:
  explicit Logarithms(const Block& x) : values_(x.rows * x.column_count), rows_(x.rows) {
    for (std::size_t j = 0; j < x.column_count; ++j) {
      double* out = values_.data() + j * x.rows;
      for (std::size_t n = 0; n < x.rows; ++n) out[n] = std::log(x.column(j)[n]);
      columns_.push_back(out);
    }
  }
  Logarithms(const Logarithms&) = delete;
  Logarithms& operator=(const Logarithms&) = delete;

  Block block() const { return {columns_.data(), columns_.size(), rows_}; }

 private:
  std::vector<double> values_;
  std::vector<const double*> columns_;
  std::size_t rows_;
};

/// The Gaussian's evaluator at log x.
class LogarithmEvaluator final : public Evaluator {
 public:
  explicit LogarithmEvaluator(std::unique_ptr<Evaluator> gaussian) : gaussian_(std::move(gaussian)) {}

  void add_log_density(const Block& x, MatrixView L) const override {
    gaussian_->add_log_density(Logarithms(x).block(), L);
  }
  bool add_soft(const Block& x, ConstVectorView log_weights, Statistics& statistics) const override {
    return gaussian_->add_soft(Logarithms(x).block(), log_weights, statistics);
  }

 private:
  std::unique_ptr<Evaluator> gaussian_;
};

/// Everything about parameters is the diagonal Gaussian's; data pass through the logarithm, once for all components.
class LogNormal final : public DiagonalGaussian {
 public:
  /// Neighbouring x differ by their rounding, so that log x is rounded as a number of at least 1 is.
  explicit LogNormal(std::size_t columns)
      : DiagonalGaussian("log_normal", {"log_mean", {}, Domain::real}, {"log_variance", {}, Domain::positive}, columns,
                         1) {}

  Support support(std::size_t) const { return {"x > 0", 0, std::numeric_limits<double>::infinity(), true}; }

  void add_log_base(const Block& x, VectorView out) const {
    for (std::size_t j = 0; j < x.column_count; ++j)
      for (std::size_t n = 0; n < x.rows; ++n) out[n] -= std::log(x.column(j)[n]) + 0.5 * special::log_two_pi;
  }
  void statistic(const Block& x, ConstVectorView origin, MatrixView T) const {
    DiagonalGaussian::statistic(Logarithms(x).block(), origin, T);
  }
  void accumulate(const Block& x, ConstMatrixView R, ConstMatrixView origins, MatrixView S) const {
    DiagonalGaussian::accumulate(Logarithms(x).block(), R, origins, S);
  }
  std::unique_ptr<Evaluator> evaluator(ConstMatrixView theta) const {
    return std::make_unique<LogarithmEvaluator>(DiagonalGaussian::evaluator(theta));
  }
  void features(const Block& x, MatrixView out) const {
    const Logarithms logarithms(x);
    for (std::size_t j = 0; j < columns(); ++j) std::copy_n(logarithms.block().column(j), x.rows, out.column(j).data());
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
