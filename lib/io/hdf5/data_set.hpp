#pragma once

#include "io/hdf5/handles.hpp"
#include "io/hdf5/text.hpp"

#include <optional>
#include <string>
#include <vector>

namespace mixfam::hdf5 {

/// The extent of a simple or scalar space; nothing for a null space.
std::optional<Dimensions> extent(hid_t dataset);
/// Why a data set cannot be read as rows of numbers or labels; nothing when it can. A table needs a choice of members
/// besides.
std::optional<std::string> why_not_data(hid_t dataset);

struct Filter {
  H5Z_filter_t number;
  bool optional;     ///< it may leave out a chunk that it cannot make smaller
  std::string name;  ///< "gzip"
};
/// Those of a creation property list, in the order in which they are applied to what is written.
std::vector<Filter> filters(hid_t creation);
/// Why a data set of these creation properties cannot be unpacked: this HDF5 library has no such filter.
std::optional<std::string> missing_filter(hid_t creation);

}  // namespace mixfam::hdf5
