#include "io/model_file/image.hpp"

#include "io/checksum_block.hpp"

#include <mixfam/error.hpp>

#include <algorithm>

namespace mixfam::model_file {

using hdf5::Dimensions;
using hdf5::Handle;

namespace {

void must(herr_t status) {
  if (status < 0) throw Error(ErrorKind::write, hdf5::ErrorStack::last().cause());
}

Handle made(hid_t id) {
  must(id < 0 ? -1 : 0);
  return Handle(id);
}

Handle string_type(std::size_t size) {
  Handle type = made(H5Tcopy(H5T_C_S1));
  must(H5Tset_size(type.id(), size));
  must(H5Tset_cset(type.id(), H5T_CSET_UTF8));
  must(H5Tset_strpad(type.id(), H5T_STR_NULLPAD));
  return type;
}

}  // namespace

Image::Image() {
  const Handle access = made(H5Pcreate(H5P_FILE_ACCESS));
  must(H5Pset_fapl_core(access.id(), std::size_t{1} << 20, /*backing_store=*/0));
  must(H5Pset_libver_bounds(access.id(), H5F_LIBVER_EARLIEST, H5F_LIBVER_V18));
  const Handle creation = made(H5Pcreate(H5P_FILE_CREATE));
  // Times of change would make the bytes of equal models differ.
  must(H5Pset_obj_track_times(creation.id(), 0));
  file_ = made(H5Fcreate("model", H5F_ACC_TRUNC, creation.id(), access.id()));
  link_creation_ = made(H5Pcreate(H5P_LINK_CREATE));
  must(H5Pset_create_intermediate_group(link_creation_.id(), 1));
  must(H5Pset_char_encoding(link_creation_.id(), H5T_CSET_UTF8));
  dataset_creation_ = made(H5Pcreate(H5P_DATASET_CREATE));
  must(H5Pset_obj_track_times(dataset_creation_.id(), 0));
}

void Image::attribute(const std::string& name, std::int64_t value) {
  attribute(name, H5T_STD_I64LE, H5T_NATIVE_INT64, &value);
}

void Image::attribute(const std::string& name, std::uint64_t value) {
  attribute(name, H5T_STD_U64LE, H5T_NATIVE_UINT64, &value);
}

void Image::attribute(const std::string& name, const std::string& text) {
  const Handle type = string_type(H5T_VARIABLE);
  const char* const start = text.c_str();
  attribute(name, type.id(), type.id(), &start);
}

void Image::doubles(const std::string& path, const Dimensions& shape, const double* values) {
  dataset(path, shape, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, values);
}

void Image::integers(const std::string& path, const std::vector<std::uint64_t>& values) {
  dataset(path, {values.size()}, H5T_STD_U64LE, H5T_NATIVE_UINT64, values.data());
}

void Image::strings(const std::string& path, const std::vector<std::string>& texts) {
  std::size_t longest = 1;
  for (const std::string& text : texts) longest = std::max(longest, text.size());
  std::vector<char> bytes(longest * texts.size(), '\0');
  for (std::size_t i = 0; i < texts.size(); ++i) std::copy(texts[i].begin(), texts[i].end(), &bytes[i * longest]);
  const Handle type = string_type(longest);
  dataset(path, {texts.size()}, type.id(), type.id(), bytes.data());
}

void Image::text(const std::string& path, const std::string& value) {
  const Handle type = string_type(std::max<std::size_t>(1, value.size()));
  dataset(path, {}, type.id(), type.id(), value.c_str());
}

void Image::number(const std::string& path, double value) { doubles(path, {}, &value); }

std::string Image::bytes() {
  must(H5Fflush(file_.id(), H5F_SCOPE_LOCAL));
  const ssize_t size = H5Fget_file_image(file_.id(), nullptr, 0);
  must(size < 0 ? -1 : 0);
  std::string image(static_cast<std::size_t>(size), '\0');
  must(H5Fget_file_image(file_.id(), image.data(), image.size()) < 0 ? -1 : 0);
  return checksum_block(image) + image;
}

void Image::attribute(const std::string& name, hid_t stored, hid_t memory, const void* value) {
  const Handle space = made(H5Screate(H5S_SCALAR));
  const Handle handle = made(H5Acreate2(file_.id(), name.c_str(), stored, space.id(), H5P_DEFAULT, H5P_DEFAULT));
  must(H5Awrite(handle.id(), memory, value));
}

void Image::dataset(const std::string& path, const Dimensions& shape, hid_t stored, hid_t memory, const void* values) {
  const std::vector<hsize_t> dims(shape.begin(), shape.end());
  const Handle space = made(dims.empty() ? H5Screate(H5S_SCALAR)
                                         : H5Screate_simple(static_cast<int>(dims.size()), dims.data(), nullptr));
  const Handle handle = made(H5Dcreate2(file_.id(), path.c_str(), stored, space.id(), link_creation_.id(),
                                        dataset_creation_.id(), H5P_DEFAULT));
  must(H5Dwrite(handle.id(), memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, values));
}

}  // namespace mixfam::model_file
