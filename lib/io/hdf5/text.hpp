#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace mixfam::hdf5 {

using Dimensions = std::vector<std::size_t>;

/// "2 x 3".
std::string shape_text(const Dimensions& shape);
/// "a, b, c and 5 more".
std::string list_text(const std::vector<std::string>& names);

}  // namespace mixfam::hdf5
