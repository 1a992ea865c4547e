#include "io/hdf5/strings.hpp"

#include "io/hdf5/data_set.hpp"
#include "io/hdf5/types.hpp"

#include <mixfam/error.hpp>

#include <array>
#include <cstdio>
#include <cstring>

namespace mixfam::hdf5 {

Handle open_attribute(hid_t object, const std::string& name) {
  if (H5Aexists(object, name.c_str()) <= 0) return {};
  return Handle(H5Aopen(object, name.c_str(), H5P_DEFAULT));
}

std::string string_at(const void* cell, hid_t type) {
  if (H5Tis_variable_str(type) > 0) {
    const char* text = nullptr;
    std::memcpy(&text, cell, sizeof(text));
    return text ? text : "";
  }
  const char* text = static_cast<const char*>(cell);
  std::size_t length = strnlen(text, H5Tget_size(type));
  if (H5Tget_strpad(type) == H5T_STR_SPACEPAD) {
    while (length > 0 && text[length - 1] == ' ') --length;
  }
  return {text, length};
}

namespace {

/// "file.h5:/path", for messages about something that is open.
std::string place_of(hid_t object) {
  std::array<char, 4096> file = {};
  std::array<char, 4096> path = {};
  H5Fget_name(object, file.data(), file.size());
  H5Iget_name(object, path.data(), path.size());
  return std::string(file.data()) + ":" + path.data();
}

}  // namespace

std::optional<std::vector<std::string>> read_strings(hid_t object) {
  const bool attribute = H5Iget_type(object) == H5I_ATTR;
  const Handle type(attribute ? H5Aget_type(object) : H5Dget_type(object));
  const Handle space(attribute ? H5Aget_space(object) : H5Dget_space(object));
  if (!type || !space || H5Tget_class(type.id()) != H5T_STRING) return std::nullopt;
  const hssize_t points = H5Sget_simple_extent_npoints(space.id());
  if (points <= 0) return std::vector<std::string>{};
  const std::size_t count = static_cast<std::size_t>(points);
  const auto read = [&](void* buffer) {
    return attribute ? H5Aread(object, type.id(), buffer)
                     : H5Dread(object, type.id(), H5S_ALL, H5S_ALL, H5P_DEFAULT, buffer);
  };

  const std::size_t size = H5Tget_size(type.id());
  require_memory(count, size, place_of(object) + ": its strings");
  std::vector<char> cells(count * size);
  if (read(cells.data()) < 0) {
    const std::string cause = ErrorStack::last().cause();
    throw Error(ErrorKind::data, place_of(object) + ": cannot read " +
                                     (attribute ? "an attribute of strings" : "its strings") + ": " + cause);
  }
  std::vector<std::string> strings;
  for (std::size_t i = 0; i < count; ++i) strings.push_back(string_at(cells.data() + i * size, type.id()));
  if (H5Tis_variable_str(type.id()) > 0) H5Dvlen_reclaim(type.id(), space.id(), H5P_DEFAULT, cells.data());
  return strings;
}

std::vector<std::string> category_texts(const Handle& dataset, const std::string& where) {
  if (auto strings = read_strings(dataset.id())) return *std::move(strings);
  const Dimensions shape = extent(dataset.id()).value_or(Dimensions{});
  const Handle number = require(H5Dget_type(dataset.id()), where, "read the type of its values");
  if (shape.size() != 1 || shape[0] > most_labels || !numeric_type(number.id())) {
    throw Error(ErrorKind::data,
                where + ": must hold strings or numbers of rank 1, " + std::to_string(most_labels) + " at most");
  }
  std::vector<double> numbers(shape[0]);
  require_status(H5Dread(dataset.id(), H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, numbers.data()), where,
                 "read its values");
  std::vector<std::string> texts;
  for (const double value : numbers) {
    std::array<char, 32> text = {};
    std::snprintf(text.data(), text.size(), "%.17g", value);
    texts.emplace_back(text.data());
  }
  return texts;
}

std::vector<std::string> column_names(hid_t dataset) {
  for (const char* name : {"columns", "names"}) {
    const Handle attribute = open_attribute(dataset, name);
    if (!attribute) continue;
    if (auto strings = read_strings(attribute.id()); strings && !strings->empty()) return *std::move(strings);
  }
  return {};
}

}  // namespace mixfam::hdf5
