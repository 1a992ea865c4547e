#pragma once

#include <mixfam/fit.hpp>
#include <mixfam/mixture.hpp>
#include <mixfam/statistics.hpp>

#include "blocks.hpp"

#include <memory>
#include <vector>

namespace mixfam {

/// log 0, kept finite so that 0 * log 0 is 0 in every product.
inline constexpr double log_zero = -1e300;

/// log w_k, with log_zero for 0.
std::vector<double> log_weights(const std::vector<double>& weights);

/// log p(x_n, z = k) and p(z = k | x_n) of the rows of one block: the E-step before any sum.
class BlockPosterior {
 public:
  explicit BlockPosterior(const Mixture& mixture);

  /// Throws Error(numerical) naming the first row that has no density under any component.
  void compute(const DataBlock& block, const Source& source);

  std::size_t rows() const { return rows_; }
  /// L(n, k) = log w_k + log p(x_n | theta_k) - log h(x_n), column-major.
  ConstMatrixView log_joint() const { return matrix(log_joint_); }
  /// log sum_k exp L(n, k).
  ConstVectorView log_normaliser() const { return {log_normaliser_.data(), rows_}; }
  /// p(z = k | x_n), column-major.
  MatrixView responsibilities() {
    return {responsibilities_.data(), rows_, components_, 1, static_cast<std::ptrdiff_t>(block_rows)};
  }

 private:
  ConstMatrixView matrix(const std::vector<double>& values) const {
    return {values.data(), rows_, components_, 1, static_cast<std::ptrdiff_t>(block_rows)};
  }

  std::size_t components_;
  std::size_t rows_ = 0;
  std::vector<double> log_weights_;
  std::unique_ptr<Evaluator> evaluator_;
  std::vector<double> log_joint_;
  std::vector<double> log_normaliser_;
  std::vector<double> responsibilities_;
};

/// One pass: the statistics of the assignment made at the mixture's parameters, about its own locations.
Statistics e_step(const Mixture& mixture, Source& source, Assignment assignment);

/// KL(q || p(Z | X, new)) by its definition, where q is the assignment made at the old parameters.
double kl_by_definition(const Mixture& old_mixture, const Mixture& new_mixture, Source& source, Assignment assignment);

/// ELBO of the assignment that left `statistics` at other parameters, without sum log h:
/// sum_k <S_k, c(theta_k; o_k)> + <N, log w> + H(q).
double elbo_of_statistics(const Statistics& statistics, const Mixture& mixture);

}  // namespace mixfam
