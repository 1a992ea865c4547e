#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace mixfam {

/// What a fit keeps as its start has it. It is known then: it has no prior and counts for no free parameter.
struct Freeze {
  bool weights = false;
  std::vector<std::size_t> components;  ///< all parameters of these
  /// These of all components, by name, such as "mean", where the family has the formula of the others given them;
  /// `ml` and `map` only.
  std::vector<std::string> parameters;

  bool needs_start() const { return !components.empty() || !parameters.empty(); }
};

}  // namespace mixfam
