#pragma once

#include <mixfam/freeze.hpp>
#include <mixfam/mixture.hpp>
#include <mixfam/posterior.hpp>

#include "model/frozen.hpp"
#include "model/update.hpp"

/// What a fit keeps of its start.
namespace mixfam {

/// Throws Error(usage) for a component that there is not, a parameter that no family has or has no formula without, and
/// components that share parameters with others which are estimated.
void check_freeze(const Groups& groups, Update update, const Freeze& freeze);

Frozen frozen_of(const Mixture& start, const Freeze& freeze);

/// How many values are not free then.
std::size_t frozen_values(const Groups& groups, const Frozen& frozen);

/// Makes the posterior of a component that of known parameters.
void set_known(Posterior& posterior, std::size_t k, ConstVectorView theta);

}  // namespace mixfam
