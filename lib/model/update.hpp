#pragma once

#include <mixfam/mixture.hpp>
#include <mixfam/prior.hpp>
#include <mixfam/statistics.hpp>
#include <mixfam/update.hpp>

#include "model/degeneracy.hpp"
#include "model/e_step.hpp"
#include "model/frozen.hpp"

#include <optional>
#include <vector>

namespace mixfam {

/// What an update leaves for the next E-step.
struct UpdateResult {
  std::vector<double> weights;
  ParameterTable theta;
  std::vector<double> log_scale;                  ///< vb: see ConjugatePrior::expectation; else 0
  std::vector<double> log_weights;                ///< log w, or its expectation
  std::optional<ParameterTable> hyperparameters;  ///< vb: of q(theta_k), K rows; those of the prior where it is frozen
  std::vector<Degeneracy> degenerate;             ///< rows of theta, or weights, that no value fits
  std::vector<StepPtr> steps;  ///< of each group at theta, where that is as an estimate made it; else null
};

/// What decides an update besides the statistics.
struct UpdateRule {
  Update update = Update::ml;
  Prior prior;
  std::uint64_t seed = 0;
  std::uint64_t iteration = 0;
  Frozen frozen = {};
};

/// The rule of a fit: maximum likelihood keeps nothing of the prior.
UpdateRule update_rule(Update update, const Prior& prior, std::uint64_t seed);

/// The one M-step: a map of chi + s, and of alpha + N for the weights.
UpdateResult update(const Groups& groups, const Statistics& statistics, const UpdateRule& rule);

/// The same for statistics that no data may have; none where they or their update lie outside the domain.
std::optional<UpdateResult> update_if_sound(const Groups& groups, const Statistics& statistics, const UpdateRule& rule);

/// The mixture of an update.
Mixture mixture_of(const Groups& groups, const UpdateResult& result);

/// What the next E-step needs of an update.
EStepParameters e_step_parameters(const Groups& groups, const UpdateResult& result);

/// Without some components.
Statistics without(const Statistics& statistics, const Groups& groups, const std::set<std::size_t>& components);

/// Statistics with the prior added as pseudo-data.
Statistics with_prior(const Groups& groups, const Statistics& statistics, const Prior& prior);

/// Hyperparameters of the posterior of each component's parameters, K rows.
ParameterTable posterior_hyperparameters(const Groups& groups, const Statistics& statistics, const Prior& prior);

/// log p(theta, w), normalised where the prior is proper; what is frozen is known and has no prior.
double log_prior(const EStepParameters& parameters, const std::vector<double>& weights, const UpdateRule& rule);

}  // namespace mixfam
