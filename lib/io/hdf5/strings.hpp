#pragma once

#include "io/hdf5/handles.hpp"

#include <optional>
#include <string>
#include <vector>

namespace mixfam::hdf5 {

/// One string of fixed or variable length as it lies in memory after a read of its type.
std::string string_at(const void* cell, hid_t type);
/// Strings of a scalar or 1-D attribute or data set, of fixed or variable length; nothing when it holds no strings.
/// Throws Error(data) where they cannot be read.
std::optional<std::vector<std::string>> read_strings(hid_t object);
/// The attribute of an object, invalid when there is none.
Handle open_attribute(hid_t object, const std::string& name);
/// Names from the attribute `columns` or `names`; empty when there is none.
std::vector<std::string> column_names(hid_t dataset);

/// Strings or numbers of a data set as texts, such as the categories of AnnData. Throws Error(data).
std::vector<std::string> category_texts(const Handle& dataset, const std::string& where);

}  // namespace mixfam::hdf5
