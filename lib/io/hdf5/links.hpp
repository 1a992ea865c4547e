#pragma once

#include "io/hdf5/handles.hpp"

#include <string>
#include <vector>

namespace mixfam::hdf5 {

struct LinkTarget {
  H5L_type_t type = H5L_TYPE_ERROR;  ///< H5L_TYPE_HARD for an ordinary member of a group
  std::string file;                  ///< of an external link
  std::string path;                  ///< of a soft or external link
};
LinkTarget link_target(hid_t location, const std::string& path);

/// The links of a group, by name or in the order in which they were made.
std::vector<std::string> children(hid_t group, H5_index_t order = H5_INDEX_NAME);
/// Opens what lies at an absolute path. Throws Error(data) naming the first link on the way that leads nowhere.
Handle open_object(const Handle& file, const std::string& file_name, const std::string& path);
/// Opens a data set. Throws Error(data) also for a group, listing its children.
Handle open_dataset(const Handle& file, const std::string& file_name, const std::string& path);

}  // namespace mixfam::hdf5
