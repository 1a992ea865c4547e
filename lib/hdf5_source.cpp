#include "hdf5_objects.hpp"

#include <mixfam/error.hpp>
#include <mixfam/hdf5.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <functional>
#include <numeric>
#include <optional>
#include <set>

namespace mixfam {
namespace {

using hdf5::Dimensions;
using hdf5::Handle;
using hdf5::require;
using hdf5::require_status;

[[noreturn]] void refuse(const std::string& message) { throw Error(ErrorKind::data, message); }

bool is_file(const std::string& name) {
  std::error_code ignored;
  return std::filesystem::exists(name, ignored) && !std::filesystem::is_directory(name, ignored);
}

struct Location {
  std::string file;
  std::string path;  ///< empty when the location names a file alone
};

/// A file name may itself hold ":/", so the split goes where the part before it is a file.
Location split_location(const std::string& location) {
  if (is_file(location)) return {location, ""};
  std::size_t split = location.rfind(":/");
  const std::size_t last = split;
  while (split != std::string::npos && split > 0) {
    if (is_file(location.substr(0, split))) return {location.substr(0, split), location.substr(split + 1)};
    split = location.rfind(":/", split - 1);
  }
  const std::size_t colon = location.rfind(':');
  if (colon != std::string::npos && is_file(location.substr(0, colon))) {
    const std::string file = location.substr(0, colon);
    refuse("cannot read '" + location + "': a path within a file begins with '/': write " + file + ":/" +
           location.substr(colon + 1));
  }
  if (last == std::string::npos || last == 0) return {location, ""};
  return {location.substr(0, last), location.substr(last + 1)};
}

/// The one data set of a file that can be read as data.
std::string only_eligible_path(const Handle& file, const std::string& file_name) {
  std::vector<std::string> eligible;
  std::vector<std::string> eligible_texts;
  std::vector<std::string> other_texts;
  for (const Hdf5Object& object : hdf5::list_objects(file, file_name)) {
    if (object.kind == "group") continue;
    const std::string shape = object.kind == "data set" ? hdf5::shape_text(object.shape) + ", " : object.kind + " ";
    const std::string text = object.path + " (" + shape + object.type + ")";
    if (object.eligible) eligible.push_back(object.path);
    (object.eligible ? eligible_texts : other_texts).push_back(text);
  }
  if (eligible.size() == 1) return eligible.front();
  if (eligible.empty()) {
    refuse("'" + file_name + "' holds no data set of numbers with rank 1 or 2 and at least one row; it holds " +
           (other_texts.empty() ? "no data sets at all" : hdf5::list_text(other_texts)));
  }
  refuse("'" + file_name + "' holds " + std::to_string(eligible.size()) + " data sets; name one, as in " + file_name +
         ":" + eligible.front() + ": " + hdf5::list_text(eligible_texts));
}

void require_filters(hid_t creation, const std::string& where) {
  for (int i = 0; i < H5Pget_nfilters(creation); ++i) {
    unsigned flags = 0;
    unsigned config = 0;
    std::size_t values = 0;
    const H5Z_filter_t filter =
        H5Pget_filter2(creation, static_cast<unsigned>(i), &flags, &values, nullptr, 0, nullptr, &config);
    if (H5Zfilter_avail(filter) > 0) continue;
    refuse(where + ": is compressed with '" + hdf5::filter_text(creation, i) + "' (filter " + std::to_string(filter) +
           "), for which this HDF5 library has no plug-in; point HDF5_PLUGIN_PATH to one, or where the file can be "
           "read, rewrite it with: h5repack -f GZIP=4 in.h5 out.h5");
  }
}

std::vector<std::string> virtual_source_candidates(const std::string& source, const std::string& file) {
  if (source == ".") return {file};
  const std::filesystem::path folder = std::filesystem::path(file).parent_path();
  const std::filesystem::path name(source);
  std::vector<std::string> candidates = {(folder / name).string(), source, (folder / name.filename()).string()};
  if (const char* prefix = std::getenv("HDF5_VDS_PREFIX")) {
    candidates.insert(candidates.begin(), (std::filesystem::path(prefix) / name).string());
  }
  return candidates;
}

/// HDF5 fills the rows of a missing source with the fill value and says nothing.
void require_virtual_sources(hid_t creation, const std::string& file, const std::string& where) {
  const auto text = [&](auto function, std::size_t index) {
    const ssize_t length = function(creation, index, nullptr, std::size_t{0});
    std::string value(static_cast<std::size_t>(std::max<ssize_t>(0, length)) + 1, '\0');
    function(creation, index, value.data(), value.size());
    value.pop_back();
    return value;
  };
  std::size_t count = 0;
  require_status(H5Pget_virtual_count(creation, &count), where, "read the parts of the virtual data set");
  std::set<std::pair<std::string, std::string>> parts;
  for (std::size_t i = 0; i < count; ++i) {
    parts.emplace(text(H5Pget_virtual_filename, i), text(H5Pget_virtual_dsetname, i));
  }
  for (const auto& [source, path] : parts) {
    // "%b" stands for block numbers: a series of files that ends where the next is missing.
    if (source.find("%b") != std::string::npos || path.find("%b") != std::string::npos) continue;
    const std::vector<std::string> candidates = virtual_source_candidates(source, file);
    const auto found = std::find_if(candidates.begin(), candidates.end(), is_file);
    if (found == candidates.end()) {
      refuse(where + ": is a virtual data set, and its part '" + source + "' is missing");
    }
    try {
      hdf5::open_dataset(hdf5::open_file(*found), *found, path[0] == '/' ? path : "/" + path);
    } catch (const Error& error) {
      refuse(where + ": is a virtual data set, and one of its parts is not there: " + error.what());
    }
  }
}

/// Numbers of the chosen columns; all when nothing is chosen.
std::vector<std::size_t> choose_columns(const std::vector<std::string>& wanted, const std::vector<std::string>& names,
                                        std::size_t count, const std::string& where) {
  std::vector<std::size_t> chosen;
  if (wanted.empty()) {
    hdf5::require_memory(count, sizeof(double), where + ": one row");
    chosen.resize(count);
    std::iota(chosen.begin(), chosen.end(), std::size_t{0});
    return chosen;
  }
  const std::string known = names.empty() ? "its columns are numbered 0 to " + std::to_string(count - 1)
                                          : "its columns are " + hdf5::list_text(names);
  for (const std::string& name : wanted) {
    const auto found = std::find(names.begin(), names.end(), name);
    std::size_t index = static_cast<std::size_t>(found - names.begin());
    if (found == names.end()) {
      const auto [end, failure] = std::from_chars(name.data(), name.data() + name.size(), index);
      if (failure != std::errc() || end != name.data() + name.size() || index >= count) {
        refuse(where + ": has no column '" + name + "'; " + known);
      }
    } else if (std::find(found + 1, names.end(), name) != names.end()) {
      refuse(where + ": has several columns '" + name + "'; choose by number, from 0");
    }
    if (std::find(chosen.begin(), chosen.end(), index) != chosen.end()) {
      refuse(where + ": the column '" + name + "' is chosen twice");
    }
    chosen.push_back(index);
  }
  return chosen;
}

template <class T>
bool beyond_exact(const std::byte* bytes, std::size_t count) {
  constexpr T limit = T{1} << 53;
  const T* values = reinterpret_cast<const T*>(bytes);
  return std::any_of(values, values + count, [](T value) {
    if constexpr (std::is_signed_v<T>) {
      return value >= limit || value <= -limit;
    } else {
      return value >= limit;
    }
  });
}

/// Bit fields have no conversion to numbers in HDF5: they are read as bits into the slot of the double they become.
void bits_to_double(std::byte* slot, std::size_t size) {
  std::uint64_t bits = 0;
  std::memcpy(&bits, slot, size);
  const double value = static_cast<double>(bits);
  std::memcpy(slot, &value, sizeof(value));
}

/// Chunks taller than this are read in parts, although each part unpacks the whole chunk.
constexpr std::size_t largest_aligned_read = std::size_t{256} << 20;

/// HDF5 takes some 6 kB for each chunk that a read touches.
constexpr std::size_t bytes_for_a_chunk_in_a_read = 6 << 10;
constexpr std::size_t most_chunks_in_a_read = 1024;

/// To unpack a chunk HDF5 holds it packed and unpacked, and the unpacked one grows by doubling.
constexpr std::size_t copies_to_unpack = 3;

}  // namespace

/// Rows are read in multiples of the chunks of the file, so that each chunk is unpacked once, whatever the size of the
/// chunk cache; rows beyond the last multiple of the caller's granularity stay for the next call.
struct Hdf5Source::Impl {
  Impl(const std::string& location, const Hdf5Options& options);

  std::string where() const { return file + ":" + path; }
  void open_plain(const Hdf5Options& options, const Dimensions& shape, hid_t type);
  void open_table(const Hdf5Options& options, hid_t type);
  void open_labels(hid_t type, const std::vector<std::size_t>& chosen);
  void open_categorical_group(const Handle& handle);
  void plan_reads(hid_t creation, std::size_t read_bytes);
  void collect_labels();
  void warn_about_unwritten(hid_t creation);
  void read_names(std::size_t file_columns);

  /// Why the rows could not be read, if so.
  std::optional<std::string> read_cells(std::size_t first, std::size_t count, hid_t type, std::byte* target);
  [[noreturn]] void throw_unreadable(std::size_t first, std::size_t count, hid_t type, std::string cause,
                                     std::byte* scratch);
  template <class Visit>
  void visit_strings(std::size_t first, std::size_t count, Visit visit);
  void reclaim_strings(std::size_t count);
  void read_codes(std::size_t count, std::byte* target);
  void check_codes(const std::byte* target, std::size_t count) const;
  void read_rows(std::size_t count);
  void gather_columns(const std::byte* cells_read, std::size_t count, std::byte* target) const;
  void warn_about_large_integers(const std::byte* values, std::size_t count);
  void hand_back();

  Chunk next(std::size_t granularity);
  std::size_t rewind_to(std::size_t row);

  std::string file;
  std::string path;
  Handle dataset;
  std::size_t rows = 0;
  std::vector<std::string> names;
  std::vector<std::string> warnings;

  // One row as HDF5 delivers it: `cells` neighbouring values of a row (or one record of a table) from `first_cell`.
  int rank = 1;
  hsize_t first_cell = 0;
  hsize_t cells = 1;
  Handle own_memory_type;
  hid_t memory_type = H5I_INVALID_HID;
  std::size_t row_bytes = 0;

  // One row as it is handed out: `columns` values of `element`.
  ElementType element = ElementType::float64;
  std::size_t columns = 0;
  std::vector<std::size_t> gather;                              ///< the cell of each column, when not one after another
  std::vector<std::pair<std::size_t, std::size_t>> bit_fields;  ///< column and bytes, of a table

  // Strings, which become the places of their labels. A row of them as HDF5 delivers it is `string_row_bytes` long.
  struct StringColumn {
    std::size_t column;
    std::size_t offset;
    Handle type;
  };
  std::vector<StringColumn> string_columns;
  Handle string_type;  ///< of a cell, or of a record of string members
  std::size_t string_row_bytes = 0;
  std::vector<std::byte> string_cells;
  std::vector<std::vector<std::string>> labels;  ///< one list for each column, or empty
  bool is_group_of_codes = false;                ///< int32 codes, where -1 stands for a missing value

  std::size_t unit = 1;          ///< rows of a chunk of the file
  std::size_t unpack_bytes = 0;  ///< what HDF5 takes for the chunks of one read
  std::size_t block_rows = 1;    ///< rows of one read, a multiple of `unit`
  bool large_integers_seen = false;

  std::size_t next_unread = 0;
  std::size_t first_kept = 0;  ///< within the buffer
  std::size_t kept = 0;        ///< rows read and not handed back
  std::size_t handed_out = 0;  ///< rows that the caller has since the last call
  std::vector<std::byte> buffer;
  std::vector<std::byte> staging;

  std::size_t handed_row_bytes() const { return columns * element_size(element); }
  std::size_t reading_bytes() const {
    const std::size_t staged = gather.empty() ? 0 : row_bytes;
    return block_rows * (handed_row_bytes() + staged + string_row_bytes) + unpack_bytes;
  }
};

Hdf5Source::Impl::Impl(const std::string& location, const Hdf5Options& options) {
  const Location parts = split_location(location);
  file = parts.file;
  const Handle handle = hdf5::open_file(file);
  path = parts.path.empty() ? only_eligible_path(handle, file) : parts.path;
  is_group_of_codes = hdf5::is_categorical_group(hdf5::open_object(handle, file, path).id());
  dataset = hdf5::open_dataset(handle, file, is_group_of_codes ? path + "/codes" : path);

  const Handle creation = require(H5Dget_create_plist(dataset.id()), where(), "read how it is stored");
  require_filters(creation.id(), where());
  if (H5Pget_layout(creation.id()) == H5D_VIRTUAL) require_virtual_sources(creation.id(), file, where());
  if (const auto reason = hdf5::why_not_data(dataset.id())) refuse(where() + ": " + *reason);

  const Dimensions shape = hdf5::extent(dataset.id()).value();
  const Handle type = require(H5Dget_type(dataset.id()), where(), "read its type");
  rows = shape[0];
  rank = static_cast<int>(shape.size());
  if (H5Tget_class(type.id()) == H5T_COMPOUND) {
    open_table(options, type.id());
  } else {
    open_plain(options, shape, type.id());
  }
  if (is_group_of_codes) open_categorical_group(handle);
  plan_reads(creation.id(), options.read_bytes);
  warn_about_unwritten(creation.id());
  collect_labels();
}

/// AnnData: integer codes beside the categories that they count.
void Hdf5Source::Impl::open_categorical_group(const Handle& handle) {
  const Handle type = require(H5Dget_type(dataset.id()), where(), "read the type of its codes");
  if (rank != 1 || H5Tget_class(type.id()) != H5T_INTEGER)
    refuse(where() + "/codes: must hold whole numbers of rank 1");
  const Handle categories = hdf5::open_dataset(handle, file, path + "/categories");
  std::vector<std::string> texts;
  if (auto strings = hdf5::read_strings(categories.id())) {
    texts = *std::move(strings);
  } else {
    const Dimensions shape = hdf5::extent(categories.id()).value_or(Dimensions{});
    const Handle number = require(H5Dget_type(categories.id()), where(), "read the type of its categories");
    if (shape.size() != 1 || shape[0] > hdf5::most_labels || !hdf5::numeric_type(number.id())) {
      refuse(where() + "/categories: must hold strings or numbers of rank 1, " + std::to_string(hdf5::most_labels) +
             " at most");
    }
    std::vector<double> numbers(shape[0]);
    require_status(H5Dread(categories.id(), H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, numbers.data()), where(),
                   "read its categories");
    for (const double value : numbers) {
      std::array<char, 32> text = {};
      std::snprintf(text.data(), text.size(), "%.17g", value);
      texts.emplace_back(text.data());
    }
  }
  if (texts.empty() || texts.size() > hdf5::most_labels) {
    refuse(where() + ": has " + std::to_string(texts.size()) + " categories (must be from 1 to " +
           std::to_string(hdf5::most_labels) + ")");
  }
  names = {path.substr(path.find_last_of('/') + 1)};
  labels = {std::move(texts)};
  element = ElementType::int32;
  memory_type = H5T_NATIVE_INT32;
  row_bytes = sizeof(std::int32_t);
}

void Hdf5Source::Impl::read_names(std::size_t file_columns) {
  names = hdf5::column_names(dataset.id());
  if (names.empty() || names.size() == file_columns) return;
  warnings.push_back(where() + ": its attribute names " + std::to_string(names.size()) + " columns, but it has " +
                     std::to_string(file_columns) + "; the names are not used");
  names.clear();
}

void Hdf5Source::Impl::open_plain(const Hdf5Options& options, const Dimensions& shape, hid_t type) {
  const std::size_t file_columns = shape.size() == 2 ? shape[1] : 1;
  read_names(file_columns);
  const std::vector<std::size_t> chosen = choose_columns(options.columns, names, file_columns, where());
  const auto [lowest, highest] = std::minmax_element(chosen.begin(), chosen.end());
  first_cell = *lowest;
  cells = *highest - *lowest + 1;
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

  if (hdf5::is_string(type)) {
    open_labels(type, chosen);
    return;
  }
  if (auto names_of_values = hdf5::enumeration_labels(type); !names_of_values.empty()) {
    labels.assign(columns, std::move(names_of_values));
  }
  const hdf5::NumericType number = hdf5::numeric_type(type).value();
  element = number.element;
  memory_type = number.memory;
  row_bytes = cells * element_size(element);
}

/// A data set of strings is read as it lies, and its columns are chosen when the codes are written.
void Hdf5Source::Impl::open_labels(hid_t type, const std::vector<std::size_t>& chosen) {
  const std::size_t size = H5Tget_size(type);
  string_type = require(H5Tcopy(type), where(), "make a type for its strings");
  for (std::size_t j = 0; j < columns; ++j) {
    string_columns.push_back(
        {j, (chosen[j] - first_cell) * size, require(H5Tcopy(type), where(), "make a type for its strings")});
  }
  gather.clear();
  element = ElementType::int32;
  string_row_bytes = cells * size;
}

void Hdf5Source::Impl::open_table(const Hdf5Options& options, hid_t type) {
  const std::vector<hdf5::Member> all = hdf5::members(type);
  std::vector<std::string> member_names;
  std::vector<std::string> readable;
  for (const hdf5::Member& member : all) {
    member_names.push_back(member.name);
    if (hdf5::numeric_type(member.type.id()) || hdf5::is_string(member.type.id())) readable.push_back(member.name);
  }
  if (options.columns.empty()) {
    refuse(where() + ": is a table; choose columns, as in --columns " + readable.front() +
           (readable.size() > 1 ? "," + readable[1] : "") + ": its columns of numbers or strings are " +
           hdf5::list_text(readable));
  }
  const std::vector<std::size_t> chosen = choose_columns(options.columns, member_names, all.size(), where());
  columns = chosen.size();
  row_bytes = columns * sizeof(double);
  own_memory_type = require(H5Tcreate(H5T_COMPOUND, row_bytes), where(), "make a type for its columns");
  memory_type = own_memory_type.id();
  labels.resize(columns);
  for (std::size_t j = 0; j < columns; ++j) {
    const hdf5::Member& member = all[chosen[j]];
    if (hdf5::is_string(member.type.id())) {
      string_columns.push_back({j, string_row_bytes, require(H5Tcopy(member.type.id()), where(), "copy a type")});
      string_row_bytes += H5Tget_size(member.type.id());
      names.push_back(member.name);
      continue;
    }
    const auto number = hdf5::numeric_type(member.type.id());
    if (!number) {
      refuse(where() + ": its column '" + member.name + "' holds " + hdf5::type_text(member.type.id()) +
             ", not a number or string in each row; its columns of numbers or strings are " +
             hdf5::list_text(readable));
    }
    labels[j] = hdf5::enumeration_labels(member.type.id());
    const bool bits = H5Tget_class(member.type.id()) == H5T_BITFIELD;
    if (bits) bit_fields.emplace_back(j, element_size(number->element));
    require_status(
        H5Tinsert(memory_type, member.name.c_str(), j * sizeof(double), bits ? number->memory : H5T_NATIVE_DOUBLE),
        where(), "choose the column '" + member.name + "'");
    names.push_back(member.name);
  }
  if (string_columns.size() == columns) memory_type = H5I_INVALID_HID;
  if (!string_columns.empty()) {
    string_type = require(H5Tcreate(H5T_COMPOUND, string_row_bytes), where(), "make a type for its strings");
    for (const StringColumn& one : string_columns) {
      require_status(H5Tinsert(string_type.id(), names[one.column].c_str(), one.offset, one.type.id()), where(),
                     "choose the column '" + names[one.column] + "'");
    }
  }
  if (string_columns.empty() &&
      std::all_of(labels.begin(), labels.end(), [](const auto& list) { return list.empty(); })) {
    labels.clear();
  }
}

void Hdf5Source::Impl::plan_reads(hid_t creation, std::size_t read_bytes) {
  std::size_t most_units = rows;
  if (H5Pget_layout(creation) == H5D_CHUNKED) {
    std::array<hsize_t, H5S_MAX_RANK> chunk = {};
    require_status(H5Pget_chunk(creation, static_cast<int>(chunk.size()), chunk.data()), where(),
                   "read its chunk shape");
    unit = std::clamp<std::size_t>(chunk[0], 1, rows);
    const std::size_t across = rank == 2 ? (first_cell + cells - 1) / chunk[1] - first_cell / chunk[1] + 1 : 1;
    most_units = std::max<std::size_t>(1, most_chunks_in_a_read / across);
    const std::size_t values =
        std::accumulate(chunk.begin(), chunk.begin() + rank, std::size_t{1}, std::multiplies<>());
    const Handle type = require(H5Dget_type(dataset.id()), where(), "read its type");
    unpack_bytes = most_chunks_in_a_read * bytes_for_a_chunk_in_a_read;
    if (H5Pget_nfilters(creation) > 0) unpack_bytes += copies_to_unpack * values * H5Tget_size(type.id());
  }
  const std::size_t bytes = std::max(row_bytes, string_row_bytes);
  const std::size_t fitting = std::max<std::size_t>(1, read_bytes / bytes);
  const std::size_t largest = std::max<std::size_t>(1, std::max(read_bytes, largest_aligned_read) / bytes);
  if (unit > largest) {
    unit = 1;
    block_rows = largest;
  } else {
    block_rows = std::max<std::size_t>(1, std::min(fitting / unit, most_units)) * unit;
  }
}

void Hdf5Source::Impl::warn_about_unwritten(hid_t creation) {
  const H5D_layout_t layout = H5Pget_layout(creation);
  const std::string advice = "; rows never written read as the fill value";
  if (layout == H5D_CONTIGUOUS && H5Dget_storage_size(dataset.id()) == 0) {
    warnings.push_back(where() + ": has a shape but was never written" + advice);
    return;
  }
  if (layout != H5D_CHUNKED) return;
  std::array<hsize_t, H5S_MAX_RANK> chunk = {};
  H5Pget_chunk(creation, static_cast<int>(chunk.size()), chunk.data());
  const Dimensions shape = hdf5::extent(dataset.id()).value();
  hsize_t expected = 1;
  for (std::size_t i = 0; i < shape.size(); ++i) expected *= (shape[i] + chunk[i] - 1) / chunk[i];
  // H5S_ALL in its place fails in HDF5 1.10.
  const Handle space(H5Dget_space(dataset.id()));
  hsize_t written = 0;
  if (H5Dget_num_chunks(dataset.id(), space.id(), &written) < 0 || written >= expected) return;
  warnings.push_back(where() + ": only " + std::to_string(written) + " of its " + std::to_string(expected) +
                     " chunks were ever written" + advice);
}

std::optional<std::string> Hdf5Source::Impl::read_cells(std::size_t first, std::size_t count, hid_t type,
                                                        std::byte* target) {
  const std::array<hsize_t, 2> start = {first, first_cell};
  const std::array<hsize_t, 2> size = {count, cells};
  const Handle space = require(H5Dget_space(dataset.id()), where(), "read its shape");
  const Handle memory = require(H5Screate_simple(rank, size.data(), nullptr), where(), "describe rows in memory");
  require_status(H5Sselect_hyperslab(space.id(), H5S_SELECT_SET, start.data(), nullptr, size.data(), nullptr), where(),
                 "choose rows");
  if (H5Dread(dataset.id(), type, memory.id(), space.id(), H5P_DEFAULT, target) >= 0) return std::nullopt;
  return hdf5::ErrorStack::last().cause();
}

/// Reads chunk by chunk to name the rows that are lost.
void Hdf5Source::Impl::throw_unreadable(std::size_t first, std::size_t count, hid_t type, std::string cause,
                                        std::byte* scratch) {
  std::size_t bad = first;
  std::size_t bad_rows = count;
  for (std::size_t row = first; row < first + count; row += unit) {
    const std::size_t part = std::min(unit, first + count - row);
    if (auto failure = read_cells(row, part, type, scratch)) {
      bad = row;
      bad_rows = part;
      cause = *std::move(failure);
      break;
    }
  }
  refuse(where() + ": cannot read rows " + std::to_string(bad) + " to " + std::to_string(bad + bad_rows - 1) +
         " (from 0): " + cause);
}

/// Calls visit(row, which of string_columns, text) for each string of some rows.
template <class Visit>
void Hdf5Source::Impl::visit_strings(std::size_t first, std::size_t count, Visit visit) {
  hdf5::require_memory(count, string_row_bytes, where());
  string_cells.assign(count * string_row_bytes, std::byte{0});
  if (auto cause = read_cells(first, count, string_type.id(), string_cells.data())) {
    throw_unreadable(first, count, string_type.id(), *std::move(cause), string_cells.data());
  }
  for (std::size_t n = 0; n < count; ++n) {
    for (std::size_t i = 0; i < string_columns.size(); ++i) {
      const StringColumn& one = string_columns[i];
      visit(first + n, i, hdf5::string_at(string_cells.data() + n * string_row_bytes + one.offset, one.type.id()));
    }
  }
  reclaim_strings(count);
}

/// Strings of variable length lie in memory of their own.
void Hdf5Source::Impl::reclaim_strings(std::size_t count) {
  const bool any_variable = std::any_of(string_columns.begin(), string_columns.end(),
                                        [](const StringColumn& one) { return H5Tis_variable_str(one.type.id()) > 0; });
  if (!any_variable) return;
  const std::array<hsize_t, 2> size = {count, cells};
  const Handle memory = require(H5Screate_simple(rank, size.data(), nullptr), where(), "describe rows in memory");
  H5Dvlen_reclaim(string_type.id(), memory.id(), H5P_DEFAULT, string_cells.data());
}

/// The labels of string columns, in sorted order, by one pass.
void Hdf5Source::Impl::collect_labels() {
  if (string_columns.empty()) return;
  std::vector<std::set<std::string>> distinct(string_columns.size());
  std::optional<std::pair<std::size_t, std::size_t>> one_too_many;  // row and column
  for (std::size_t row = 0; row < rows && !one_too_many; row += block_rows) {
    visit_strings(row, std::min(block_rows, rows - row), [&](std::size_t n, std::size_t i, std::string text) {
      if (one_too_many) return;
      distinct[i].insert(std::move(text));
      if (distinct[i].size() > hdf5::most_labels) one_too_many = {n, string_columns[i].column};
    });
  }
  if (one_too_many) {
    const auto [row, column] = *one_too_many;
    refuse(where() + ": row " + std::to_string(row) + " of column " + std::to_string(column) +
           (column < names.size() ? " ('" + names[column] + "')" : "") + " is one more than " +
           std::to_string(hdf5::most_labels) +
           " distinct strings, the most that can be categories; choose other columns");
  }
  labels.resize(columns);
  for (std::size_t i = 0; i < string_columns.size(); ++i) {
    labels[string_columns[i].column].assign(distinct[i].begin(), distinct[i].end());
  }
}

/// Writes the places of labels where their columns stand: doubles in a table, else int32.
void Hdf5Source::Impl::read_codes(std::size_t count, std::byte* target) {
  bool changed = false;
  const std::size_t first = next_unread;
  visit_strings(first, count, [&](std::size_t row, std::size_t i, const std::string& text) {
    const std::size_t column = string_columns[i].column;
    const auto found = std::lower_bound(labels[column].begin(), labels[column].end(), text);
    changed = changed || found == labels[column].end() || *found != text;
    const auto place = found - labels[column].begin();
    std::byte* slot = target + (row - first) * handed_row_bytes() + column * element_size(element);
    if (element == ElementType::float64) {
      const double code = static_cast<double>(place);
      std::memcpy(slot, &code, sizeof(code));
    } else {
      const auto code = static_cast<std::int32_t>(place);
      std::memcpy(slot, &code, sizeof(code));
    }
  });
  if (changed) refuse(where() + ": has other strings than when it was opened; another program writes to it");
}

void Hdf5Source::Impl::check_codes(const std::byte* target, std::size_t count) const {
  const auto* codes = reinterpret_cast<const std::int32_t*>(target);
  for (std::size_t n = 0; n < count; ++n) {
    if (codes[n] >= 0 && static_cast<std::size_t>(codes[n]) < labels[0].size()) continue;
    const std::string row = where() + ": row " + std::to_string(next_unread + n) + " (from 0) ";
    if (codes[n] == -1) refuse(row + "has no category (its code is -1, a missing value); leave such rows out");
    refuse(row + "has the code " + std::to_string(codes[n]) + ", but there are " + std::to_string(labels[0].size()) +
           " categories");
  }
}

void Hdf5Source::Impl::warn_about_large_integers(const std::byte* values, std::size_t count) {
  if (large_integers_seen) return;
  if (element == ElementType::int64) {
    large_integers_seen = beyond_exact<std::int64_t>(values, count);
  } else if (element == ElementType::uint64) {
    large_integers_seen = beyond_exact<std::uint64_t>(values, count);
  }
  if (large_integers_seen) {
    warnings.push_back(where() +
                       ": has integers of 2^53 = 9007199254740992 or beyond, whose last digits are lost in "
                       "double precision");
  }
}

void Hdf5Source::Impl::gather_columns(const std::byte* cells_read, std::size_t count, std::byte* target) const {
  const std::size_t size = element_size(element);
  for (std::size_t n = 0; n < count; ++n) {
    for (const std::size_t cell : gather) {
      std::memcpy(target, cells_read + n * row_bytes + cell * size, size);
      target += size;
    }
  }
}

/// Appends the next rows of the file to those that are kept.
void Hdf5Source::Impl::read_rows(std::size_t count) {
  const std::size_t handed = handed_row_bytes();
  hdf5::require_memory(kept + count, handed + (gather.empty() ? 0 : row_bytes), where());
  if (kept > 0) std::memmove(buffer.data(), buffer.data() + first_kept * handed, kept * handed);
  first_kept = 0;
  buffer.resize((kept + count) * handed);
  std::byte* const target = buffer.data() + kept * handed;
  if (!gather.empty()) staging.resize(count * row_bytes);
  std::byte* const cells_read = gather.empty() ? target : staging.data();

  if (memory_type != H5I_INVALID_HID) {
    if (auto cause = read_cells(next_unread, count, memory_type, cells_read)) {
      throw_unreadable(next_unread, count, memory_type, *std::move(cause), cells_read);
    }
  }
  if (!string_columns.empty()) read_codes(count, target);
  if (is_group_of_codes) check_codes(target, count);
  if (!gather.empty()) gather_columns(cells_read, count, target);
  for (const auto& [column, size] : bit_fields) {
    for (std::size_t n = 0; n < count; ++n) bits_to_double(target + n * handed + column * sizeof(double), size);
  }
  warn_about_large_integers(target, count * columns);
  next_unread += count;
  kept += count;
}

Chunk Hdf5Source::Impl::next(std::size_t granularity) {
  granularity = std::max<std::size_t>(granularity, 1);
  hand_back();
  if (kept < granularity && next_unread < rows) {
    const std::size_t needed = std::max(block_rows, granularity - kept);
    const std::size_t whole_chunks = needed + (unit - needed % unit) % unit;
    read_rows(std::min(whole_chunks, rows - next_unread));
  }
  Chunk chunk;
  chunk.data = buffer.data() + first_kept * handed_row_bytes();
  chunk.type = element;
  chunk.first_row = next_unread - kept;
  chunk.rows = next_unread < rows ? kept - kept % granularity : kept;
  chunk.row_stride = static_cast<std::ptrdiff_t>(columns);
  handed_out = chunk.rows;
  return chunk;
}

void Hdf5Source::Impl::hand_back() {
  first_kept += handed_out;
  kept -= handed_out;
  handed_out = 0;
}

/// Reading begins with a whole chunk of the file.
std::size_t Hdf5Source::Impl::rewind_to(std::size_t row) {
  next_unread = std::min(row, rows) / unit * unit;
  first_kept = 0;
  kept = 0;
  handed_out = 0;
  return next_unread;
}

Hdf5Source::Hdf5Source(const std::string& location, const Hdf5Options& options) {
  const hdf5::Silence silence;
  impl_ = std::make_unique<Impl>(location, options);
}

Hdf5Source::~Hdf5Source() = default;
Hdf5Source::Hdf5Source(Hdf5Source&&) noexcept = default;
Hdf5Source& Hdf5Source::operator=(Hdf5Source&&) noexcept = default;

std::size_t Hdf5Source::rows() const { return impl_->rows; }
std::size_t Hdf5Source::columns() const { return impl_->columns; }
const std::vector<std::string>& Hdf5Source::column_names() const { return impl_->names; }
const std::vector<std::vector<std::string>>& Hdf5Source::category_labels() const { return impl_->labels; }
std::string Hdf5Source::name() const { return impl_->where(); }
const std::string& Hdf5Source::file() const { return impl_->file; }
const std::string& Hdf5Source::path() const { return impl_->path; }
const std::vector<std::string>& Hdf5Source::warnings() const { return impl_->warnings; }

std::size_t Hdf5Source::row_bytes() const { return impl_->handed_row_bytes(); }
std::size_t Hdf5Source::reading_bytes() const { return impl_->reading_bytes(); }

void Hdf5Source::rewind() { impl_->rewind_to(0); }

std::size_t Hdf5Source::rewind_to(std::size_t row) { return impl_->rewind_to(row); }

Chunk Hdf5Source::next(std::size_t granularity) {
  const hdf5::Silence silence;
  return impl_->next(granularity);
}

}  // namespace mixfam
