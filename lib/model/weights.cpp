#include "model/weights.hpp"

#include <cmath>
#include <numeric>

namespace mixfam {

namespace {

/// Parameters of Beta(a, b).
struct BetaParameters {
  double a;
  double b;
};

std::vector<double> dirichlet_posterior(ConstVectorView counts, const Prior& prior) {
  std::vector<double> alpha = concentrations(prior, counts.size());
  for (std::size_t k = 0; k < alpha.size(); ++k) alpha[k] += counts[k];
  return alpha;
}

/// The posteriors Beta(1 + N_k, alpha + sum_{j > k} N_j) of the first K - 1 sticks; the last one is 1.
std::vector<BetaParameters> stick_posteriors(ConstVectorView counts, const Prior& prior) {
  const auto alpha = concentrations(prior, counts.size());
  std::vector<BetaParameters> sticks(counts.size() - 1);
  double behind = counts[counts.size() - 1];
  for (std::size_t k = sticks.size(); k-- > 0;) {
    sticks[k] = {1 + counts[k], alpha[k] + behind};
    behind += counts[k];
  }
  return sticks;
}

double log_dirichlet_partition(const std::vector<double>& alpha) {
  double sum = -special::log_gamma(std::accumulate(alpha.begin(), alpha.end(), 0.0));
  for (const double a : alpha) sum += special::log_gamma(a);
  return sum;
}

double beta_kl(BetaParameters q, BetaParameters p) {
  const double expected_log = special::digamma(q.a) - special::digamma(q.a + q.b);
  const double expected_log_rest = special::digamma(q.b) - special::digamma(q.a + q.b);
  return (q.a - p.a) * expected_log + (q.b - p.b) * expected_log_rest - special::log_beta(q.a, q.b) +
         special::log_beta(p.a, p.b);
}

/// w from stick lengths v_1 .. v_{K-1}.
std::vector<double> break_stick(const std::vector<double>& lengths) {
  std::vector<double> weights;
  double left = 1;
  for (const double length : lengths) {
    weights.push_back(left * length);
    left *= 1 - length;
  }
  weights.push_back(left);
  return weights;
}

void normalise(std::vector<double>& weights) {
  const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
  for (double& weight : weights) weight = special::share(weight, total);
}

}  // namespace

std::vector<double> log_weights(const std::vector<double>& weights) {
  std::vector<double> result;
  result.reserve(weights.size());
  for (const double weight : weights) result.push_back(weight > 0 ? std::log(weight) : log_zero);
  return result;
}

std::vector<double> concentrations(const Prior& prior, std::size_t components) {
  if (prior.concentration.size() == components) return prior.concentration;
  return std::vector<double>(components, prior.concentration.front());
}

std::vector<double> weights_mode(ConstVectorView counts, const Prior& prior, const std::vector<double>& known,
                                 std::vector<Degeneracy>& degenerate) {
  if (!known.empty()) return known;
  std::vector<double> weights = concentrations(prior, counts.size());
  for (std::size_t k = 0; k < weights.size(); ++k) {
    weights[k] = counts[k] + (weights[k] - 1);  // for `ml` nothing but the count, however small
    if (weights[k] > 0 || (weights[k] == 0 && counts[k] == 0)) continue;
    degenerate.push_back({k, "no more rows are left to it than the prior on the weights takes away"});
    weights[k] = 0;
  }
  normalise(weights);
  return weights;
}

std::vector<double> weights_mean(ConstVectorView counts, const Prior& prior, const std::vector<double>& known) {
  if (!known.empty()) return known;
  if (prior.weights == WeightsPrior::stick_breaking) {
    std::vector<double> lengths;
    for (const auto [a, b] : stick_posteriors(counts, prior)) lengths.push_back(a / (a + b));
    return break_stick(lengths);
  }
  std::vector<double> weights = dirichlet_posterior(counts, prior);
  normalise(weights);
  return weights;
}

std::vector<double> expected_log_weights(ConstVectorView counts, const Prior& prior, const std::vector<double>& known) {
  if (!known.empty()) return log_weights(known);
  std::vector<double> result;
  result.reserve(counts.size());
  if (prior.weights == WeightsPrior::stick_breaking) {
    double left = 0;
    for (const auto [a, b] : stick_posteriors(counts, prior)) {
      result.push_back(left + special::digamma(a) - special::digamma(a + b));
      left += special::digamma(b) - special::digamma(a + b);
    }
    result.push_back(left);
    return result;
  }
  const auto alpha = dirichlet_posterior(counts, prior);
  const double total = special::digamma(std::accumulate(alpha.begin(), alpha.end(), 0.0));
  for (const double a : alpha) result.push_back(special::digamma(a) - total);
  return result;
}

double weights_kl(ConstVectorView counts, const Prior& prior) {
  const auto prior_alpha = concentrations(prior, counts.size());
  double sum = 0;
  if (prior.weights == WeightsPrior::stick_breaking) {
    const auto sticks = stick_posteriors(counts, prior);
    for (std::size_t k = 0; k < sticks.size(); ++k) sum += beta_kl(sticks[k], {1, prior_alpha[k]});
    return sum;
  }
  const auto expected = expected_log_weights(counts, prior, {});
  for (std::size_t k = 0; k < counts.size(); ++k) sum += counts[k] * expected[k];
  return sum - log_dirichlet_partition(dirichlet_posterior(counts, prior)) + log_dirichlet_partition(prior_alpha);
}

std::vector<double> sample_weights(ConstVectorView counts, const Prior& prior, const std::vector<double>& known,
                                   Random& random) {
  if (!known.empty()) return known;
  std::vector<double> weights;
  if (prior.weights == WeightsPrior::stick_breaking) {
    for (const auto [a, b] : stick_posteriors(counts, prior)) weights.push_back(random.beta(a, b));
    return break_stick(weights);
  }
  weights.resize(counts.size());
  random.dirichlet(dirichlet_posterior(counts, prior), weights);
  return weights;
}

double log_weights_prior(const std::vector<double>& weights, const Prior& prior) {
  const auto alpha = concentrations(prior, weights.size());
  const auto log_w = log_weights(weights);
  double sum = -log_dirichlet_partition(alpha);
  for (std::size_t k = 0; k < alpha.size(); ++k)
    if (alpha[k] != 1) sum += (alpha[k] - 1) * log_w[k];
  return sum;
}

double log_marginal_labels(ConstVectorView counts, const Prior& prior) {
  return log_dirichlet_partition(dirichlet_posterior(counts, prior)) -
         log_dirichlet_partition(concentrations(prior, counts.size()));
}

}  // namespace mixfam
