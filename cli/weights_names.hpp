#pragma once

#include "output/text.hpp"

#include <mixfam/prior.hpp>

#include <string>
#include <vector>

namespace mixfam::cli {

/// What `--weights` and prior files call weights that are kept; a fit knows them as frozen.
inline const std::string fixed_weights_name = "fixed";

/// All that may stand there.
inline std::vector<std::string> names_of_weights() {
  std::vector<std::string> names = names_of<WeightsPrior>();
  names.insert(names.begin() + 1, fixed_weights_name);
  return names;
}

}  // namespace mixfam::cli
