#pragma once

#include <mixfam/mixture.hpp>
#include <mixfam/prior.hpp>
#include <mixfam/statistics.hpp>

#include <optional>
#include <vector>

namespace mixfam {

struct MStep {
  std::optional<Mixture> mixture;  ///< none when a component is degenerate
  std::vector<Degeneracy> degenerate;
};

/// theta = mle(chi + S) and w_k = (N_k + alpha - 1) / (N + K alpha - K); a flat prior gives maximum likelihood.
MStep m_step(const FamilyPtr& family, const Statistics& statistics, const Prior& prior);

/// log p(theta, w), normalised where the prior is proper.
double log_prior(const Mixture& mixture, const Prior& prior);

/// "component 1: <reason>; component 2: ..".
std::string describe(const std::vector<Degeneracy>& degenerate);

}  // namespace mixfam
