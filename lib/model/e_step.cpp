#include "model/e_step.hpp"

#include <mixfam/error.hpp>
#include <mixfam/exponential_family.hpp>

#include "data/reduce.hpp"
#include "family/data_check.hpp"
#include "family/native_types.hpp"
#include "family/pack_statistics.hpp"
#include "numerics/streams.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace mixfam {

namespace {

/// exp of this and less is 0.
constexpr double log_negligible = -1e3;

}  // namespace

BlockPosterior::BlockPosterior(const EStepParameters& parameters)
    : has_prior_(parameters.family->prior() != nullptr),
      components_(parameters.theta.components()),
      log_weights_(parameters.log_weights),
      step_(parameters.step),
      log_joint_(block_stride * components_),
      log_normaliser_(block_rows),
      tempered_normaliser_(block_rows),
      entropy_(block_rows),
      responsibilities_(block_stride * components_),
      drawn_(components_) {}

void BlockPosterior::compute_log_joint(const Block& x) {
  rows_ = x.rows;
  const MatrixView L(log_joint_.data(), rows_, components_, 1, static_cast<std::ptrdiff_t>(block_stride));
  for (std::size_t k = 0; k < components_; ++k) std::fill_n(L.column(k).data(), rows_, log_weights_[k]);
  step_->add_log_density(x, L, workspace_);
}

void BlockPosterior::add_soft(const Block& x, const DataBlock& block, const Source& source, Statistics& statistics) {
  if (step_->add_soft(x, log_weights_, statistics, workspace_)) return;
  compute_log_joint(x);
  const auto R = responsibilities();
  const AssignmentSums sums = kernels().assign({log_joint_.data(), R.column_stride(), components_}, rows_,
                                               {R.data(), R.column_stride(), components_});
  if (!(sums.least > 0.5 * log_zero)) compute(x, block, source);  // names the row
  statistics.total_weight() += static_cast<double>(rows_);
  statistics.log_normaliser() += sums.log_normaliser;
  statistics.expected_log_joint() += sums.log_normaliser - sums.entropy;
  statistics.entropy() += sums.entropy;
  kernels().add_counts({R.data(), R.column_stride(), components_}, rows_, statistics.counts().data());
  step_->accumulate(x, R, statistics.sums(), workspace_);
}

void BlockPosterior::add(const DataBlock& block, const Source& source, const AssignmentRule& rule,
                         Statistics& statistics) {
  Workspace::Frame frame(workspace_);
  const Block x = step_->prepare(block.x, frame);
  if (block.weights == nullptr && rule.assignment == Assignment::soft && rule.temperature == 1) {
    add_soft(x, block, source, statistics);
    return;
  }
  compute(x, block, source);
  assign(block, rule);
  for (std::size_t n = 0; n < rows_; ++n) {
    const double weight = block.weights ? block.weights[n] : 1;
    statistics.total_weight() += weight;
    statistics.log_normaliser() += weight * log_normaliser_[n];
    statistics.expected_log_joint() += weight * expected_log_joint(n);
    statistics.entropy() += weight * entropy_[n];
  }
  weigh(block.weights, statistics.counts());
  step_->accumulate(x, responsibilities(), statistics.sums(), workspace_);
}

void BlockPosterior::compute(const DataBlock& block, const Source& source) {
  Workspace::Frame frame(workspace_);
  compute(step_->prepare(block.x, frame), block, source);
}

void BlockPosterior::compute(const Block& x, const DataBlock& block, const Source& source) {
  compute_log_joint(x);
  const auto R = responsibilities();
  kernels().normalise({log_joint_.data(), R.column_stride(), components_}, rows_,
                      {R.data(), R.column_stride(), components_}, log_normaliser_.data(), entropy_.data());
  for (std::size_t n = 0; n < rows_; ++n)
    if (!(log_normaliser_[n] > 0.5 * log_zero) && !(block.weights && block.weights[n] == 0))
      throw Error(ErrorKind::numerical, describe_row(source, block.first_row + n) +
                                            " has no density under any component; start elsewhere" +
                                            (has_prior_ ? " or use a prior (`update = map`)" : ""));
  temperature_ = 1;
  certain_ = false;
}

double BlockPosterior::expected_log_joint(std::size_t n) const {
  if (!certain_) return temperature_ * (tempered_normaliser(n) - entropy_[n]);
  double sum = 0;
  for (std::size_t k = 0; k < components_; ++k)
    if (responsibilities_[k * block_stride + n] > 0) sum += log_joint()(n, k);
  return sum;
}

void BlockPosterior::weigh(const double* weights, VectorView counts) {
  const auto R = responsibilities();
  if (weights) kernels().weigh({R.data(), R.column_stride(), components_}, rows_, weights);
  kernels().add_counts({R.data(), R.column_stride(), components_}, rows_, counts.data());
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
    entropy_[n] = 0;
  }
  certain_ = true;
}

void BlockPosterior::draw(const DataBlock& block, const AssignmentRule& rule) {
  Random random = stream(Stream::assignment, rule.seed, rule.iteration, block.first_row);
  const auto R = responsibilities();
  for (std::size_t n = 0; n < rows_; ++n) {
    for (std::size_t k = 0; k < components_; ++k) drawn_[k] = R(n, k);
    const std::size_t drawn = random.categorical(drawn_);
    for (std::size_t k = 0; k < components_; ++k) R(n, k) = k == drawn ? 1 : 0;
    entropy_[n] = 0;
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
    double weighted = 0;
    for (std::size_t k = 0; k < components_; ++k) {
      const double a = std::max((L(n, k) - greatest) / temperature, log_negligible);
      sum += R(n, k) = std::exp(a);
      weighted += R(n, k) * a;
    }
    for (std::size_t k = 0; k < components_; ++k) R(n, k) /= sum;
    tempered_normaliser_[n] = greatest / temperature + std::log(sum);
    entropy_[n] = std::log(sum) - weighted / sum;
  }
}

Statistics zero_statistics(const EStepParameters& parameters) {
  const ConstMatrixView origins = parameters.step->origins();
  Statistics zero(origins.rows(), parameters.family->statistic_size(), origins.columns());
  for (std::size_t k = 0; k < origins.rows(); ++k)
    std::copy(origins.row(k).begin(), origins.row(k).end(), zero.origins().row(k).begin());
  return zero;
}

Statistics e_step(const EStepParameters& parameters, const Rows& rows, const AssignmentRule& rule) {
  return reduce(native_rows(rows, *parameters.family), zero_statistics(parameters),
                [&, posterior = BlockPosterior(parameters)](const DataBlock& block, Statistics& leaf) mutable {
                  posterior.add(block, rows.source, rule, leaf);
                });
}

double kl_by_definition(const EStepParameters& old_parameters, const EStepParameters& new_parameters, const Rows& rows,
                        const AssignmentRule& rule) {
  const auto add = [&, q = BlockPosterior(old_parameters), p = BlockPosterior(new_parameters)](const DataBlock& block,
                                                                                               Totals& leaf) mutable {
    q.compute(block, rows.source);
    q.assign(block, rule);
    p.compute(block, rows.source);
    const auto R = q.responsibilities();
    for (std::size_t k = 0; k < R.columns(); ++k)
      for (std::size_t n = 0; n < block.x.rows; ++n) {
        if (!(R(n, k) > 0)) continue;
        const double weight = block.weights ? block.weights[n] : 1;
        leaf.values[0] += weight * R(n, k) * (q.log_responsibility(n, k) - p.log_responsibility(n, k));
      }
  };
  return reduce(native_rows(rows, *old_parameters.family), Totals{{0}}, add).values[0];
}

double expected_log_density(const Statistics& statistics, const EStepParameters& parameters) {
  std::vector<double> c(statistics.statistic_size());
  double sum = 0;
  for (std::size_t k = 0; k < statistics.components(); ++k) {
    const auto s = statistics.sums().row(k);
    parameters.step->coefficients(k, statistics.origins().row(k), c);
    for (std::size_t p = 0; p < c.size(); ++p)
      if (c[p] == log_zero && s[p] != 0) return -std::numeric_limits<double>::infinity();
    sum += detail::dot(s.data(), c.data(), c.size());
  }
  return sum;
}

}  // namespace mixfam
