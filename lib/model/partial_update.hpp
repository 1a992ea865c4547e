#pragma once

#include "model/update.hpp"

#include <set>

/// M-steps that leave something as it is.
namespace mixfam {

/// The rule for what is left without some components: prior, known weights and what is frozen have theirs no more.
UpdateRule without(const UpdateRule& rule, const Groups& groups, const std::set<std::size_t>& components);
EStepParameters without(const EStepParameters& parameters, const std::set<std::size_t>& components);

/// An update of the parameters of the other components with the frozen ones in their places. Those have the parameters
/// that they had; a hyperparameter row of theirs is that of the prior.
UpdateResult with_frozen_components(const Groups& groups, const UpdateRule& rule, UpdateResult others);

/// Changes statistics to those whose estimate has the frozen parameters, and the best others given these.
void hold_parameters(const Groups& groups, const Frozen& frozen, Statistics& statistics);
/// Frozen parameters as they were, to the last bit.
void put_back_parameters(const Groups& groups, const Frozen& frozen, UpdateResult& result);

}  // namespace mixfam
