#pragma once

#include <mixfam/fit.hpp>
#include <mixfam/mixture.hpp>
#include <mixfam/statistics.hpp>

#include <string>
#include <vector>

namespace mixfam {

/// Of each component, from the statistics of the E-step at the mixture.
std::vector<ComponentSoundness> soundness_of(const Mixture& mixture, const Statistics& statistics);

/// "may be a spurious maximum: component 1 has ..", with advice; empty where none is suspicious.
std::string describe_suspicious(const std::vector<ComponentSoundness>& soundness, bool prior_may_help);

}  // namespace mixfam
