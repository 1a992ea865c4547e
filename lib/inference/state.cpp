#include "inference/state.hpp"

#include <numeric>
#include <utility>

namespace mixfam {

double Penalty::total() const { return weights + std::accumulate(components.begin(), components.end(), 0.0); }

Penalty penalty_of(const EStepParameters& parameters, const ParameterTable& hyperparameters,
                   const std::vector<double>& counts, const UpdateRule& rule) {
  const Groups& groups = parameters.groups;
  Penalty penalty{rule.frozen.weights.empty() ? weights_kl(counts, rule.prior) : 0,
                  std::vector<double>(groups.components())};
  for (std::size_t g = 0; g < groups.size(); ++g)
    groups.family(g).prior()->add_kl(hyperparameters.view(g), std::as_const(*rule.prior.components).row(g),
                                     *parameters.steps[g],
                                     {penalty.components.data() + groups.first(g), groups.components(g)});
  for (const std::size_t k : rule.frozen.components) penalty.components[k] = 0;
  return penalty;
}

Penalty penalty_of(const State& state, const UpdateRule& rule) {
  if (!state.hyperparameters) return {};
  return penalty_of(state.parameters, *state.hyperparameters, state.update_counts, rule);
}

}  // namespace mixfam
