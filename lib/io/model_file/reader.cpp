#include "io/model_file/reader.hpp"

#include "io/checksum_block.hpp"
#include "io/hdf5/data_set.hpp"
#include "io/hdf5/links.hpp"
#include "io/hdf5/strings.hpp"
#include "io/hdf5/types.hpp"

#include <mixfam/error.hpp>

namespace mixfam::model_file {

using hdf5::Dimensions;
using hdf5::Handle;

void refuse(const std::string& message) { throw Error(ErrorKind::data, message); }

Dimensions squeezed(const Dimensions& shape) {
  Dimensions kept;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (i == 0 || shape[i] != 1) kept.push_back(shape[i]);
  }
  return kept;
}

Reader::Reader(const std::string& file) : name_(file), file_(hdf5::open_file(file)) {
  const Handle creation = hdf5::require(H5Fget_create_plist(file_.id()), file, "read how it was made");
  hsize_t before = 0;
  hdf5::require_status(H5Pget_userblock(creation.id(), &before), file, "read how it was made");
  // Damage to its first bytes must not pass for a file that never had a checksum.
  if (before > 0 && !has_checksum_block(file)) {
    refuse(file + ": begins with " + std::to_string(before) +
           " bytes that are no checksum of a model: it is damaged, or another program put them there; where the rest "
           "is known to be sound, take them off: tail -c +" +
           std::to_string(before + 1) + " '" + file + "' > edited.h5");
  }
}

bool Reader::has(const std::string& path) const {
  for (std::size_t end = path.find('/', 1); end != std::string::npos; end = path.find('/', end + 1)) {
    if (H5Lexists(file_.id(), path.substr(0, end).c_str(), H5P_DEFAULT) <= 0) return false;
  }
  return H5Lexists(file_.id(), path.c_str(), H5P_DEFAULT) > 0;
}

std::optional<std::string> Reader::text(const std::string& name) const {
  const Handle attribute = hdf5::open_attribute(file_.id(), name);
  if (!attribute && !has("/" + name)) return std::nullopt;
  const auto strings = attribute ? hdf5::read_strings(attribute.id()) : this->strings("/" + name);
  if (!strings || strings->size() != 1) refuse(name_ + ": the attribute '" + name + "' must be one string");
  return strings->front();
}

template <class T>
std::optional<T> Reader::number(const std::string& name, hid_t memory) const {
  const Handle attribute = hdf5::open_attribute(file_.id(), name);
  if (!attribute) return std::nullopt;
  const Handle type(H5Aget_type(attribute.id()));
  const Handle space(H5Aget_space(attribute.id()));
  T value = 0;
  if (H5Tget_class(type.id()) != H5T_INTEGER || H5Sget_simple_extent_npoints(space.id()) != 1 ||
      H5Aread(attribute.id(), memory, &value) < 0) {
    refuse(name_ + ": the attribute '" + name + "' must be one whole number");
  }
  return value;
}

std::optional<std::int64_t> Reader::integer(const std::string& name) const {
  return number<std::int64_t>(name, H5T_NATIVE_INT64);
}

std::optional<std::uint64_t> Reader::natural(const std::string& name) const {
  return number<std::uint64_t>(name, H5T_NATIVE_UINT64);
}

Reader::Dataset Reader::dataset(const std::string& path) const {
  Dataset data{hdf5::open_dataset(file_, name_, path), name_ + ":" + path, {}};
  const Handle type(H5Dget_type(data.handle.id()));
  const auto shape = hdf5::extent(data.handle.id());
  if (!shape) refuse(data.where + ": holds no values (its data space is null)");
  data.shape = *shape;
  return data;
}

std::vector<double> Reader::values(const Dataset& data) {
  const Handle type(H5Dget_type(data.handle.id()));
  const H5T_class_t kind = H5Tget_class(type.id());
  if (kind != H5T_INTEGER && kind != H5T_FLOAT) {
    refuse(data.where + ": holds " + hdf5::type_text(type.id()) + ", not numbers");
  }
  std::size_t count = 1;
  for (const std::size_t n : data.shape) {
    if (__builtin_mul_overflow(count, n, &count)) refuse(data.where + ": is too large to be read");
  }
  hdf5::require_memory(count, sizeof(double), data.where);
  std::vector<double> numbers(count);
  hdf5::require_status(H5Dread(data.handle.id(), H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, numbers.data()),
                       data.where, "read its values");
  return numbers;
}

std::vector<double> Reader::values(const std::string& path, const Dimensions& needed) const {
  const Dataset data = dataset(path);
  if (squeezed(data.shape) != squeezed(needed)) {
    refuse(data.where + " has shape " + hdf5::shape_text(data.shape) + ", but the rest of this file needs " +
           hdf5::shape_text(needed));
  }
  return values(data);
}

std::vector<std::string> Reader::strings(const std::string& path) const {
  const Dataset data = dataset(path);
  auto texts = hdf5::read_strings(data.handle.id());
  if (!texts) refuse(data.where + ": must hold strings");
  return *std::move(texts);
}

}  // namespace mixfam::model_file
