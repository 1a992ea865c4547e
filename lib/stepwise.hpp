#pragma once

#include <mixfam/mixture.hpp>
#include <mixfam/source.hpp>
#include <mixfam/statistics.hpp>

#include "e_step.hpp"
#include "update.hpp"

namespace mixfam {

struct StepwiseRule {
  std::size_t batch_rows;
  double forgetting;
  std::size_t steps;    ///< made before this pass
  double total_weight;  ///< of all the data
};

struct StepwiseResult {
  UpdateResult last;
  std::vector<double> counts;  ///< N_k that made the last update
  std::size_t steps;           ///< made in all
};

/// One pass of stepwise EM (Cappe and Moulines 2009): after each batch S <- (1 - rho) S + rho (N/n) S_batch with
/// rho = (t + 2)^-forgetting, and an update. Ends early at an update that leaves a component degenerate.
StepwiseResult stepwise_pass(EStepParameters parameters, const Mixture& mixture, Statistics statistics, Source& source,
                             const StepwiseRule& stepwise, const UpdateRule& rule, const AssignmentRule& assignment);

}  // namespace mixfam
