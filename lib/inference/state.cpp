#include "inference/state.hpp"

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

}  // namespace mixfam
