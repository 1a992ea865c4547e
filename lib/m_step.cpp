#include "m_step.hpp"

#include "e_step.hpp"
#include "special.hpp"

#include <numeric>

namespace mixfam {

namespace {

/// The mode of Dirichlet(N_1 + alpha, .., N_K + alpha).
std::vector<double> update_weights(ConstVectorView counts, double concentration, std::vector<Degeneracy>& degenerate) {
  std::vector<double> weights(counts.begin(), counts.end());
  for (std::size_t k = 0; k < weights.size(); ++k) {
    weights[k] += concentration - 1;
    if (weights[k] < 0) degenerate.push_back({k, "fewer rows are left to it than the prior on the weights takes away"});
  }
  const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
  for (double& weight : weights) weight /= total;
  return weights;
}

}  // namespace

MStep m_step(const FamilyPtr& family, const Statistics& statistics, const Prior& prior) {
  MStep result;
  std::vector<double> weights = update_weights(statistics.counts(), prior.concentration, result.degenerate);

  Statistics posterior = statistics;
  if (prior.components) family->add_prior(prior.components->row(0), posterior.origins(), posterior.sums());
  ParameterTable theta(family->parameters(), statistics.components());
  const auto degenerate = family->mle(posterior.sums(), posterior.origins(), theta.view());
  result.degenerate.insert(result.degenerate.end(), degenerate.begin(), degenerate.end());

  if (result.degenerate.empty()) result.mixture.emplace(family, std::move(weights), std::move(theta));
  return result;
}

double log_prior(const Mixture& mixture, const Prior& prior) {
  const double K = static_cast<double>(mixture.components());
  double sum = special::log_gamma(K * prior.concentration) - K * special::log_gamma(prior.concentration);
  if (prior.concentration != 1)
    for (const double log_weight : log_weights(mixture.weights())) sum += (prior.concentration - 1) * log_weight;
  if (prior.components) sum += mixture.family().log_prior(prior.components->row(0), mixture.parameters().view());
  return sum;
}

std::string describe(const std::vector<Degeneracy>& degenerate) {
  std::string text;
  for (const Degeneracy& one : degenerate)
    text += (text.empty() ? "" : "; ") + ("component " + std::to_string(one.component)) + ": " + one.reason;
  return text;
}

}  // namespace mixfam
