#pragma once

#include "io/hdf5/handles.hpp"
#include "io/hdf5/text.hpp"

#include <optional>
#include <string>

namespace mixfam::hdf5 {

/// The extent of a simple or scalar space; nothing for a null space.
std::optional<Dimensions> extent(hid_t dataset);
/// Why a data set cannot be read as rows of numbers or labels; nothing when it can. A table needs a choice of members
/// besides.
std::optional<std::string> why_not_data(hid_t dataset);

/// The name of a filter of a creation property list: "gzip".
std::string filter_text(hid_t creation, int index);

}  // namespace mixfam::hdf5
