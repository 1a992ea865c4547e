#pragma once

#include "inference/fit_memory.hpp"
#include "inference/measure.hpp"

#include <optional>

/// How a fit moves from one state to the next.
namespace mixfam {

/// The assignment of the next E-step.
AssignmentRule assignment_rule(const FitMemory& fit, const FitOptions& options);

/// Seen from the state that the fit has.
Transition transition_to(const FitMemory& fit, const FitInput& input, const State& next);

/// Adds an entry, which is to be judged before the fit moves on.
void push(FitMemory& fit, TraceEntry entry);

/// The E-step at the start.
void begin(FitMemory& fit, const FitInput& input);

/// The E-step at the next state, which becomes the state. `begun_anew`: components of it are not those that they were.
/// Throws Error(numerical) where it has no objective.
void advance(FitMemory& fit, const FitInput& input, State next, UpdateRule rule, const Transition& transition,
             bool begun_anew);

/// A state off the path of the iterations: the update of a point that is no image.
struct Proposal {
  Statistics point;
  State state;
};

/// None where the point has no sound update, or one that excludes a value that rows of a component have.
std::optional<Proposal> propose(const FitMemory& fit, Statistics point);

/// A proposal with the E-step at it, which the fit may move to.
struct Trial {
  Evaluation evaluation;
  State state;
  TraceEntry entry;
};

/// None where a row has no density under any component.
std::optional<Trial> attempt(const FitMemory& fit, const FitInput& input, Proposal proposal);

void move_to(FitMemory& fit, Trial trial);

}  // namespace mixfam
