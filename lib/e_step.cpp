#include "e_step.hpp"

#include <mixfam/error.hpp>
#include <mixfam/exponential_family.hpp>

#include "data_check.hpp"
#include "streams.hpp"

#include <algorithm>
#include <cmath>

namespace mixfam {

namespace {

struct Scalar {
  double value = 0;
  Scalar& operator+=(const Scalar& other) {
    value += other.value;
    return *this;
  }
};

}  // namespace

BlockPosterior::BlockPosterior(const EStepParameters& parameters)
    : components_(parameters.theta.components()),
      log_weights_(parameters.log_weights),
      evaluator_(parameters.family->evaluator(parameters.theta.view())),
      log_joint_(block_rows * components_),
      log_normaliser_(block_rows),
      tempered_normaliser_(block_rows),
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
  tempered_normaliser_ = log_normaliser_;
  temperature_ = 1;
  certain_ = false;
}

void BlockPosterior::assign(const DataBlock& block, const AssignmentRule& rule) {
  if (rule.assignment == Assignment::hard) harden();
  if (rule.assignment == Assignment::sampled) draw(block, rule);
  if (rule.temperature != 1) temper(rule.temperature);
}

/// Every row wholly to its most probable component, the first among equals.
void BlockPosterior::harden() {
  const auto L = log_joint();
  const auto R = responsibilities();
  for (std::size_t n = 0; n < rows_; ++n) {
    std::size_t best = 0;
    for (std::size_t k = 1; k < components_; ++k)
      if (L(n, k) > L(n, best)) best = k;
    for (std::size_t k = 0; k < components_; ++k) R(n, k) = k == best ? 1 : 0;
  }
  certain_ = true;
}

void BlockPosterior::draw(const DataBlock& block, const AssignmentRule& rule) {
  Random random = stream(Stream::assignment, rule.seed, rule.iteration, block.first_row);
  const auto R = responsibilities();
  std::vector<double> row(components_);
  for (std::size_t n = 0; n < rows_; ++n) {
    for (std::size_t k = 0; k < components_; ++k) row[k] = R(n, k);
    const std::size_t drawn = random.categorical(row);
    for (std::size_t k = 0; k < components_; ++k) R(n, k) = k == drawn ? 1 : 0;
  }
  certain_ = true;
}

/// r_nk proportional to its own power 1 / temperature.
void BlockPosterior::temper(double temperature) {
  const auto L = log_joint();
  const auto R = responsibilities();
  temperature_ = temperature;
  for (std::size_t n = 0; n < rows_; ++n) {
    double greatest = L(n, 0);
    for (std::size_t k = 1; k < components_; ++k) greatest = std::max(greatest, L(n, k));
    double sum = 0;
    for (std::size_t k = 0; k < components_; ++k) sum += R(n, k) = std::exp((L(n, k) - greatest) / temperature);
    for (std::size_t k = 0; k < components_; ++k) R(n, k) /= sum;
    tempered_normaliser_[n] = greatest / temperature + std::log(sum);
  }
}

Statistics zero_statistics(const EStepParameters& parameters) {
  const Family& family = *parameters.family;
  const std::size_t components = parameters.theta.components();
  Statistics zero(components, family.statistic_size(), family.origin_size());
  for (std::size_t k = 0; k < components; ++k) family.origin(parameters.theta.row(k), zero.origins().row(k));
  return zero;
}

void add_block(BlockPosterior& posterior, const Family& family, const DataBlock& block, const Source& source,
               const AssignmentRule& rule, Statistics& statistics) {
  posterior.compute(block, source);
  posterior.assign(block, rule);
  const auto L = posterior.log_joint();
  const auto R = posterior.responsibilities();
  for (std::size_t n = 0; n < block.x.rows; ++n) {
    const double weight = block.weights ? block.weights[n] : 1;
    statistics.total_weight() += weight;
    statistics.log_normaliser() += weight * posterior.log_normaliser()[n];
  }
  for (std::size_t k = 0; k < R.columns(); ++k) {
    double count = 0;
    double joint = 0;
    double entropy = 0;
    for (std::size_t n = 0; n < block.x.rows; ++n) {
      double& r = R(n, k);
      if (block.weights) r *= block.weights[n];
      if (!(r > 0)) continue;
      count += r;
      joint += r * L(n, k);
      entropy -= r * posterior.log_responsibility(n, k);
    }
    statistics.counts()[k] += count;
    statistics.expected_log_joint() += joint;
    statistics.entropy() += entropy;
  }
  family.accumulate(block.x, R, statistics.origins(), statistics.sums());
}

Statistics e_step(const EStepParameters& parameters, Source& source, const AssignmentRule& rule) {
  BlockPosterior posterior(parameters);
  return sum_over_blocks(source, zero_statistics(parameters), [&](const DataBlock& block, Statistics& leaf) {
    add_block(posterior, *parameters.family, block, source, rule, leaf);
  });
}

double kl_by_definition(const EStepParameters& old_parameters, const EStepParameters& new_parameters, Source& source,
                        const AssignmentRule& rule) {
  BlockPosterior q(old_parameters);
  BlockPosterior p(new_parameters);
  return sum_over_blocks(source, Scalar{},
                         [&](const DataBlock& block, Scalar& leaf) {
                           q.compute(block, source);
                           q.assign(block, rule);
                           p.compute(block, source);
                           const auto R = q.responsibilities();
                           for (std::size_t k = 0; k < R.columns(); ++k)
                             for (std::size_t n = 0; n < block.x.rows; ++n) {
                               if (!(R(n, k) > 0)) continue;
                               const double weight = block.weights ? block.weights[n] : 1;
                               leaf.value +=
                                   weight * R(n, k) * (q.log_responsibility(n, k) - p.log_responsibility(n, k));
                             }
                         })
      .value;
}

double expected_log_density(const Statistics& statistics, const EStepParameters& parameters) {
  const Family& family = *parameters.family;
  std::vector<double> c(family.statistic_size());
  double sum = 0;
  for (std::size_t k = 0; k < statistics.components(); ++k) {
    family.coefficients(parameters.theta.row(k), statistics.origins().row(k), c);
    sum += detail::dot(statistics.sums().row(k).data(), c.data(), c.size());
  }
  return sum;
}

}  // namespace mixfam
