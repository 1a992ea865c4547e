#pragma once

#include <mixfam/prior.hpp>

#include <map>
#include <string>

namespace mixfam::cli {

/// The names that priors of the weights have on the command line and in prior files.
inline const std::map<std::string, WeightsPrior>& weights_priors() {
  static const std::map<std::string, WeightsPrior> names = {{"dirichlet", WeightsPrior::dirichlet},
                                                            {"fixed", WeightsPrior::fixed},
                                                            {"stick-breaking", WeightsPrior::stick_breaking}};
  return names;
}

inline std::string name_of(WeightsPrior prior) {
  for (const auto& [name, value] : weights_priors())
    if (value == prior) return name;
  return {};
}

}  // namespace mixfam::cli
