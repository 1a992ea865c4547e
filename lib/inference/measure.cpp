#include "inference/measure.hpp"

#include "inference/stopping.hpp"

#include <cmath>

namespace mixfam {

namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// What Q from densities and Q from statistics may differ by, relative to the sums: the precision of an ill-conditioned
/// covariance has few digits.
constexpr double self_check_tolerance = 1e-8;

double weighted_log(ConstVectorView counts, const std::vector<double>& log_weights) {
  double sum = 0;
  for (std::size_t k = 0; k < counts.size(); ++k) sum += counts[k] * log_weights[k];
  return sum;
}

/// Q from the densities of the rows and Q = <S, C> + <N, log w> from their statistics: two ways to one number, of
/// which a family, or a kernel, can get one wrong.
void check_statistics(TraceEntry& entry, const State& state, const Statistics& statistics, const MeasureRule& rule) {
  if (rule.assignment.assignment != Assignment::soft || rule.assignment.temperature != 1) return;
  const double difference =
      std::abs(statistics.expected_log_joint() - expected_log_joint(statistics, state.parameters));
  if (difference > self_check_tolerance * scale_of(entry, rule.check))
    entry.events.push_back("self-check: Q from the densities differs from Q from the statistics by " +
                           std::to_string(difference));
}

}  // namespace

double expected_log_joint(const Statistics& statistics, const EStepParameters& parameters) {
  return expected_log_density(statistics, parameters) + weighted_log(statistics.counts(), parameters.log_weights);
}

TraceEntry measure(const State& state, const Statistics& statistics, const Transition& transition,
                   const TraceEntry* before, const MeasureRule& rule) {
  const Update update = rule.options.update;
  const bool is_vb = update == Update::vb;
  TraceEntry entry;
  entry.accelerated = transition.accelerated;
  const Penalty penalty = penalty_of(state, rule.update);
  const double bound = statistics.log_normaliser() + rule.check.log_base - penalty.total();
  entry.log_likelihood = is_vb ? nan : bound;
  entry.log_prior = update == Update::map || update == Update::sampled
                        ? log_prior(state.parameters, state.mixture.weights(), rule.update)
                        : 0;
  entry.q = statistics.expected_log_joint() + rule.check.log_base;
  entry.entropy = statistics.entropy();
  entry.elbo_e = entry.q + entry.entropy - penalty.total();
  entry.objective = entry.elbo_e + entry.log_prior;
  entry.elbo_m = transition.elbo;
  entry.kl = bound - transition.elbo;
  entry.gain_m = before ? transition.elbo + entry.log_prior - before->objective : nan;
  entry.gain_e = entry.elbo_e - transition.elbo;
  entry.residual = std::abs(bound - (transition.elbo + transition.kl));
  entry.temperature = rule.assignment.temperature;
  const double expected_log_z = weighted_log(statistics.counts(), state.log_weights);
  entry.expected_log_z = is_vb ? expected_log_z : nan;
  entry.expected_log_x = is_vb ? entry.q - expected_log_z : nan;
  entry.kl_weights = is_vb ? penalty.weights : nan;
  entry.kl_components = penalty.components;
  entry.counts.assign(statistics.counts().begin(), statistics.counts().end());
  if (!before || rule.options.verify) check_statistics(entry, state, statistics, rule);
  return entry;
}

}  // namespace mixfam
