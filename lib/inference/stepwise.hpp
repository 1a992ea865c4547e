#pragma once

#include <mixfam/source.hpp>
#include <mixfam/statistics.hpp>

#include "inference/state.hpp"
#include "model/e_step.hpp"
#include "model/update.hpp"

#include <optional>

namespace mixfam {

struct StepwiseRule {
  std::size_t batch_rows;
  double forgetting;
  double total_weight;  ///< of all the data
};

/// Stepwise EM (Cappe and Moulines 2009): after each batch S <- (1 - rho) S + rho (N/n) S_batch, where
/// rho = (t + 2)^-forgetting after t steps, and an update. S runs on from pass to pass.
struct Stepwise {
  Statistics running;
  std::size_t begin;  ///< iteration of the state that the running statistics began at
  std::size_t steps = 0;
  std::size_t row = 0;  ///< where the pass goes on
};

/// Makes the batches from `stepwise.row` to the end of the source, and an update of the state after each. Ends early
/// with an update that leaves components degenerate, which is not made; the running statistics are those that it is of.
std::optional<UpdateResult> stepwise_pass(State& state, Stepwise& stepwise, Source& source, const StepwiseRule& how,
                                          UpdateRule rule, const AssignmentRule& assignment);

}  // namespace mixfam
