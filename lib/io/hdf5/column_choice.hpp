#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace mixfam::hdf5 {

/// Numbers of the `count` columns that are wanted by name or by number; all when nothing is wanted. Throws Error(data)
/// for a column that is not there, chosen twice, or of a name that several have.
std::vector<std::size_t> choose_columns(const std::vector<std::string>& wanted, const std::vector<std::string>& names,
                                        std::size_t count, const std::string& where);

}  // namespace mixfam::hdf5
