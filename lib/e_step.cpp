#include "e_step.hpp"

#include <mixfam/error.hpp>
#include <mixfam/exponential_family.hpp>

#include "data_check.hpp"

#include <algorithm>
#include <cmath>

namespace mixfam {

namespace {

/// Every row wholly to its most probable component, the first among equals.
void harden(ConstMatrixView L, MatrixView R) {
  for (std::size_t n = 0; n < L.rows(); ++n) {
    std::size_t best = 0;
    for (std::size_t k = 1; k < L.columns(); ++k)
      if (L(n, k) > L(n, best)) best = k;
    for (std::size_t k = 0; k < L.columns(); ++k) R(n, k) = k == best ? 1 : 0;
  }
}

/// log r_nk of the assignment: of a hard one it is 0 wherever r is not.
double log_responsibility(const BlockPosterior& posterior, std::size_t n, std::size_t k, Assignment assignment) {
  return assignment == Assignment::hard ? 0 : posterior.log_joint()(n, k) - posterior.log_normaliser()[n];
}

struct Scalar {
  double value = 0;
  Scalar& operator+=(const Scalar& other) {
    value += other.value;
    return *this;
  }
};

}  // namespace

std::vector<double> log_weights(const std::vector<double>& weights) {
  std::vector<double> result;
  for (const double weight : weights) result.push_back(weight > 0 ? std::log(weight) : log_zero);
  return result;
}

BlockPosterior::BlockPosterior(const Mixture& mixture)
    : components_(mixture.components()),
      log_weights_(log_weights(mixture.weights())),
      evaluator_(mixture.family().evaluator(mixture.parameters().view())),
      log_joint_(block_rows * components_),
      log_normaliser_(block_rows),
      responsibilities_(block_rows * components_) {}

void BlockPosterior::compute(const DataBlock& block, const Source& source) {
  rows_ = block.x.rows;
  const MatrixView L(log_joint_.data(), rows_, components_, 1, static_cast<std::ptrdiff_t>(block_rows));
  const auto R = responsibilities();
  for (std::size_t k = 0; k < components_; ++k) std::fill_n(L.column(k).data(), rows_, log_weights_[k]);
  evaluator_->add_log_density(block.x, L);

  std::vector<double> greatest(L.column(0).begin(), L.column(0).end());
  for (std::size_t k = 1; k < components_; ++k)
    for (std::size_t n = 0; n < rows_; ++n) greatest[n] = std::max(greatest[n], L(n, k));
  for (std::size_t n = 0; n < rows_; ++n)
    if (!(greatest[n] > 0.5 * log_zero))
      throw Error(ErrorKind::numerical, describe_row(source, block.first_row + n) +
                                            " has no density under any component; start elsewhere or use a prior");

  std::fill_n(log_normaliser_.begin(), rows_, 0.0);
  for (std::size_t k = 0; k < components_; ++k)
    for (std::size_t n = 0; n < rows_; ++n) {
      R(n, k) = std::exp(L(n, k) - greatest[n]);
      log_normaliser_[n] += R(n, k);
    }
  for (std::size_t k = 0; k < components_; ++k)
    for (std::size_t n = 0; n < rows_; ++n) R(n, k) /= log_normaliser_[n];
  for (std::size_t n = 0; n < rows_; ++n) log_normaliser_[n] = greatest[n] + std::log(log_normaliser_[n]);
}

Statistics e_step(const Mixture& mixture, Source& source, Assignment assignment) {
  const Family& family = mixture.family();
  const std::size_t components = mixture.components();
  Statistics zero(components, family.statistic_size(), family.origin_size());
  for (std::size_t k = 0; k < components; ++k) family.origin(mixture.parameters().row(k), zero.origins().row(k));

  BlockPosterior posterior(mixture);
  return sum_over_blocks(source, zero, [&](const DataBlock& block, Statistics& leaf) {
    posterior.compute(block, source);
    const auto L = posterior.log_joint();
    const auto R = posterior.responsibilities();
    if (assignment == Assignment::hard) harden(L, R);
    for (std::size_t n = 0; n < block.x.rows; ++n) {
      const double weight = block.weights ? block.weights[n] : 1;
      leaf.total_weight() += weight;
      leaf.log_normaliser() += weight * posterior.log_normaliser()[n];
    }
    for (std::size_t k = 0; k < components; ++k) {
      double count = 0;
      double joint = 0;
      double entropy = 0;
      for (std::size_t n = 0; n < block.x.rows; ++n) {
        double& r = R(n, k);
        const double log_r = log_responsibility(posterior, n, k, assignment);
        if (block.weights) r *= block.weights[n];
        count += r;
        if (r > 0) {
          joint += r * L(n, k);
          entropy -= r * log_r;
        }
      }
      leaf.counts()[k] += count;
      leaf.expected_log_joint() += joint;
      leaf.entropy() += entropy;
    }
    family.accumulate(block.x, R, leaf.origins(), leaf.sums());
  });
}

double kl_by_definition(const Mixture& old_mixture, const Mixture& new_mixture, Source& source, Assignment assignment) {
  BlockPosterior q(old_mixture);
  BlockPosterior p(new_mixture);
  return sum_over_blocks(source, Scalar{},
                         [&](const DataBlock& block, Scalar& leaf) {
                           q.compute(block, source);
                           p.compute(block, source);
                           const auto R = q.responsibilities();
                           if (assignment == Assignment::hard) harden(q.log_joint(), R);
                           for (std::size_t k = 0; k < R.columns(); ++k)
                             for (std::size_t n = 0; n < block.x.rows; ++n) {
                               if (!(R(n, k) > 0)) continue;
                               const double log_p = p.log_joint()(n, k) - p.log_normaliser()[n];
                               const double weight = block.weights ? block.weights[n] : 1;
                               leaf.value += weight * R(n, k) * (log_responsibility(q, n, k, assignment) - log_p);
                             }
                         })
      .value;
}

double elbo_of_statistics(const Statistics& statistics, const Mixture& mixture) {
  const Family& family = mixture.family();
  const auto log_w = log_weights(mixture.weights());
  std::vector<double> c(family.statistic_size());
  double sum = statistics.entropy();
  for (std::size_t k = 0; k < mixture.components(); ++k) {
    family.coefficients(mixture.parameters().row(k), statistics.origins().row(k), c);
    sum += detail::dot(statistics.sums().row(k).data(), c.data(), c.size()) + statistics.counts()[k] * log_w[k];
  }
  return sum;
}

}  // namespace mixfam
