#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mixfam::hdf5 {

/// The elements of a list of strings and numbers that Python pickled by protocol 0, which PyTables writes; empty for
/// anything else. Nothing is executed: of the pickle machine (pickletools.py) only lists of literals are known.
std::vector<std::string> pickled_list(std::string_view pickle);

}  // namespace mixfam::hdf5
