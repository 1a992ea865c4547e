#pragma once

#include "hdf5_handles.hpp"

#include <mixfam/hdf5.hpp>

#include <optional>
#include <string>
#include <vector>

namespace mixfam::hdf5 {

using Dimensions = std::vector<std::size_t>;

/// "2 x 3".
std::string shape_text(const Dimensions& shape);
/// "a, b, c and 5 more".
std::string list_text(const std::vector<std::string>& names);
/// "float64", "bool", "compound {age, income}".
std::string type_text(hid_t type);

/// How a number of the file is read: into `element`, whose memory type HDF5 calls `memory`.
struct NumericType {
  ElementType element;
  hid_t memory;
};
/// Integers up to 64 bits, floats, enumerations (by their codes) and bit fields (the booleans of PyTables).
std::optional<NumericType> numeric_type(hid_t type);

struct Member {
  std::string name;
  Handle type;
};
std::vector<Member> members(hid_t compound);

/// The extent of a simple or scalar space; nothing for a null space.
std::optional<Dimensions> extent(hid_t dataset);
/// Why a data set cannot be read as rows of numbers; nothing when it can. A table needs a choice of members besides.
std::optional<std::string> why_not_data(hid_t dataset);
/// Names from the attribute `columns` or `names`; empty when there is none.
std::vector<std::string> column_names(hid_t dataset);

/// Strings of a scalar or 1-D attribute or data set, of fixed or variable length; nothing when it holds no strings.
std::optional<std::vector<std::string>> read_strings(hid_t object);
/// The attribute of an object, invalid when there is none.
Handle open_attribute(hid_t object, const std::string& name);

/// The name of a filter of a creation property list: "gzip".
std::string filter_text(hid_t creation, int index);

struct LinkTarget {
  H5L_type_t type = H5L_TYPE_ERROR;  ///< H5L_TYPE_HARD for an ordinary member of a group
  std::string file;                  ///< of an external link
  std::string path;                  ///< of a soft or external link
};
LinkTarget link_target(hid_t location, const std::string& path);

/// The links of a group, by name.
std::vector<std::string> children(hid_t group);
/// Opens what lies at an absolute path. Throws Error(data) naming the first link on the way that leads nowhere.
Handle open_object(const Handle& file, const std::string& file_name, const std::string& path);
/// Opens a data set. Throws Error(data) also for a group, listing its children.
Handle open_dataset(const Handle& file, const std::string& file_name, const std::string& path);

/// All objects of an open file in path order.
std::vector<Hdf5Object> list_objects(const Handle& file, const std::string& file_name);

}  // namespace mixfam::hdf5
