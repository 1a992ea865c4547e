#pragma once

#include "io/hdf5/handles.hpp"

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
/// Why a data set cannot be read as rows of numbers or labels; nothing when it can. A table needs a choice of members
/// besides.
std::optional<std::string> why_not_data(hid_t dataset);
bool is_string(hid_t type);
/// The names of an enumeration by value; empty for other types, for booleans, and where a value is negative or beyond
/// `most_labels`.
std::vector<std::string> enumeration_labels(hid_t type);
/// The most distinct labels of a column: more are hardly categories.
inline constexpr std::size_t most_labels = 4096;
/// Categories as AnnData and pandas store them: a group of `categories` and `codes`.
bool is_categorical_group(hid_t object);
/// The categories of such a group, strings or numbers. Throws Error(data).
std::vector<std::string> category_texts(const Handle& dataset, const std::string& where);
/// Names from the attribute `columns` or `names`; empty when there is none.
std::vector<std::string> column_names(hid_t dataset);

/// One string of fixed or variable length as it lies in memory after a read of its type.
std::string string_at(const void* cell, hid_t type);
/// Strings of a scalar or 1-D attribute or data set, of fixed or variable length; nothing when it holds no strings.
/// Throws Error(data) where they cannot be read.
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

/// The object at a path of an open file and all below it, in path order.
std::vector<Hdf5Object> list_objects(const Handle& file, const std::string& file_name, const std::string& top = "/");

}  // namespace mixfam::hdf5
