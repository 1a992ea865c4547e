#pragma once

#include "io/hdf5/handles.hpp"

#include <mixfam/hdf5.hpp>

#include <string>
#include <vector>

namespace mixfam::hdf5 {

/// The object at a path of an open file and all below it, in path order.
std::vector<Hdf5Object> list_objects(const Handle& file, const std::string& file_name, const std::string& top = "/");

/// The one with the most values that can be read, if any.
const Hdf5Object* largest_eligible(const std::vector<Hdf5Object>& objects);

}  // namespace mixfam::hdf5
