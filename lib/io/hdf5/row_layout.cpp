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

RowLayout::RowLayout(hid_t dataset, const ColumnChoice& wanted, const Texts& texts, const Hdf5Options& options,
                     StringColumns no_strings, std::string where)
    : gaps(options.gaps), is_group_of_codes(texts.form == Form::codes), strings(std::move(no_strings)) {
  Dimensions shape = extent(dataset).value();
  const Handle type = require(H5Dget_type(dataset), where, "read its type");
  reader.dataset = dataset;
  reader.where = std::move(where);
  reader.rank = static_cast<int>(shape.size());
  reader.transposed = options.transpose;
  if (options.transpose) {
    if (shape.size() != 2) refuse(reader.where + ": has rank 1 and cannot be transposed");
    std::swap(shape[0], shape[1]);
  }
  rows = shape[0];
  if (is_group_of_codes && (reader.rank != 1 || H5Tget_class(type.id()) != H5T_INTEGER))
    refuse(reader.where + "/codes: must hold whole numbers of rank 1");
  if (H5Tget_class(type.id()) == H5T_COMPOUND) {
    open_table(wanted.empty() ? ColumnChoice{texts.names, wanted.except} : wanted, texts, type.id());
  } else {
    open_plain(wanted, texts, shape, type.id());
    if (strings.empty() && !is_group_of_codes) use_meaning(type.id(), options.raw);
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
  stored = ElementType::int32;
  element = stored;
  memory_type = H5T_NATIVE_INT32;
  row_bytes = sizeof(std::int32_t);
  if (!gaps) return;
  meaning.add_missing(-1, "no category");
  element = ElementType::float64;
}

void RowLayout::use_meaning(hid_t type, bool raw) {
  if (!raw && H5Tget_class(type) != H5T_BITFIELD) meaning = Meaning(reader.dataset, type, reader.where);
  if (!meaning.is_plain()) element = ElementType::float64;
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
  stored = number.element;
  element = stored;
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

namespace {

/// One value in each row of a table.
struct TableColumn {
  std::size_t member;
  std::size_t element;  ///< of its array
  std::string name;
};

/// "v[1][0]", or "v" for one value.
std::string element_name(const std::string& member, const Dimensions& shape, std::size_t element) {
  std::string places;
  for (std::size_t i = shape.size(); i-- > 0; element /= shape[i])
    places = "[" + std::to_string(element % shape[i]) + "]" + places;
  return member + places;
}

std::vector<TableColumn> columns_of(const std::vector<Member>& members, const Texts& texts,
                                    std::vector<std::string>& readable) {
  std::vector<TableColumn> columns;
  for (std::size_t m = 0; m < members.size(); ++m) {
    const auto elements = readable_elements(members[m].type.id());
    const bool named = elements && m < texts.elements.size() && texts.elements[m].size() == elements->count;
    for (std::size_t e = 0; e < (elements ? elements->count : 1); ++e) {
      std::string name = members[m].name;
      if (elements) name = named ? texts.elements[m][e] : element_name(members[m].name, elements->shape, e);
      if (elements) readable.push_back(name);
      columns.push_back({m, e, std::move(name)});
    }
  }
  return columns;
}

/// The name of a member that is no column's stands for all its elements.
std::vector<std::string> without_members(const std::vector<std::string>& words, const std::vector<Member>& members,
                                         const std::vector<TableColumn>& columns) {
  std::vector<std::string> expanded;
  for (const std::string& word : words) {
    const bool is_column =
        std::any_of(columns.begin(), columns.end(), [&](const TableColumn& one) { return one.name == word; });
    const std::size_t before = expanded.size();
    for (const TableColumn& one : columns)
      if (!is_column && members[one.member].name == word) expanded.push_back(one.name);
    if (expanded.size() == before) expanded.push_back(word);
  }
  return expanded;
}

/// The type of a member in memory, whose elements have another type there.
Handle memory_type_of(const Elements& elements, hid_t element, const std::string& where) {
  if (elements.shape.empty()) return require(H5Tcopy(element), where, "copy a type");
  const std::vector<hsize_t> sizes(elements.shape.begin(), elements.shape.end());
  return require(H5Tarray_create2(element, static_cast<unsigned>(sizes.size()), sizes.data()), where, "make a type");
}

}  // namespace

void RowLayout::open_table(const ColumnChoice& wanted, const Texts& texts, hid_t type) {
  const std::vector<Member> all = members(type);
  std::vector<std::string> readable;
  const std::vector<TableColumn> table = columns_of(all, texts, readable);
  if (wanted.empty()) {
    refuse(reader.where + ": is a table; choose columns, as in `columns = " + readable.front() +
           (readable.size() > 1 ? "," + readable[1] : "") + "`: its columns of numbers or strings are " +
           list_text(readable));
  }
  std::vector<std::string> table_names;
  for (const TableColumn& column : table) table_names.push_back(column.name);
  const std::vector<std::size_t> chosen =
      choose_columns({without_members(wanted.columns, all, table), without_members(wanted.except, all, table)},
                     table_names, table.size(), reader.where);
  columns = chosen.size();
  labels.resize(columns);

  // Where each member that is needed begins: a cell of numbers, or bytes of strings.
  constexpr std::size_t nowhere = static_cast<std::size_t>(-1);
  std::vector<std::size_t> begins(all.size(), nowhere);
  std::vector<std::size_t> number_members;
  std::vector<std::size_t> string_members;
  std::size_t cells = 0;
  std::size_t string_row_bytes = 0;
  for (std::size_t j = 0; j < columns; ++j) {
    const TableColumn& column = table[chosen[j]];
    const Member& member = all[column.member];
    const auto elements = readable_elements(member.type.id());
    if (!elements) {
      refuse(reader.where + ": its column '" + member.name + "' holds " + type_text(member.type.id()) +
             ", not numbers or strings in each row; its columns of numbers or strings are " + list_text(readable));
    }
    names.push_back(column.name);
    const bool text = is_string(elements->type.id());
    std::size_t& begin = begins[column.member];
    if (begin == nowhere) {
      (text ? string_members : number_members).push_back(column.member);
      begin = text ? string_row_bytes : cells;
      if (text) string_row_bytes += H5Tget_size(member.type.id());
      if (!text) cells += elements->count;
    }
    if (text) {
      const std::size_t offset = begin + column.element * H5Tget_size(elements->type.id());
      strings.add(j, offset, require(H5Tcopy(elements->type.id()), reader.where, "copy a type"));
      gather.push_back(0);
    } else {
      labels[j] = enumeration_labels(elements->type.id());
      if (!labels[j].empty()) enumerated.push_back(j);
      gather.push_back(begin + column.element);
    }
  }
  std::vector<std::size_t> in_order(cells);
  std::iota(in_order.begin(), in_order.end(), std::size_t{0});
  if (gather == in_order) gather.clear();

  row_bytes = cells * sizeof(double);
  if (cells == 0) gather.clear();
  if (cells > 0)
    own_memory_type = require(H5Tcreate(H5T_COMPOUND, row_bytes), reader.where, "make a type for its columns");
  memory_type = own_memory_type.id();
  for (const std::size_t m : number_members) {
    const Elements elements = *readable_elements(all[m].type.id());
    const bool bits = H5Tget_class(elements.type.id()) == H5T_BITFIELD;
    const NumericType number = *numeric_type(elements.type.id());
    if (bits) bit_fields.push_back({begins[m], elements.count, element_size(number.element)});
    const Handle in_memory = memory_type_of(elements, bits ? number.memory : H5T_NATIVE_DOUBLE, reader.where);
    require_status(H5Tinsert(memory_type, all[m].name.c_str(), begins[m] * sizeof(double), in_memory.id()),
                   reader.where, "choose the column '" + all[m].name + "'");
  }
  if (!strings.empty()) {
    Handle row = require(H5Tcreate(H5T_COMPOUND, string_row_bytes), reader.where, "make a type for its strings");
    for (const std::size_t m : string_members) {
      require_status(H5Tinsert(row.id(), all[m].name.c_str(), begins[m], all[m].type.id()), reader.where,
                     "choose the column '" + all[m].name + "'");
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
