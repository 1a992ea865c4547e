#pragma once

#include "io/hdf5/handles.hpp"

#include <cstdint>
#include <string>

/// Where data lie, and whether all that they lie in is there.
namespace mixfam::hdf5 {

struct Location {
  std::string file;
  std::string path;  ///< empty when the location names a file alone
};
/// "file.h5:/path" in parts. A file name may itself hold ":/". Throws Error(data) for a path without its first '/'.
Location split_location(const std::string& location);

/// The one data set of a file that can be read as data. Throws Error(data) naming all of them, or what else there is.
std::string only_eligible_path(const Handle& file, const std::string& file_name);

/// The bytes of the files that a virtual data set has its parts in. HDF5 fills the rows of a missing part with the fill
/// value and says nothing: this throws Error(data) naming the part.
std::uint64_t virtual_source_bytes(hid_t creation, const std::string& file, const std::string& where);

}  // namespace mixfam::hdf5
