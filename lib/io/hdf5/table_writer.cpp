#include "io/hdf5/table_writer.hpp"

#include <mixfam/atomic_file.hpp>
#include <mixfam/error.hpp>

#include <algorithm>
#include <array>
#include <cstdint>

namespace mixfam::hdf5 {

namespace {

void must(herr_t status) {
  if (status < 0) throw Error(ErrorKind::write, ErrorStack::last().cause());
}

Handle made(hid_t id) {
  must(id < 0 ? -1 : 0);
  return Handle(id);
}

Handle table_type(const std::vector<WrittenColumn>& columns, std::size_t bytes) {
  Handle type = made(H5Tcreate(H5T_COMPOUND, bytes));
  std::size_t offset = 0;
  for (const WrittenColumn& column : columns) {
    must(H5Tinsert(type.id(), column.name.c_str(), offset, column.type.id()));
    offset += H5Tget_size(column.type.id());
  }
  return type;
}

void write_names(hid_t dataset, const std::vector<WrittenColumn>& columns) {
  std::size_t longest = 1;
  for (const WrittenColumn& column : columns) longest = std::max(longest, column.name.size());
  std::vector<char> cells(longest * columns.size());
  for (std::size_t j = 0; j < columns.size(); ++j)
    std::copy(columns[j].name.begin(), columns[j].name.end(), cells.begin() + static_cast<std::ptrdiff_t>(j * longest));
  const Handle type = made(H5Tcopy(H5T_C_S1));
  must(H5Tset_size(type.id(), longest));
  must(H5Tset_cset(type.id(), H5T_CSET_UTF8));
  must(H5Tset_strpad(type.id(), H5T_STR_NULLPAD));
  const hsize_t count = columns.size();
  const Handle space = made(H5Screate_simple(1, &count, nullptr));
  const Handle attribute = made(H5Acreate2(dataset, "columns", type.id(), space.id(), H5P_DEFAULT, H5P_DEFAULT));
  must(H5Awrite(attribute.id(), type.id(), cells.data()));
}

Handle created(hid_t file, const std::string& path, hid_t type, const std::vector<hsize_t>& shape) {
  const Handle space = made(H5Screate_simple(static_cast<int>(shape.size()), shape.data(), nullptr));
  const Handle links = made(H5Pcreate(H5P_LINK_CREATE));
  must(H5Pset_create_intermediate_group(links.id(), 1));
  must(H5Pset_char_encoding(links.id(), H5T_CSET_UTF8));
  const Handle creation = made(H5Pcreate(H5P_DATASET_CREATE));
  must(H5Pset_obj_track_times(creation.id(), 0));
  Handle dataset(H5Dcreate2(file, path.c_str(), type, space.id(), links.id(), creation.id(), H5P_DEFAULT));
  if (dataset) return dataset;
  const ErrorStack failure = ErrorStack::last();
  if (failure.find("object header message is too large").empty()) throw Error(ErrorKind::write, failure.cause());
  throw Error(ErrorKind::write,
              "a table of HDF5 has 64 KiB for the names and categories of its columns, which are more here; choose "
              "fewer by `columns`");
}

}  // namespace

TableWriter::TableWriter(hid_t file, const std::string& path, const std::vector<WrittenColumn>& columns,
                         std::size_t rows, bool as_table) {
  const hid_t first = columns.front().type.id();
  for (const WrittenColumn& column : columns) row_bytes_ += H5Tget_size(column.type.id());
  const bool alike = std::all_of(columns.begin(), columns.end(),
                                 [&](const WrittenColumn& column) { return H5Tequal(column.type.id(), first) > 0; });
  if (as_table || !alike) {
    type_ = table_type(columns, row_bytes_);
    dataset_ = created(file, path, type_.id(), {rows});
  } else {
    type_ = made(H5Tcopy(first));
    cells_ = columns.size();
    dataset_ = created(file, path, type_.id(), {rows, cells_});
  }
  const bool named =
      std::any_of(columns.begin(), columns.end(), [](const auto& column) { return !column.name.empty(); });
  if (named) write_names(dataset_.id(), columns);
}

void TableWriter::write(const std::byte* rows, std::size_t count) {
  const std::array<hsize_t, 2> start = {written_, 0};
  const std::array<hsize_t, 2> size = {count, cells_};
  const Handle space = made(H5Dget_space(dataset_.id()));
  const Handle memory = made(H5Screate_simple(cells_ > 0 ? 2 : 1, size.data(), nullptr));
  must(H5Sselect_hyperslab(space.id(), H5S_SELECT_SET, start.data(), nullptr, size.data(), nullptr));
  must(H5Dwrite(dataset_.id(), type_.id(), memory.id(), space.id(), H5P_DEFAULT, rows));
  written_ += count;
}

void write_file_atomically(const std::string& file, const std::function<void(hid_t)>& write) {
  const Silence silence;
  write_atomically(file, [&](const std::string& temporary) {
    try {
      const Handle access = made(H5Pcreate(H5P_FILE_ACCESS));
      // The oldest format whose attributes may be longer than 64 KiB.
      must(H5Pset_libver_bounds(access.id(), H5F_LIBVER_V18, H5F_LIBVER_V18));
      const Handle creation = made(H5Pcreate(H5P_FILE_CREATE));
      must(H5Pset_obj_track_times(creation.id(), 0));
      const Handle handle = made(H5Fcreate(temporary.c_str(), H5F_ACC_TRUNC, creation.id(), access.id()));
      write(handle.id());
      must(H5Fflush(handle.id(), H5F_SCOPE_LOCAL));
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::write) throw;
      throw Error(ErrorKind::write, "cannot write '" + file + "': " + error.what());
    }
  });
}

Handle boolean_type() {
  Handle type = made(H5Tenum_create(H5T_STD_I8LE));
  for (const std::int8_t value : {std::int8_t{0}, std::int8_t{1}})
    must(H5Tenum_insert(type.id(), value ? "TRUE" : "FALSE", &value));
  return type;
}

Handle enumeration_type(const std::vector<std::string>& labels) {
  Handle type = made(H5Tenum_create(H5T_NATIVE_INT16));
  for (std::size_t code = 0; code < labels.size(); ++code) {
    const auto value = static_cast<std::int16_t>(code);
    must(H5Tenum_insert(type.id(), labels[code].c_str(), &value));
  }
  return type;
}

}  // namespace mixfam::hdf5
