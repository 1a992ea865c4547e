#include "inference/state.hpp"

#include <numeric>

namespace mixfam {

double Penalty::total() const { return weights + std::accumulate(components.begin(), components.end(), 0.0); }

Penalty penalty_of(const EStepParameters& parameters, const ParameterTable& hyperparameters,
                   const std::vector<double>& counts, const Prior& prior) {
  Penalty penalty{weights_kl(counts, prior), std::vector<double>(hyperparameters.components())};
  parameters.family->prior()->add_kl(hyperparameters.view(), prior.components->row(0), *parameters.step,
                                     penalty.components);
  return penalty;
}

Penalty penalty_of(const State& state, const Prior& prior) {
  if (!state.hyperparameters) return {};
  return penalty_of(state.parameters, *state.hyperparameters, state.update_counts, prior);
}

}  // namespace mixfam
