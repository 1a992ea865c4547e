#pragma once

#include "io/hdf5/handles.hpp"

#include <string>
#include <vector>

namespace mixfam::hdf5 {

/// Where HDF5 looks for a file that another one names, in that order; `prefix_variable` names the environment variable
/// that it looks at first. "." is the naming file itself.
std::vector<std::string> file_candidates(const std::string& name, const std::string& named_in,
                                         const char* prefix_variable);

/// Every file that an object may be read from: its own, and those that external links on the way, virtual parts and raw
/// storage lead to, as far as they exist.
std::vector<std::string> files_of(const std::string& file, const std::string& path);

}  // namespace mixfam::hdf5
