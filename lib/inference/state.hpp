#pragma once

#include <mixfam/fit.hpp>
#include <mixfam/mixture.hpp>
#include <mixfam/prior.hpp>

#include "model/e_step.hpp"
#include "model/update.hpp"

#include <optional>
#include <utility>
#include <vector>

namespace mixfam {

/// Parameters, or their posterior, with all that an E-step and a trace entry need of them.
struct State {
  State(const Groups& groups, UpdateResult result, std::vector<double> counts)
      : mixture(mixture_of(groups, result)),
        parameters(e_step_parameters(groups, result)),
        log_weights(std::move(result.log_weights)),
        hyperparameters(std::move(result.hyperparameters)),
        update_counts(std::move(counts)) {}
  explicit State(const Mixture& start)
      : mixture(start), parameters(EStepParameters::of(start)), log_weights(parameters.log_weights) {}

  Mixture mixture;
  EStepParameters parameters;
  std::vector<double> log_weights;                // without the constants of posteriors
  std::optional<ParameterTable> hyperparameters;  // vb
  std::vector<double> update_counts;              // N_k that made the state; empty at a given start
};

/// What separates the bound of a state from Q + H: for vb KL(q(w) || p(w)) and KL(q(theta_k) || p(theta_k)).
struct Penalty {
  double weights = 0;
  std::vector<double> components;

  double total() const;
};

/// Of posteriors (K rows of hyperparameters) that the counts N_k made, with the parameters of their E-step.
Penalty penalty_of(const EStepParameters& parameters, const ParameterTable& hyperparameters,
                   const std::vector<double>& counts, const UpdateRule& rule);
Penalty penalty_of(const State& state, const UpdateRule& rule);

}  // namespace mixfam
