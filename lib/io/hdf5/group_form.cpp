#include "io/hdf5/group_form.hpp"

#include "io/hdf5/data_set.hpp"
#include "io/hdf5/links.hpp"
#include "io/hdf5/strings.hpp"
#include "io/hdf5/types.hpp"

#include <mixfam/error.hpp>

#include <algorithm>
#include <map>
#include <utility>

namespace mixfam::hdf5 {

namespace {

/// The only text of an attribute, or "".
std::string attribute_text(hid_t object, const char* name) {
  const Handle attribute = open_attribute(object, name);
  if (!attribute) return {};
  const auto texts = read_strings(attribute.id());
  return texts && texts->size() == 1 ? texts->front() : "";
}

bool has(hid_t group, const std::string& name) { return H5Lexists(group, name.c_str(), H5P_DEFAULT) > 0; }

bool has_all(hid_t group, std::initializer_list<const char*> names) {
  return std::all_of(names.begin(), names.end(), [&](const char* name) { return has(group, name); });
}

std::string last_name(const std::string& path) { return path.substr(path.find_last_of('/') + 1); }

std::string block_name(std::size_t block, const char* part) { return "block" + std::to_string(block) + "_" + part; }

std::size_t block_count(hid_t group) {
  std::size_t count = 0;
  while (has(group, block_name(count, "items")) && has(group, block_name(count, "values"))) ++count;
  return count;
}

}  // namespace

Form group_form(hid_t group) {
  const std::string encoding = attribute_text(group, "encoding-type");
  if (encoding == "categorical" && has_all(group, {"codes", "categories"})) return Form::codes;
  if (encoding.rfind("nullable-", 0) == 0 && has_all(group, {"values", "mask"})) return Form::masked;
  if (has_all(group, {"data", "indices", "indptr"})) return Form::sparse;
  if (attribute_text(group, "pandas_type") == "frame" && has(group, "axis0")) return Form::pandas_blocks;
  return Form::columns;
}

std::optional<std::string> pandas_table(hid_t group) {
  const std::string type = attribute_text(group, "pandas_type");
  if (type.rfind("frame_table", 0) != 0 && type.rfind("appendable_", 0) != 0) return std::nullopt;
  return has(group, "table") ? std::optional<std::string>("table") : std::nullopt;
}

std::vector<std::string> frame_columns(hid_t group) {
  const Handle attribute = open_attribute(group, "column-order");
  return attribute ? read_strings(attribute.id()).value_or(std::vector<std::string>{}) : std::vector<std::string>{};
}

std::string frame_index(hid_t group) { return attribute_text(group, "_index"); }

std::vector<std::string> dependent_parts(hid_t group, Form form) {
  switch (form) {
    case Form::codes:
      return {"codes", "categories"};
    case Form::masked:
      return {"values", "mask"};
    case Form::sparse:
      return {"data", "indices", "indptr", "shape"};
    case Form::pandas_blocks: {
      std::vector<std::string> parts = {"axis0", "axis1"};
      for (std::size_t block = 0; block < block_count(group); ++block)
        for (const char* part : {"items", "values"}) parts.push_back(block_name(block, part));
      return parts;
    }
    case Form::data_set:
    case Form::columns:
      break;
  }
  return {};
}

namespace {

/// Links in the order in which they were made, where the group keeps it, else by name.
std::vector<std::string> children_in_order(hid_t group) {
  const Handle creation(H5Gget_create_plist(group));
  unsigned order = 0;
  const bool kept = H5Pget_link_creation_order(creation.id(), &order) >= 0 && (order & H5P_CRT_ORDER_INDEXED) != 0;
  return children(group, kept ? H5_INDEX_CRT_ORDER : H5_INDEX_NAME);
}

/// The names that may be columns: those of a data frame of AnnData in its order, else all.
std::vector<std::string> candidates(hid_t group) {
  std::vector<std::string> names = frame_columns(group);
  if (names.empty()) return children_in_order(group);
  const std::string index = frame_index(group);
  if (!index.empty() && std::find(names.begin(), names.end(), index) == names.end()) names.push_back(index);
  return names;
}

bool is_scale(hid_t dataset) { return attribute_text(dataset, "CLASS") == "DIMENSION_SCALE"; }

/// A member of a group as one column; nothing when it is none.
std::optional<Texts> column_texts(const OpenFile& file, const Handle& group, const std::string& path,
                                  const std::string& name) {
  const Handle object(H5Oopen(group.id(), name.c_str(), H5P_DEFAULT));
  const std::string part = (path == "/" ? "" : path) + "/" + name;
  if (H5Iget_type(object.id()) == H5I_GROUP) {
    const Form form = group_form(object.id());
    if (form != Form::codes && form != Form::masked) return std::nullopt;
    return group_texts(file, object, part);
  }
  if (H5Iget_type(object.id()) != H5I_DATASET || why_not_data(object.id()) || extent(object.id())->size() != 1)
    return std::nullopt;
  const Handle type(H5Dget_type(object.id()));
  if (H5Tget_class(type.id()) == H5T_COMPOUND) return std::nullopt;
  Texts texts;
  texts.path = part;
  texts.names = {name};
  texts.only_if_wanted = is_string(type.id()) || is_scale(object.id()) || frame_index(group.id()) == name;
  return texts;
}

void add_columns(const OpenFile& file, const Handle& group, Texts& texts) {
  for (const std::string& name : candidates(group.id())) {
    auto column = column_texts(file, group, texts.path, name);
    if (!column) continue;
    texts.names.push_back(name);
    texts.places.emplace_back(texts.parts.size(), 0);
    texts.parts.push_back(*std::move(column));
  }
}

/// pandas keeps columns of one type together, and the order of all of them in `axis0`.
void add_pandas_blocks(const OpenFile& file, const Handle& group, Texts& texts) {
  const std::string where = file.name + ":" + texts.path;
  const auto texts_at = [&](const std::string& name) {
    return category_texts(open_dataset(file.handle, file.name, texts.path + "/" + name), where + "/" + name);
  };
  std::multimap<std::string, std::pair<std::uint64_t, std::uint64_t>> readable;
  for (std::size_t block = 0; block < block_count(group.id()); ++block) {
    const std::string values = texts.path + "/" + block_name(block, "values");
    const Handle dataset = open_dataset(file.handle, file.name, values);
    // Objects of Python are no numbers.
    if (why_not_data(dataset.id())) continue;
    Texts part;
    part.path = values;
    part.names = texts_at(block_name(block, "items"));
    const Dimensions shape = extent(dataset.id()).value();
    if (shape.size() != 2 || shape[1] != part.names.size()) {
      throw Error(ErrorKind::data, file.name + ":" + values + ": has the shape " + shape_text(shape) + ", but " +
                                       std::to_string(part.names.size()) + " names of columns are beside it");
    }
    for (std::size_t j = 0; j < part.names.size(); ++j)
      readable.emplace(part.names[j], std::pair(texts.parts.size(), j));
    texts.parts.push_back(std::move(part));
  }
  for (std::string& name : texts_at("axis0")) {
    const auto found = readable.find(name);
    if (found == readable.end()) continue;
    texts.places.push_back(found->second);
    readable.erase(found);
    texts.names.push_back(std::move(name));
  }
}

}  // namespace

Texts group_texts(const OpenFile& file, const Handle& group, const std::string& path) {
  Texts texts;
  texts.path = path;
  texts.form = group_form(group.id());
  const std::string where = file.name + ":" + path;
  switch (texts.form) {
    case Form::codes:
      texts.names = {last_name(path)};
      texts.categories =
          category_texts(open_dataset(file.handle, file.name, path + "/categories"), where + "/categories");
      break;
    case Form::masked:
      texts.names = {last_name(path)};
      for (const char* part : {"/values", "/mask"}) texts.parts.push_back(data_set_texts(file, path + part));
      break;
    case Form::columns:
      add_columns(file, group, texts);
      // Says what else there is.
      if (texts.parts.empty()) open_dataset(file.handle, file.name, path);
      break;
    case Form::pandas_blocks:
      add_pandas_blocks(file, group, texts);
      if (texts.parts.empty()) throw Error(ErrorKind::data, where + ": is a pandas frame without a column of numbers");
      break;
    case Form::sparse:
      for (const char* part : {"/data", "/indices", "/indptr"})
        texts.parts.push_back(data_set_texts(file, path + part));
      break;
    case Form::data_set:
      break;
  }
  return texts;
}

}  // namespace mixfam::hdf5
