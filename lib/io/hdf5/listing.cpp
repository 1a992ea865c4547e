#include "io/hdf5/listing.hpp"

#include "io/hdf5/data_set.hpp"
#include "io/hdf5/group_form.hpp"
#include "io/hdf5/links.hpp"
#include "io/hdf5/location.hpp"
#include "io/hdf5/meaning.hpp"
#include "io/hdf5/rehearsal.hpp"
#include "io/hdf5/sparse_rows.hpp"
#include "io/hdf5/strings.hpp"
#include "io/hdf5/types.hpp"

#include <mixfam/error.hpp>
#include <mixfam/hdf5.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <functional>
#include <numeric>
#include <set>
#include <type_traits>

namespace mixfam::hdf5 {
namespace {

std::string layout_text(hid_t dataset) {
  const Handle creation(H5Dget_create_plist(dataset));
  switch (H5Pget_layout(creation.id())) {
    case H5D_COMPACT:
      return "compact";
    case H5D_CONTIGUOUS:
      return H5Pget_external_count(creation.id()) > 0 ? "in other, raw files" : "contiguous";
    case H5D_VIRTUAL:
      return "virtual";
    case H5D_CHUNKED:
      break;
    default:
      return "unknown";
  }
  std::array<hsize_t, H5S_MAX_RANK> chunk = {};
  const int rank = H5Pget_chunk(creation.id(), static_cast<int>(chunk.size()), chunk.data());
  std::string text = "chunked " + shape_text(Dimensions(chunk.begin(), chunk.begin() + std::max(0, rank)));
  for (const Filter& filter : filters(creation.id())) text += ", " + filter.name;
  return text;
}

template <class T>
std::string values_text(hid_t attribute, hid_t memory, std::size_t count) {
  std::vector<T> values(count);
  if (H5Aread(attribute, memory, values.data()) < 0) return "(cannot be read)";
  std::string text;
  for (const T value : values) {
    std::string number = std::to_string(value);
    if constexpr (std::is_floating_point_v<T>) {
      std::array<char, 32> buffer;
      number.assign(buffer.data(),
                    static_cast<std::size_t>(std::snprintf(buffer.data(), buffer.size(), "%.17g", value)));
    }
    text += (text.empty() ? "" : ", ") + number;
  }
  return text;
}

/// Short values in full, others by their type and shape.
std::string attribute_text(hid_t attribute) {
  constexpr std::size_t longest_list = 8;
  constexpr std::size_t longest_text = 200;
  const Handle type(H5Aget_type(attribute));
  const Handle space(H5Aget_space(attribute));
  const hssize_t points = H5Sget_simple_extent_npoints(space.id());
  const std::size_t count = static_cast<std::size_t>(std::max<hssize_t>(0, points));
  if (count == 0) return "(empty)";
  if (count <= longest_list) {
    if (const auto strings = read_strings(attribute)) {
      const std::string text = list_text(*strings);
      return text.size() <= longest_text ? text : text.substr(0, longest_text) + "...";
    }
    const H5T_class_t kind = H5Tget_class(type.id());
    if (kind == H5T_FLOAT) return values_text<double>(attribute, H5T_NATIVE_DOUBLE, count);
    if (kind == H5T_INTEGER || kind == H5T_ENUM) {
      const auto number = numeric_type(type.id());
      if (number && number->element == ElementType::uint64) {
        return values_text<std::uint64_t>(attribute, H5T_NATIVE_UINT64, count);
      }
      if (number) return values_text<std::int64_t>(attribute, H5T_NATIVE_INT64, count);
    }
  }
  return "(" + std::to_string(count) + " of " + type_text(type.id()) + ")";
}

std::vector<std::pair<std::string, std::string>> attributes(hid_t object) {
  std::vector<std::string> names;
  const auto add = [](hid_t, const char* name, const H5A_info_t*, void* all) -> herr_t {
    static_cast<std::vector<std::string>*>(all)->emplace_back(name);
    return 0;
  };
  H5Aiterate2(object, H5_INDEX_NAME, H5_ITER_INC, nullptr, add, &names);
  std::vector<std::pair<std::string, std::string>> texts;
  for (const std::string& name : names) {
    const Handle attribute = open_attribute(object, name);
    if (attribute) texts.emplace_back(name, attribute_text(attribute.id()));
  }
  return texts;
}

/// What stands in the way of reading, and what the numbers mean.
void describe_reading(hid_t dataset, hid_t type, Hdf5Object& object) {
  const Handle creation(H5Dget_create_plist(dataset));
  object.obstacle = missing_filter(creation.id()).value_or("");
  const H5T_class_t kind = H5Tget_class(type);
  try {
    if (kind != H5T_COMPOUND && kind != H5T_BITFIELD) object.meaning = Meaning(dataset, type, object.path).text();
  } catch (const Error& error) {
    object.obstacle = error.what();
  }
  object.eligible = object.obstacle.empty();
}

std::size_t rows_of(hid_t group, const std::string& name) {
  const Handle dataset(H5Dopen2(group, name.c_str(), H5P_DEFAULT));
  const Dimensions shape = dataset ? extent(dataset.id()).value_or(Dimensions{}) : Dimensions{};
  return shape.empty() ? 0 : shape.front();
}

/// A group whose rows can be read as they are.
void describe_group(hid_t group, Hdf5Object& object) {
  object.kind = "group";
  switch (group_form(group)) {
    case Form::codes:
      object.type = "column of categories";
      object.shape = {rows_of(group, "codes")};
      break;
    case Form::masked:
      object.type = "column with a mask of missing values";
      object.shape = {rows_of(group, "values")};
      break;
    case Form::pandas_blocks:
      object.type = "table of pandas";
      object.shape = {rows_of(group, "block0_values"), rows_of(group, "axis0")};
      break;
    case Form::sparse:
      object.type = "sparse matrix";
      try {
        const SparseShape shape = sparse_shape(group, object.path);
        object.type += shape.by_rows ? " by rows" : " by columns";
        object.shape = {shape.rows, shape.columns};
      } catch (const Error& error) {
        object.obstacle = error.what();
      }
      break;
    case Form::columns:
    case Form::data_set: {
      object.columns = frame_columns(group);
      if (object.columns.empty()) return;
      object.type = "table of columns";
      object.shape = {rows_of(group, frame_index(group)), object.columns.size()};
      break;
    }
  }
  object.eligible = object.obstacle.empty() && object.shape.front() > 0 && object.shape.back() > 0;
}

void describe_dataset(hid_t dataset, Hdf5Object& object) {
  object.kind = "data set";
  const Handle type(H5Dget_type(dataset));
  object.type = type_text(type.id());
  object.shape = extent(dataset).value_or(Dimensions{});
  object.layout = layout_text(dataset);
  // Names of rows lie beside data in many files: strings are read where they are asked for by path.
  object.eligible = !why_not_data(dataset) && !is_string(type.id());
  if (object.eligible) describe_reading(dataset, type.id(), object);
  object.columns = column_names(dataset);
  if (object.columns.empty() && H5Tget_class(type.id()) == H5T_COMPOUND) {
    for (Member& member : members(type.id())) object.columns.push_back(std::move(member.name));
  }
}

/// Dimension scales (HDF5, netCDF) and the indices of pandas and PyTables, groups named "_i_" and their table's name.
bool is_auxiliary(const Hdf5Object& object) {
  if (object.path.find("/_i_") != std::string::npos) return true;
  return std::any_of(object.attributes.begin(), object.attributes.end(), [](const auto& attribute) {
    return attribute.first == "CLASS" && attribute.second == "DIMENSION_SCALE";
  });
}

/// What stays the same when one object is reached by several paths.
std::string identity(hid_t object) {
#if H5_VERSION_GE(1, 12, 0)
  H5O_info2_t info = {};
  H5Oget_info3(object, &info, H5O_INFO_BASIC);
  return {reinterpret_cast<const char*>(&info.token), sizeof(info.token)};
#else
  H5O_info_t info = {};
  H5Oget_info2(object, &info, H5O_INFO_BASIC);
  return {reinterpret_cast<const char*>(&info.addr), sizeof(info.addr)};
#endif
}

/// Links out of the hierarchy are named, not followed: what they point to is listed where it lies, or in its own file.
std::optional<Hdf5Object> describe_link(const Handle& file, const std::string& path) {
  const LinkTarget target = link_target(file.id(), path);
  Hdf5Object object;
  object.path = path;
  if (target.type == H5L_TYPE_EXTERNAL) {
    object.kind = "external link";
    object.type = "to " + target.file + ":" + target.path;
    return object;
  }
  if (target.type != H5L_TYPE_SOFT) return std::nullopt;
  const bool leads_somewhere = static_cast<bool>(Handle(H5Oopen(file.id(), path.c_str(), H5P_DEFAULT)));
  object.kind = leads_somewhere ? "soft link" : "dangling link";
  object.type = "to " + target.path;
  return object;
}

}  // namespace

std::vector<Hdf5Object> list_objects(const Handle& file, const std::string& file_name, const std::string& top) {
  std::vector<Hdf5Object> objects;
  std::set<std::string> seen;
  std::set<std::string> dependent;
  // A list of what is still to do, and not recursion: a hostile file may be deeper than the call stack.
  std::vector<std::string> pending = {top};
  while (!pending.empty()) {
    const std::string path = pending.back();
    pending.pop_back();
    rehearsal::step(file_name + ":" + path);
    if (path != top) {
      if (auto link = describe_link(file, path)) {
        objects.push_back(*std::move(link));
        continue;
      }
    }
    const Handle handle = open_object(file, file_name, path);
    if (!seen.insert(identity(handle.id())).second) continue;

    Hdf5Object object;
    object.path = path;
    object.attributes = attributes(handle.id());
    object.auxiliary = is_auxiliary(object) || dependent.count(path) > 0;
    switch (H5Iget_type(handle.id())) {
      case H5I_DATASET:
        describe_dataset(handle.id(), object);
        break;
      case H5I_GROUP: {
        describe_group(handle.id(), object);
        for (const std::string& part : dependent_parts(handle.id(), group_form(handle.id())))
          dependent.insert((path == "/" ? "" : path) + "/" + part);
        const std::vector<std::string> names = children(handle.id());
        for (auto name = names.rbegin(); name != names.rend(); ++name) {
          pending.push_back((path == "/" ? "" : path) + "/" + *name);
        }
        break;
      }
      default:
        object.kind = "named type";
        break;
    }
    if (object.auxiliary) object.eligible = false;
    objects.push_back(std::move(object));
  }
  return objects;
}

const Hdf5Object* largest_eligible(const std::vector<Hdf5Object>& objects) {
  const auto values = [](const Hdf5Object& object) {
    return std::accumulate(object.shape.begin(), object.shape.end(), 1.0, std::multiplies<>());
  };
  const Hdf5Object* largest = nullptr;
  for (const Hdf5Object& object : objects)
    if (object.eligible && (!largest || values(object) > values(*largest))) largest = &object;
  return largest;
}

}  // namespace mixfam::hdf5

namespace mixfam {

std::vector<Hdf5Object> list_hdf5(const std::string& location) {
  const hdf5::Silence silence;
  const hdf5::Location parts = hdf5::split_location(location);
  return hdf5::list_objects(hdf5::open_file(parts.file), parts.file, parts.path.empty() ? "/" : parts.path);
}

}  // namespace mixfam
