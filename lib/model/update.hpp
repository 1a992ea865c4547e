#pragma once

#include <mixfam/mixture.hpp>
#include <mixfam/prior.hpp>
#include <mixfam/statistics.hpp>
#include <mixfam/update.hpp>

#include "model/degeneracy.hpp"
#include "model/e_step.hpp"

#include <optional>
#include <vector>

namespace mixfam {

/// What an update leaves for the next E-step.
struct UpdateResult {
  std::vector<double> weights;
  ParameterTable theta;
  std::vector<double> log_scale;                  ///< vb: see Family::expectation; else 0
  std::vector<double> log_weights;                ///< log w, or its expectation
  std::optional<ParameterTable> hyperparameters;  ///< vb: of q(theta_k), K rows
  std::vector<Degeneracy> degenerate;             ///< rows of theta, or weights, that no value fits
  StepPtr step;                                   ///< at theta, where that is as an estimate made it
};

/// What decides an update besides the statistics.
struct UpdateRule {
  Update update = Update::ml;
  Prior prior;
  std::uint64_t seed = 0;
  std::uint64_t iteration = 0;
};

/// The rule of a fit: maximum likelihood keeps nothing of the prior but fixed weights.
UpdateRule update_rule(Update update, const Prior& prior, std::uint64_t seed);

/// The one M-step: a map of chi + s, and of alpha + N for the weights. `weights_before` are those of fixed weights.
UpdateResult update(const FamilyPtr& family, const Statistics& statistics, const UpdateRule& rule,
                    const std::vector<double>& weights_before);

/// The same for statistics that no data may have; none where they or their update lie outside the domain.
std::optional<UpdateResult> update_if_sound(const FamilyPtr& family, const Statistics& statistics,
                                            const UpdateRule& rule, const std::vector<double>& weights_before);

/// The mixture of an update.
Mixture mixture_of(const FamilyPtr& family, const UpdateResult& result);

/// What the next E-step needs of an update.
EStepParameters e_step_parameters(const FamilyPtr& family, const UpdateResult& result);

/// Statistics with the prior added as pseudo-data.
Statistics with_prior(const Family& family, const Statistics& statistics, const Prior& prior);

/// Hyperparameters of the posterior of each component's parameters, K rows.
ParameterTable posterior_hyperparameters(const Family& family, const Statistics& statistics, const Prior& prior);

/// log p(theta, w), normalised where the prior is proper.
double log_prior(const EStepParameters& parameters, const std::vector<double>& weights, const Prior& prior);

}  // namespace mixfam
