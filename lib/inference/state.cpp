#include "inference/state.hpp"

#include <numeric>

namespace mixfam {

double Penalty::total() const { return weights + std::accumulate(components.begin(), components.end(), 0.0); }

Penalty penalty_of(const Family& family, const ParameterTable& hyperparameters, const std::vector<double>& counts,
                   const Prior& prior) {
  Penalty penalty{weights_kl(counts, prior), std::vector<double>(hyperparameters.components())};
  family.add_kl_to_prior(hyperparameters.view(), prior.components->row(0), penalty.components);
  return penalty;
}

Penalty penalty_of(const State& state, const Prior& prior) {
  if (!state.hyperparameters) return {};
  return penalty_of(state.mixture.family(), *state.hyperparameters, state.update_counts, prior);
}

}  // namespace mixfam
