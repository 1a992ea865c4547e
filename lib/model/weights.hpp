#pragma once

#include <mixfam/prior.hpp>

#include "numerics/special.hpp"

#include <vector>

/// The mixture weights: a categorical distribution over components that obeys the same updates as the families, with
/// the effective counts N_k as its statistics.
namespace mixfam {

using special::log_zero;

/// log w_k, with log_zero for 0.
std::vector<double> log_weights(const std::vector<double>& weights);

/// alpha_k of each component.
std::vector<double> concentrations(const Prior& prior, std::size_t components);

/// The mode of Dirichlet(N + alpha); here and below the known weights where there are any. The weight of a degenerate
/// component is 0, where the density has no bound.
std::vector<double> weights_mode(ConstVectorView counts, const Prior& prior, const std::vector<double>& known,
                                 std::vector<Degeneracy>& degenerate);
/// E[w] under the posterior.
std::vector<double> weights_mean(ConstVectorView counts, const Prior& prior, const std::vector<double>& known);
/// E[log w] under the posterior (Bishop 2006, eq. 10.66; Blei and Jordan 2006, section 3).
std::vector<double> expected_log_weights(ConstVectorView counts, const Prior& prior, const std::vector<double>& known);
/// KL of the posterior of unknown weights from their prior.
double weights_kl(ConstVectorView counts, const Prior& prior);
/// w ~ posterior.
std::vector<double> sample_weights(ConstVectorView counts, const Prior& prior, const std::vector<double>& known,
                                   Random& random);
/// log p(w) of a Dirichlet.
double log_weights_prior(const std::vector<double>& weights, const Prior& prior);
/// log p(z) of labels with these counts, the weights integrated out under a Dirichlet.
double log_marginal_labels(ConstVectorView counts, const Prior& prior);

}  // namespace mixfam
