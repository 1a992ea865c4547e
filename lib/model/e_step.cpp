#include "model/e_step.hpp"

#include <mixfam/detail/observed_cells.hpp>
#include <mixfam/error.hpp>
#include <mixfam/exponential_family.hpp>

#include "data/reduce.hpp"
#include "family/add_assignment_sums.hpp"
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

EStepParameters EStepParameters::of(const Mixture& mixture) {
  return {mixture.groups(), mixture.parameters(), mixfam::log_weights(mixture.weights()),
          steps_at(mixture.groups(), mixture.parameters())};
}

std::vector<StepPtr> steps_at(const Groups& groups, const ParameterTable& theta) {
  std::vector<StepPtr> steps;
  for (std::size_t g = 0; g < groups.size(); ++g) steps.push_back(groups.family(g).step(theta.view(g)));
  return steps;
}

BlockAssignment::BlockAssignment(const EStepParameters& parameters)
    : groups_(parameters.groups),
      components_(parameters.theta.components()),
      log_weights_(parameters.log_weights),
      steps_(parameters.steps),
      prepared_(steps_.size()),
      log_joint_(block_stride * components_),
      log_normaliser_(block_rows),
      tempered_normaliser_(block_rows),
      entropy_(block_rows),
      responsibilities_(block_stride * components_),
      log_base_(groups_.size() > 1 ? block_stride * groups_.size() : 0),
      drawn_(components_) {}

void BlockAssignment::prepare(const Block& x, Workspace::Frame& frame) {
  for (std::size_t g = 0; g < steps_.size(); ++g) prepared_[g] = steps_[g]->prepare(x, frame);
}

void BlockAssignment::compute_log_joint(const DataBlock& block) {
  rows_ = block.x.rows;
  const MatrixView L(log_joint_.data(), rows_, components_, 1, static_cast<std::ptrdiff_t>(block_stride));
  for (std::size_t k = 0; k < components_; ++k) std::fill_n(L.column(k).data(), rows_, log_weights_[k]);
  for (std::size_t g = 0; g < steps_.size(); ++g)
    steps_[g]->add_log_density(prepared_[g], L.column_range(groups_.first(g), groups_.components(g)), workspace_);
  if (steps_.size() > 1) add_log_base(block.x);
  if (block.labels) apply_labels(block);
}

void BlockAssignment::apply_labels(const DataBlock& block) {
  for (std::size_t n = 0; n < rows_; ++n) {
    if (block.labels[n] == unlabelled) continue;
    const auto label = static_cast<std::size_t>(block.labels[n]);
    for (std::size_t k = 0; k < components_; ++k)
      if (k != label) log_joint_[k * block_stride + n] = log_zero;
  }
}

void BlockAssignment::add_log_base(const Block& x) {
  std::fill(log_base_.begin(), log_base_.end(), 0.0);
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    const VectorView log_h(log_base_.data() + g * block_stride, rows_);
    groups_.family(g).add_log_base(x, log_h);
    for (double& value : log_h) value = std::max(value, log_zero);
    for (std::size_t k = groups_.first(g); k < groups_.end(g); ++k)
      for (std::size_t n = 0; n < rows_; ++n) log_joint_[k * block_stride + n] += log_h[n];
  }
}

double BlockAssignment::accumulate(const DataBlock& block, const AssignmentRule& rule, Statistics& statistics) {
  const auto R = responsibilities();
  double entropy = 0;
  for (std::size_t g = 0; g < steps_.size(); ++g) {
    const auto own = R.column_range(groups_.first(g), groups_.components(g));
    if (prepared_[g].missing) {
      Random random = stream(Stream::gaps, rule.seed, rule.iteration, block.first_row, g);
      Random* draws = rule.assignment == Assignment::sampled ? &random : nullptr;
      entropy += steps_[g]->accumulate_observed(prepared_[g], own, statistics.sums(g), draws, workspace_);
    } else {
      steps_[g]->accumulate(prepared_[g], own, statistics.sums(g), workspace_);
    }
  }
  return entropy;
}

/// By the responsibilities, which are weighed. q is of the missing cells too: log p(x_o | z) = E_q[log p(x | z)] + H.
void BlockAssignment::add_sums(const DataBlock& block, const AssignmentRule& rule, Statistics& statistics) {
  const auto R = responsibilities();
  kernels().add_counts({R.data(), R.column_stride(), components_}, rows_, statistics.counts().data());
  const double entropy_of_gaps = accumulate(block, rule, statistics);
  for (std::size_t n = 0; block.x.missing && n < rows_; ++n)
    statistics.missing_cells() +=
        (block.weights ? block.weights[n] : 1) * static_cast<double>(detail::count_missing(block.x, n));
  statistics.entropy() += entropy_of_gaps;
  statistics.expected_log_joint() -= entropy_of_gaps;
  if (steps_.size() == 1) return;
  for (std::size_t k = 0; k < components_; ++k)
    statistics.expected_log_base() +=
        detail::dot(R.column(k).data(), log_base_.data() + groups_.group_of(k) * block_stride, rows_);
}

void BlockAssignment::add_soft(const DataBlock& block, const Source& source, const AssignmentRule& rule,
                               Statistics& statistics) {
  const bool plain = steps_.size() == 1 && !block.x.missing && !block.labels;
  if (plain && steps_.front()->add_soft(prepared_.front(), log_weights_, statistics, workspace_)) return;
  compute_log_joint(block);
  const auto R = responsibilities();
  const AssignmentSums sums = kernels().assign({log_joint_.data(), R.column_stride(), components_}, rows_,
                                               {R.data(), R.column_stride(), components_});
  if (!(sums.least > 0.5 * log_zero)) {
    normalise();
    refuse_impossible_rows(block, source);
  }
  add_assignment_sums(sums, rows_, statistics);
  add_sums(block, rule, statistics);
}

void BlockAssignment::add(const DataBlock& block, const Source& source, const AssignmentRule& rule,
                          Statistics& statistics) {
  Workspace::Frame frame(workspace_);
  prepare(block.x, frame);
  if (block.weights == nullptr && rule.assignment == Assignment::soft && rule.temperature == 1) {
    add_soft(block, source, rule, statistics);
    return;
  }
  compute_log_joint(block);
  normalise();
  refuse_impossible_rows(block, source);
  assign(block, rule);
  for (std::size_t n = 0; n < rows_; ++n) {
    const double weight = block.weights ? block.weights[n] : 1;
    statistics.total_weight() += weight;
    statistics.log_normaliser() += weight * log_normaliser_[n];
    statistics.expected_log_joint() += weight * expected_log_joint(n);
    statistics.entropy() += weight * entropy_[n];
  }
  const auto R = responsibilities();
  if (block.weights) kernels().weigh({R.data(), R.column_stride(), components_}, rows_, block.weights);
  add_sums(block, rule, statistics);
}

void BlockAssignment::compute_anywhere(const DataBlock& block) {
  Workspace::Frame frame(workspace_);
  prepare(block.x, frame);
  compute_log_joint(block);
  normalise();
}

void BlockAssignment::compute(const DataBlock& block, const Source& source) {
  compute_anywhere(block);
  refuse_impossible_rows(block, source);
}

void BlockAssignment::normalise() {
  const auto R = responsibilities();
  kernels().normalise({log_joint_.data(), R.column_stride(), components_}, rows_,
                      {R.data(), R.column_stride(), components_}, log_normaliser_.data(), entropy_.data());
  temperature_ = 1;
  certain_ = false;
}

void BlockAssignment::refuse_impossible_rows(const DataBlock& block, const Source& source) const {
  for (std::size_t n = 0; n < rows_; ++n)
    if (!(log_normaliser_[n] > 0.5 * log_zero) && !(block.weights && block.weights[n] == 0))
      throw Error(ErrorKind::numerical, describe_row(source, block.first_row + n) +
                                            " has no density under any component; start elsewhere" +
                                            (groups_.has_prior() ? " or use a prior (`update = map`)" : ""));
}

double BlockAssignment::expected_log_joint(std::size_t n) const {
  if (!certain_) return temperature_ * (tempered_normaliser(n) - entropy_[n]);
  double sum = 0;
  for (std::size_t k = 0; k < components_; ++k)
    if (responsibilities_[k * block_stride + n] > 0) sum += log_joint()(n, k);
  return sum;
}

void BlockAssignment::assign(const DataBlock& block, const AssignmentRule& rule) {
  if (rule.assignment == Assignment::hard) harden();
  if (rule.assignment == Assignment::sampled) draw(block, rule);
  if (rule.temperature != 1) temper(rule.temperature);
}

/// Every row wholly to its most probable component, the first among equals.
void BlockAssignment::harden() {
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

void BlockAssignment::draw(const DataBlock& block, const AssignmentRule& rule) {
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
void BlockAssignment::temper(double temperature) {
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
  Statistics zero = parameters.groups.statistics();
  for (std::size_t g = 0; g < parameters.steps.size(); ++g) {
    const ConstMatrixView origins = parameters.steps[g]->origins();
    for (std::size_t k = 0; k < origins.rows(); ++k)
      std::copy(origins.row(k).begin(), origins.row(k).end(), zero.origins(g).row(k).begin());
  }
  return zero;
}

Statistics e_step(const EStepParameters& parameters, const Rows& rows, const AssignmentRule& rule) {
  return reduce(native_rows(rows, parameters.groups), zero_statistics(parameters),
                [&, assignment = BlockAssignment(parameters)](const DataBlock& block, Statistics& leaf) mutable {
                  assignment.add(block, rows.source, rule, leaf);
                });
}

/// By log p(x_m | x_o) = log p(x) - log p(x_o).
double BlockAssignment::kl_of_gaps(const DataBlock& block, const AssignmentRule& rule, const BlockAssignment& others,
                                   const EStepParameters& parameters, Statistics& sums) {
  Workspace::Frame frame(workspace_);
  prepare(block.x, frame);
  const auto R = responsibilities();
  if (block.weights) kernels().weigh({R.data(), R.column_stride(), components_}, rows_, block.weights);
  sums.clear();
  kernels().add_counts({R.data(), R.column_stride(), components_}, rows_, sums.counts().data());
  const double entropy = accumulate(block, rule, sums);
  sums.missing_cells() = 1;
  double observed = 0;
  for (std::size_t k = 0; k < components_; ++k)
    for (std::size_t n = 0; n < rows_; ++n) {
      const double log_base = log_base_.empty() ? 0 : log_base_[groups_.group_of(k) * block_stride + n];
      observed += R(n, k) * (others.log_joint()(n, k) - parameters.log_weights[k] - log_base);
    }
  return observed - entropy - expected_log_density(sums, parameters);
}

double kl_by_definition(const EStepParameters& old_parameters, const EStepParameters& new_parameters, const Rows& rows,
                        const AssignmentRule& rule) {
  const auto add = [&, q = BlockAssignment(old_parameters), p = BlockAssignment(new_parameters),
                    sums = zero_statistics(old_parameters)](const DataBlock& block, Totals& leaf) mutable {
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
    if (block.x.missing) leaf.values[0] += q.kl_of_gaps(block, rule, p, new_parameters, sums);
  };
  return reduce(native_rows(rows, old_parameters.groups), Totals{{0}}, add).values[0];
}

double expected_log_density(const Statistics& statistics, const EStepParameters& parameters) {
  std::vector<double> buffer;
  double sum = 0;
  for (std::size_t k = 0; k < statistics.components(); ++k) {
    if (statistics.missing_cells() > 0)
      sum += parameters.expectation_of_gaps(k, statistics.sum(k), statistics.counts()[k]);
    const auto s = statistics.sum(k);
    buffer.resize(s.size());
    const VectorView c(buffer);
    parameters.coefficients(k, statistics.origin(k), c);
    for (std::size_t p = 0; p < c.size(); ++p)
      if (c[p] == log_zero && s[p] != 0) return -std::numeric_limits<double>::infinity();
    sum += detail::dot(s.data(), c.data(), c.size());
  }
  return sum + statistics.expected_log_base();
}

}  // namespace mixfam
