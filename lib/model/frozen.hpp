#pragma once

#include <mixfam/parameters.hpp>

#include <cstddef>
#include <set>
#include <string>
#include <vector>

namespace mixfam {

/// What updates leave as it is, with the values that it has.
struct Frozen {
  std::vector<double> weights;          ///< K of them; none where they are estimated
  std::set<std::size_t> components;     ///< all parameters of these
  std::vector<std::string> parameters;  ///< these of all components, by name
  ParameterTable theta;                 ///< K rows where components or parameters are frozen
};

}  // namespace mixfam
