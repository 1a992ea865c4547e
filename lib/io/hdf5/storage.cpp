#include "io/hdf5/storage.hpp"

#include "io/hdf5/data_set.hpp"
#include "io/hdf5/types.hpp"

#include <mixfam/error.hpp>

#include <algorithm>
#include <array>
#include <vector>

namespace mixfam::hdf5 {
namespace {

/// gzip packs no more (zlib's technical notes); fill values, which take no room, may make up the allowance besides.
constexpr std::uint64_t greatest_packing = 1032;
constexpr std::uint64_t unwritten_allowance = std::uint64_t{16} << 20;

constexpr hsize_t most_checked_chunks = 1024;
constexpr std::uint64_t checksum_bytes = 4;  // of fletcher32

[[noreturn]] void refuse_damage(const std::string& where, const std::string& what) {
  throw Error(ErrorKind::data, where + ": " + what + ": the file is damaged; copy or download it again");
}

bool keeps_size(const Filter& filter) {
  return filter.number == H5Z_FILTER_SHUFFLE || filter.number == H5Z_FILTER_FLETCHER32;
}
/// Others may give up on a chunk that they cannot make smaller.
bool always_applies(const Filter& filter) { return !filter.optional || keeps_size(filter); }

std::vector<hsize_t> chunk_shape(hid_t creation) {
  std::array<hsize_t, H5S_MAX_RANK> shape = {};
  const int rank = H5Pget_chunk(creation, static_cast<int>(shape.size()), shape.data());
  return {shape.begin(), shape.begin() + std::max(0, rank)};
}

hsize_t written_chunks(hid_t dataset) {
  // H5S_ALL in the place of the space fails in HDF5 1.10.
  const Handle space(H5Dget_space(dataset));
  hsize_t count = 0;
  return H5Dget_num_chunks(dataset, space.id(), &count) < 0 ? 0 : count;
}

/// Whether cells lie elsewhere in the file; their type does not tell how large the references to them are.
bool has_variable_length(hid_t type) {
  if (H5Tis_variable_str(type) > 0 || H5Tget_class(type) == H5T_VLEN) return true;
  if (H5Tget_class(type) != H5T_COMPOUND) return false;
  const std::vector<Member> all = members(type);
  return std::any_of(all.begin(), all.end(), [](const Member& one) { return has_variable_length(one.type.id()); });
}

std::uint64_t element_bytes(hid_t dataset) { return H5Tget_size(Handle(H5Dget_type(dataset)).id()); }

}  // namespace

void require_plausible_size(hid_t dataset, std::uint64_t stored, const std::string& where) {
  const Dimensions shape = extent(dataset).value_or(Dimensions{});
  std::uint64_t claimed = element_bytes(dataset);
  bool too_large = false;
  for (const std::size_t n : shape) too_large = __builtin_mul_overflow(claimed, n, &claimed) || too_large;
  if (!too_large && (claimed <= unwritten_allowance || (claimed - unwritten_allowance) / greatest_packing <= stored))
    return;
  throw Error(ErrorKind::data, where + ": has the shape " + shape_text(shape) + ", but only " + std::to_string(stored) +
                                   " bytes of it are stored, and no compression packs so much into them: the file is "
                                   "damaged, or most of its rows were never written");
}

namespace {

/// The record of a chunk in the index of a data set.
struct ChunkRecord {
  std::array<hsize_t, H5S_MAX_RANK> offset = {};
  unsigned left_out = 0;  ///< filters, by bits
  hsize_t bytes = 0;

  std::string text() const { return "the chunk that begins at row " + std::to_string(offset[0]); }
};

/// Bytes that a chunk must have; nothing where it is packed. Refuses filters left out that no writer leaves out.
std::optional<std::uint64_t> needed_bytes(const ChunkRecord& record, const std::vector<Filter>& pipeline,
                                          std::uint64_t unpacked, const std::string& where) {
  bool packed = false;
  for (std::size_t f = 0; f < pipeline.size(); ++f) {
    if ((record.left_out >> f & 1) != 0) {
      if (always_applies(pipeline[f]))
        refuse_damage(where, record.text() + " is said to be stored without " + pipeline[f].name);
      continue;
    }
    packed = packed || !keeps_size(pipeline[f]);
    if (pipeline[f].number == H5Z_FILTER_FLETCHER32) unpacked += checksum_bytes;
  }
  if (record.left_out >> pipeline.size() != 0)
    refuse_damage(where, record.text() + " is said to lack filters that do not exist");
  return packed ? std::nullopt : std::optional(unpacked);
}

/// A chunk must be one of the grid, and reading must find it: where it does not, rows read as the fill value.
void require_findable(hid_t dataset, const ChunkRecord& record, const std::vector<hsize_t>& chunk,
                      const Dimensions& shape, const std::string& where) {
  bool on_grid = true;
  for (std::size_t i = 0; i < shape.size(); ++i)
    on_grid = on_grid && record.offset[i] < shape[i] && record.offset[i] % chunk[i] == 0;
  hsize_t found = 0;
  if (!on_grid || H5Dget_chunk_storage_size(dataset, record.offset.data(), &found) < 0 || found != record.bytes)
    refuse_damage(where, "a part of the index of its chunks is wrong near row " + std::to_string(record.offset[0]));
}

}  // namespace

void require_sound_chunks(hid_t dataset, hid_t creation, const std::string& where) {
  if (H5Pget_layout(creation) != H5D_CHUNKED) return;
  const std::vector<Filter> pipeline = filters(creation);
  const std::vector<hsize_t> chunk = chunk_shape(creation);
  const Dimensions shape = extent(dataset).value();
  std::uint64_t unpacked = element_bytes(dataset);
  for (const hsize_t n : chunk) unpacked *= n;
  const bool size_is_known = !has_variable_length(Handle(H5Dget_type(dataset)).id());
  const Handle space = require(H5Dget_space(dataset), where, "read its shape");
  const hsize_t count = std::min(written_chunks(dataset), most_checked_chunks);
  for (hsize_t i = 0; i < count; ++i) {
    ChunkRecord record;
    haddr_t address = 0;
    require_status(
        H5Dget_chunk_info(dataset, space.id(), i, record.offset.data(), &record.left_out, &address, &record.bytes),
        where, "read how its chunks are stored");
    const auto needed = needed_bytes(record, pipeline, unpacked, where);
    if (size_is_known && needed && *needed != record.bytes)
      refuse_damage(where, record.text() + " has " + std::to_string(record.bytes) + " bytes in the place of " +
                               std::to_string(*needed));
    require_findable(dataset, record, chunk, shape, where);
  }
}

std::optional<std::string> unwritten_rows(hid_t dataset, hid_t creation, const std::string& where) {
  const H5D_layout_t layout = H5Pget_layout(creation);
  const std::string advice = "; rows never written read as the fill value";
  if (layout == H5D_CONTIGUOUS && H5Dget_storage_size(dataset) == 0)
    return where + ": has a shape but was never written" + advice;
  if (layout != H5D_CHUNKED) return std::nullopt;
  const std::vector<hsize_t> chunk = chunk_shape(creation);
  const Dimensions shape = extent(dataset).value();
  hsize_t expected = 1;
  for (std::size_t i = 0; i < shape.size(); ++i) expected *= (shape[i] + chunk[i] - 1) / chunk[i];
  const hsize_t written = written_chunks(dataset);
  if (written >= expected) return std::nullopt;
  return where + ": only " + std::to_string(written) + " of its " + std::to_string(expected) +
         " chunks were ever written" + advice;
}

}  // namespace mixfam::hdf5
