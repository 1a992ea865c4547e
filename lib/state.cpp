#include "state.hpp"

#include <numeric>

namespace mixfam {

double Penalty::total() const { return weights + std::accumulate(components.begin(), components.end(), 0.0); }

Penalty penalty_of(const State& state, const Prior& prior) {
  Penalty penalty;
  if (!state.hyperparameters) return penalty;
  penalty.weights = weights_kl(state.update_counts, prior);
  penalty.components.resize(state.hyperparameters->components());
  state.mixture.family().add_kl_to_prior(state.hyperparameters->view(), prior.components->row(0), penalty.components);
  return penalty;
}

State start_from(const Mixture& start, Source& source, const FitOptions& options) {
  if (options.update != Update::vb) return State(start);
  const Statistics statistics =
      e_step(EStepParameters::of(start), {source, options.threads}, {options.assignment, 1, options.seed, 0});
  return State(start.family_ptr(), update(start.family_ptr(), statistics, update_rule(options), start.weights()),
               {statistics.counts().begin(), statistics.counts().end()});
}

}  // namespace mixfam
