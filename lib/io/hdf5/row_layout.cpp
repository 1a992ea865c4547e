#include "io/hdf5/row_layout.hpp"

#include "io/hdf5/data_set.hpp"
#include "io/hdf5/types.hpp"
#include "numerics/plural.hpp"

#include <mixfam/error.hpp>

#include <algorithm>
#include <numeric>

namespace mixfam::hdf5 {

namespace {

[[noreturn]] void refuse(const std::string& message) { throw Error(ErrorKind::data, message); }

}  // namespace

RowLayout::RowLayout(hid_t dataset, const ColumnChoice& wanted, const Texts& texts, std::shared_ptr<LabelCodes> codes,
                     std::string where)
    : is_group_of_codes(texts.is_group_of_codes), strings(std::move(codes)) {
  const Dimensions shape = extent(dataset).value();
  const Handle type = require(H5Dget_type(dataset), where, "read its type");
  reader.dataset = dataset;
  reader.where = std::move(where);
  reader.rank = static_cast<int>(shape.size());
  if (is_group_of_codes && (reader.rank != 1 || H5Tget_class(type.id()) != H5T_INTEGER))
    refuse(reader.where + "/codes: must hold whole numbers of rank 1");
  if (H5Tget_class(type.id()) == H5T_COMPOUND) {
    open_table(wanted.empty() ? texts.names : wanted, type.id());
  } else {
    open_plain(wanted, texts, shape, type.id());
  }
  if (is_group_of_codes) open_categorical_group(texts);
}

/// AnnData: integer codes beside the categories that they count.
void RowLayout::open_categorical_group(const Texts& texts) {
  if (texts.categories.empty() || texts.categories.size() > most_labels) {
    refuse(reader.where + ": has " + std::to_string(texts.categories.size()) + " categories (must be from 1 to " +
           std::to_string(most_labels) + ")");
  }
  names = {texts.path.substr(texts.path.find_last_of('/') + 1)};
  labels = {texts.categories};
  element = ElementType::int32;
  memory_type = H5T_NATIVE_INT32;
  row_bytes = sizeof(std::int32_t);
}

void RowLayout::use_names(const std::vector<std::string>& given, std::size_t file_columns) {
  names = given;
  if (names.empty() || names.size() == file_columns) return;
  warnings.push_back(reader.where + ": its attribute names " + plural(names.size(), "column") + ", but it has " +
                     std::to_string(file_columns) + "; the names are not used");
  names.clear();
}

void RowLayout::open_plain(const ColumnChoice& wanted, const Texts& texts, const Dimensions& shape, hid_t type) {
  const std::size_t file_columns = shape.size() == 2 ? shape[1] : 1;
  use_names(texts.names, file_columns);
  const std::vector<std::size_t> chosen = choose_columns(wanted, names, file_columns, reader.where);
  const auto [lowest, highest] = std::minmax_element(chosen.begin(), chosen.end());
  reader.first_cell = *lowest;
  reader.cells = *highest - *lowest + 1;
  columns = chosen.size();

  std::vector<std::size_t> in_order(chosen.size());
  std::iota(in_order.begin(), in_order.end(), *lowest);
  if (chosen != in_order) {
    for (const std::size_t column : chosen) gather.push_back(column - *lowest);
  }
  if (!names.empty()) {
    std::vector<std::string> chosen_names;
    for (const std::size_t column : chosen) chosen_names.push_back(names[column]);
    names = std::move(chosen_names);
  }

  if (is_string(type)) {
    open_labels(type, chosen);
    return;
  }
  if (auto names_of_values = enumeration_labels(type); !names_of_values.empty()) {
    labels.assign(columns, std::move(names_of_values));
  }
  const NumericType number = numeric_type(type).value();
  element = number.element;
  memory_type = number.memory;
  row_bytes = reader.cells * element_size(element);
}

/// A data set of strings is read as it lies, and its columns are chosen when the codes are written.
void RowLayout::open_labels(hid_t type, const std::vector<std::size_t>& chosen) {
  const std::size_t size = H5Tget_size(type);
  const auto copy = [&] { return require(H5Tcopy(type), reader.where, "make a type for its strings"); };
  strings.set_row(copy(), reader.cells * size);
  for (std::size_t j = 0; j < columns; ++j) strings.add(j, (chosen[j] - reader.first_cell) * size, copy());
  gather.clear();
  element = ElementType::int32;
}

void RowLayout::open_table(const ColumnChoice& wanted, hid_t type) {
  const std::vector<Member> all = members(type);
  std::vector<std::string> member_names;
  std::vector<std::string> readable;
  for (const Member& member : all) {
    member_names.push_back(member.name);
    if (numeric_type(member.type.id()) || is_string(member.type.id())) readable.push_back(member.name);
  }
  if (wanted.empty()) {
    refuse(reader.where + ": is a table; choose columns, as in `columns = " + readable.front() +
           (readable.size() > 1 ? "," + readable[1] : "") + "`: its columns of numbers or strings are " +
           list_text(readable));
  }
  const std::vector<std::size_t> chosen = choose_columns(wanted, member_names, all.size(), reader.where);
  columns = chosen.size();
  row_bytes = columns * sizeof(double);
  own_memory_type = require(H5Tcreate(H5T_COMPOUND, row_bytes), reader.where, "make a type for its columns");
  memory_type = own_memory_type.id();
  labels.resize(columns);
  std::vector<std::pair<std::size_t, std::string>> string_members;  // of a row of strings: offset and name
  std::size_t string_row_bytes = 0;
  for (std::size_t j = 0; j < columns; ++j) {
    const Member& member = all[chosen[j]];
    if (is_string(member.type.id())) {
      strings.add(j, string_row_bytes, require(H5Tcopy(member.type.id()), reader.where, "copy a type"));
      string_members.emplace_back(string_row_bytes, member.name);
      string_row_bytes += H5Tget_size(member.type.id());
      names.push_back(member.name);
      continue;
    }
    const auto number = numeric_type(member.type.id());
    if (!number) {
      refuse(reader.where + ": its column '" + member.name + "' holds " + type_text(member.type.id()) +
             ", not a number or string in each row; its columns of numbers or strings are " + list_text(readable));
    }
    labels[j] = enumeration_labels(member.type.id());
    if (!labels[j].empty()) enumerated.push_back(j);
    const bool bits = H5Tget_class(member.type.id()) == H5T_BITFIELD;
    if (bits) bit_fields.emplace_back(j, element_size(number->element));
    require_status(
        H5Tinsert(memory_type, member.name.c_str(), j * sizeof(double), bits ? number->memory : H5T_NATIVE_DOUBLE),
        reader.where, "choose the column '" + member.name + "'");
    names.push_back(member.name);
  }
  if (strings.count() == columns) memory_type = H5I_INVALID_HID;
  if (!strings.empty()) {
    Handle row = require(H5Tcreate(H5T_COMPOUND, string_row_bytes), reader.where, "make a type for its strings");
    for (std::size_t i = 0; i < string_members.size(); ++i) {
      const auto& [offset, name] = string_members[i];
      require_status(H5Tinsert(row.id(), name.c_str(), offset, strings.type(i)), reader.where,
                     "choose the column '" + name + "'");
    }
    strings.set_row(std::move(row), string_row_bytes);
  }
  if (strings.empty() && std::all_of(labels.begin(), labels.end(), [](const auto& list) { return list.empty(); })) {
    labels.clear();
  }
}

void RowLayout::set_labels(const std::vector<std::vector<std::string>>& found) {
  if (strings.empty()) return;
  labels.resize(columns);
  std::vector<std::vector<std::string>> sorted = strings.sort(found);
  for (std::size_t i = 0; i < sorted.size(); ++i) labels[strings.column(i)] = std::move(sorted[i]);
}

}  // namespace mixfam::hdf5
