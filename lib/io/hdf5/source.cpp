#include "io/hdf5/cells.hpp"
#include "io/hdf5/files.hpp"
#include "io/hdf5/location.hpp"
#include "io/hdf5/objects.hpp"
#include "io/hdf5/rehearsal.hpp"
#include "io/hdf5/storage.hpp"
#include "io/hdf5/strings.hpp"

#include <mixfam/error.hpp>
#include <mixfam/hdf5.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <functional>
#include <numeric>
#include <optional>
#include <utility>

namespace mixfam {
namespace {

using hdf5::Dimensions;
using hdf5::Handle;
using hdf5::require;
using hdf5::require_status;

[[noreturn]] void refuse(const std::string& message) { throw Error(ErrorKind::data, message); }

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
  /// Opens a data set with what is known of its texts, else reads them.
  Impl(const hdf5::Location& location, const Hdf5Options& options, std::shared_ptr<LabelCodes> codes,
       const std::optional<hdf5::Texts>& known);

  std::string where() const { return file + ":" + texts.path; }
  void read_texts(const Handle& handle, const std::string& path);
  void allow_for_external_file() const;
  void open_plain(const Hdf5Options& options, const Dimensions& shape, hid_t type);
  void open_table(const Hdf5Options& options, hid_t type);
  void open_labels(hid_t type, const std::vector<std::size_t>& chosen);
  void open_categorical_group();
  void plan_reads(hid_t creation, std::size_t read_bytes);
  void set_labels();
  void check_storage(hid_t creation) const;
  void use_names(std::size_t file_columns);
  void read_codes(std::size_t count, std::byte* target);
  void check_codes(const std::byte* target, std::size_t count) const;
  void read_rows(std::size_t count);
  void gather_columns(const std::byte* cells_read, std::size_t count, std::byte* target) const;
  void warn_about_large_integers(const std::byte* values, std::size_t count);
  void hand_back();

  Chunk next(std::size_t granularity);
  std::size_t rewind_to(std::size_t row);

  std::string file;
  hdf5::Texts texts;
  Handle dataset;
  std::size_t rows = 0;
  std::vector<std::string> names;
  std::vector<std::string> warnings;

  // One row as HDF5 delivers it.
  hdf5::CellReader reader;
  Handle own_memory_type;
  hid_t memory_type = H5I_INVALID_HID;
  std::size_t row_bytes = 0;

  // One row as it is handed out: `columns` values of `element`.
  ElementType element = ElementType::float64;
  std::size_t columns = 0;
  std::vector<std::size_t> gather;                              ///< the cell of each column, when not one after another
  std::vector<std::pair<std::size_t, std::size_t>> bit_fields;  ///< column and bytes, of a table

  hdf5::StringColumns strings;
  std::vector<std::vector<std::string>> labels;  ///< one list for each column, or empty

  std::size_t unpack_bytes = 0;  ///< what HDF5 takes for the chunks of one read
  std::size_t block_rows = 1;    ///< rows of one read, a multiple of the reader's unit
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
    return block_rows * (handed_row_bytes() + staged + strings.row_bytes()) + unpack_bytes;
  }
};

Hdf5Source::Impl::Impl(const hdf5::Location& location, const Hdf5Options& options, std::shared_ptr<LabelCodes> codes,
                       const std::optional<hdf5::Texts>& known)
    : file(location.file), strings(std::move(codes)) {
  const Handle handle = hdf5::open_file(file);
  if (known) {
    texts = *known;
  } else {
    read_texts(handle, location.path);
  }
  rehearsal::step(where());
  dataset = hdf5::open_dataset(handle, file, texts.is_group_of_codes ? texts.path + "/codes" : texts.path);
  allow_for_external_file();

  const Handle creation = require(H5Dget_create_plist(dataset.id()), where(), "read how it is stored");
  hdf5::require_filters(creation.id(), where());
  if (const auto reason = hdf5::why_not_data(dataset.id())) refuse(where() + ": " + *reason);

  const Dimensions shape = hdf5::extent(dataset.id()).value();
  const Handle type = require(H5Dget_type(dataset.id()), where(), "read its type");
  rows = shape[0];
  reader.dataset = dataset.id();
  reader.where = where();
  reader.rank = static_cast<int>(shape.size());
  if (texts.is_group_of_codes && (reader.rank != 1 || H5Tget_class(type.id()) != H5T_INTEGER))
    refuse(where() + "/codes: must hold whole numbers of rank 1");
  if (H5Tget_class(type.id()) == H5T_COMPOUND) {
    open_table(options, type.id());
  } else {
    open_plain(options, shape, type.id());
  }
  if (texts.is_group_of_codes) open_categorical_group();
  if (!known) check_storage(creation.id());
  if (auto warning = hdf5::unwritten_rows(dataset.id(), creation.id(), where()))
    warnings.push_back(*std::move(warning));
  plan_reads(creation.id(), options.read_bytes);
  if (!known && !strings.empty()) texts.labels = strings.collect(reader, rows, block_rows, names);
  set_labels();
}

/// All strings but those of the data set itself.
void Hdf5Source::Impl::read_texts(const Handle& handle, const std::string& path) {
  texts.path = path.empty() ? hdf5::only_eligible_path(handle, file) : path;
  rehearsal::step(where());
  const Handle object = hdf5::open_object(handle, file, texts.path);
  texts.is_group_of_codes = hdf5::is_categorical_group(object.id());
  if (texts.is_group_of_codes) {
    texts.categories =
        hdf5::category_texts(hdf5::open_dataset(handle, file, texts.path + "/categories"), where() + "/categories");
  } else {
    texts.names = hdf5::column_names(object.id());
  }
}

/// A link may lead into another file.
void Hdf5Source::Impl::allow_for_external_file() const {
  std::array<char, 4096> name = {};
  if (H5Fget_name(dataset.id(), name.data(), name.size()) < 0 || file == name.data()) return;
  std::error_code failure;
  const std::uintmax_t bytes = std::filesystem::file_size(name.data(), failure);
  if (!failure) rehearsal::allow_for(bytes);
}

/// AnnData: integer codes beside the categories that they count.
void Hdf5Source::Impl::open_categorical_group() {
  if (texts.categories.empty() || texts.categories.size() > hdf5::most_labels) {
    refuse(where() + ": has " + std::to_string(texts.categories.size()) + " categories (must be from 1 to " +
           std::to_string(hdf5::most_labels) + ")");
  }
  names = {texts.path.substr(texts.path.find_last_of('/') + 1)};
  labels = {texts.categories};
  element = ElementType::int32;
  memory_type = H5T_NATIVE_INT32;
  row_bytes = sizeof(std::int32_t);
}

void Hdf5Source::Impl::use_names(std::size_t file_columns) {
  names = texts.names;
  if (names.empty() || names.size() == file_columns) return;
  warnings.push_back(where() + ": its attribute names " + std::to_string(names.size()) + " columns, but it has " +
                     std::to_string(file_columns) + "; the names are not used");
  names.clear();
}

void Hdf5Source::Impl::open_plain(const Hdf5Options& options, const Dimensions& shape, hid_t type) {
  const std::size_t file_columns = shape.size() == 2 ? shape[1] : 1;
  use_names(file_columns);
  const std::vector<std::size_t> chosen = choose_columns(options.columns, names, file_columns, where());
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
  row_bytes = reader.cells * element_size(element);
}

/// A data set of strings is read as it lies, and its columns are chosen when the codes are written.
void Hdf5Source::Impl::open_labels(hid_t type, const std::vector<std::size_t>& chosen) {
  const std::size_t size = H5Tget_size(type);
  const auto copy = [&] { return require(H5Tcopy(type), where(), "make a type for its strings"); };
  strings.set_row(copy(), reader.cells * size);
  for (std::size_t j = 0; j < columns; ++j) strings.add(j, (chosen[j] - reader.first_cell) * size, copy());
  gather.clear();
  element = ElementType::int32;
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
    refuse(where() + ": is a table; choose columns, as in `columns = " + readable.front() +
           (readable.size() > 1 ? "," + readable[1] : "") + "`: its columns of numbers or strings are " +
           hdf5::list_text(readable));
  }
  const std::vector<std::size_t> chosen = choose_columns(options.columns, member_names, all.size(), where());
  columns = chosen.size();
  row_bytes = columns * sizeof(double);
  own_memory_type = require(H5Tcreate(H5T_COMPOUND, row_bytes), where(), "make a type for its columns");
  memory_type = own_memory_type.id();
  labels.resize(columns);
  std::vector<std::pair<std::size_t, std::string>> string_members;  // of a row of strings: offset and name
  std::size_t string_row_bytes = 0;
  for (std::size_t j = 0; j < columns; ++j) {
    const hdf5::Member& member = all[chosen[j]];
    if (hdf5::is_string(member.type.id())) {
      strings.add(j, string_row_bytes, require(H5Tcopy(member.type.id()), where(), "copy a type"));
      string_members.emplace_back(string_row_bytes, member.name);
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
  if (strings.count() == columns) memory_type = H5I_INVALID_HID;
  if (!strings.empty()) {
    Handle row = require(H5Tcreate(H5T_COMPOUND, string_row_bytes), where(), "make a type for its strings");
    for (std::size_t i = 0; i < string_members.size(); ++i) {
      const auto& [offset, name] = string_members[i];
      require_status(H5Tinsert(row.id(), name.c_str(), offset, strings.type(i)), where(),
                     "choose the column '" + name + "'");
    }
    strings.set_row(std::move(row), string_row_bytes);
  }
  if (strings.empty() && std::all_of(labels.begin(), labels.end(), [](const auto& list) { return list.empty(); })) {
    labels.clear();
  }
}

void Hdf5Source::Impl::plan_reads(hid_t creation, std::size_t read_bytes) {
  std::size_t most_units = rows;
  if (H5Pget_layout(creation) == H5D_CHUNKED) {
    std::array<hsize_t, H5S_MAX_RANK> chunk = {};
    require_status(H5Pget_chunk(creation, static_cast<int>(chunk.size()), chunk.data()), where(),
                   "read its chunk shape");
    reader.unit = std::clamp<std::size_t>(chunk[0], 1, rows);
    const hsize_t last_cell = reader.first_cell + reader.cells - 1;
    const std::size_t across = reader.rank == 2 ? last_cell / chunk[1] - reader.first_cell / chunk[1] + 1 : 1;
    most_units = std::max<std::size_t>(1, most_chunks_in_a_read / across);
    const std::size_t values =
        std::accumulate(chunk.begin(), chunk.begin() + reader.rank, std::size_t{1}, std::multiplies<>());
    const Handle type = require(H5Dget_type(dataset.id()), where(), "read its type");
    unpack_bytes = most_chunks_in_a_read * bytes_for_a_chunk_in_a_read;
    if (H5Pget_nfilters(creation) > 0) unpack_bytes += copies_to_unpack * values * H5Tget_size(type.id());
  }
  const std::size_t bytes = std::max(row_bytes, strings.row_bytes());
  const std::size_t fitting = std::max<std::size_t>(1, read_bytes / bytes);
  const std::size_t largest = std::max<std::size_t>(1, std::max(read_bytes, largest_aligned_read) / bytes);
  if (reader.unit > largest) {
    reader.unit = 1;
    block_rows = largest;
  } else {
    block_rows = std::max<std::size_t>(1, std::min(fitting / reader.unit, most_units)) * reader.unit;
  }
}

void Hdf5Source::Impl::check_storage(hid_t creation) const {
  const bool is_virtual = H5Pget_layout(creation) == H5D_VIRTUAL;
  const std::uint64_t stored =
      is_virtual ? hdf5::virtual_source_bytes(creation, file, where()) : H5Dget_storage_size(dataset.id());
  hdf5::require_plausible_size(dataset.id(), stored, where());
  hdf5::require_sound_chunks(dataset.id(), creation, where());
}

void Hdf5Source::Impl::set_labels() {
  if (strings.empty()) return;
  labels.resize(columns);
  std::vector<std::vector<std::string>> sorted = strings.sort(texts.labels);
  for (std::size_t i = 0; i < sorted.size(); ++i) labels[strings.column(i)] = std::move(sorted[i]);
}

/// Writes the places of labels where their columns stand: doubles in a table, else int32.
void Hdf5Source::Impl::read_codes(std::size_t count, std::byte* target) {
  const std::vector<std::uint16_t>& places = strings.read(next_unread, count);
  for (std::size_t n = 0; n < count; ++n) {
    for (std::size_t i = 0; i < strings.count(); ++i) {
      const std::uint16_t place = places[n * strings.count() + i];
      std::byte* slot = target + n * handed_row_bytes() + strings.column(i) * element_size(element);
      if (element == ElementType::float64) {
        const double code = place;
        std::memcpy(slot, &code, sizeof(code));
      } else {
        const std::int32_t code = place;
        std::memcpy(slot, &code, sizeof(code));
      }
    }
  }
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
    reader.read(next_unread, count, memory_type, cells_read);
  }
  if (!strings.empty()) read_codes(count, target);
  if (texts.is_group_of_codes) check_codes(target, count);
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
    const std::size_t whole_chunks = needed + (reader.unit - needed % reader.unit) % reader.unit;
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
  next_unread = std::min(row, rows) / reader.unit * reader.unit;
  first_kept = 0;
  kept = 0;
  handed_out = 0;
  return next_unread;
}

Hdf5Source::Hdf5Source(const std::string& location, const Hdf5Options& options) {
  const hdf5::Silence silence;
  const hdf5::Location parts = hdf5::split_location(location);
  const auto codes = std::make_shared<LabelCodes>();
  std::optional<hdf5::Texts> texts;
  if (options.rehearse) {
    texts = hdf5::unpacked(rehearse_hdf5(location, [&] {
      Impl trial(parts, options, codes, std::nullopt);
      trial.next(1);
      return hdf5::packed(trial.texts);
    }));
  }
  impl_ = std::make_unique<Impl>(parts, options, codes, texts);
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
const std::string& Hdf5Source::path() const { return impl_->texts.path; }
std::vector<std::string> Hdf5Source::files() const {
  const hdf5::Silence silence;
  return hdf5::files_of(file(), path());
}
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
