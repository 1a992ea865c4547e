#include "io/hdf5/data_set.hpp"

#include "io/hdf5/types.hpp"

#include <algorithm>
#include <array>

namespace mixfam::hdf5 {

std::optional<Dimensions> extent(hid_t dataset) {
  const Handle space(H5Dget_space(dataset));
  if (!space || H5Sget_simple_extent_type(space.id()) == H5S_NULL) return std::nullopt;
  std::vector<hsize_t> dims(static_cast<std::size_t>(std::max(0, H5Sget_simple_extent_ndims(space.id()))));
  if (!dims.empty()) H5Sget_simple_extent_dims(space.id(), dims.data(), nullptr);
  return Dimensions(dims.begin(), dims.end());
}

std::optional<std::string> why_not_data(hid_t dataset) {
  const std::optional<Dimensions> shape = extent(dataset);
  if (!shape) return "holds no values (its data space is null)";
  if (shape->empty()) return "is a single value; data are N rows (rank 1) or N x D (rank 2)";
  if (shape->size() > 2) {
    return "has rank " + std::to_string(shape->size()) + " (" + shape_text(*shape) +
           "); data are N rows (rank 1) or N x D (rank 2): reshape it and save it again";
  }
  if (shape->front() == 0) return "has no rows (its shape is " + shape_text(*shape) + ")";
  if (shape->back() == 0) return "has no columns (its shape is " + shape_text(*shape) + ")";
  std::size_t values = 0;
  if (__builtin_mul_overflow(shape->front(), shape->size() == 2 ? shape->back() : 1, &values) ||
      values > (std::size_t{1} << 59)) {
    return "has the shape " + shape_text(*shape) + ", more values than can be addressed";
  }

  const Handle type(H5Dget_type(dataset));
  if (numeric_type(type.id()) || is_string(type.id())) return std::nullopt;
  if (H5Tget_class(type.id()) != H5T_COMPOUND) return "holds " + type_text(type.id()) + ", not numbers";
  if (is_complex(type.id())) return "holds complex numbers; save the real and imaginary parts as two columns";
  if (shape->size() != 1)
    return "is a table of rank 2 (" + shape_text(*shape) + "); a table has one record for each row";
  const std::vector<Member> all = members(type.id());
  if (std::none_of(all.begin(), all.end(),
                   [](const Member& m) { return readable_elements(m.type.id()).has_value(); })) {
    return "is a table without a column of numbers or strings: " + type_text(type.id());
  }
  return std::nullopt;
}

namespace {

std::string filter_name(H5Z_filter_t filter, const char* own_name) {
  switch (filter) {
    case H5Z_FILTER_DEFLATE:
      return "gzip";
    case H5Z_FILTER_SHUFFLE:
      return "shuffle";
    case H5Z_FILTER_FLETCHER32:
      return "fletcher32";
    case H5Z_FILTER_SZIP:
      return "szip";
    default:
      return own_name[0] ? own_name : "filter " + std::to_string(filter);
  }
}

}  // namespace

std::vector<Filter> filters(hid_t creation) {
  std::vector<Filter> all;
  for (int i = 0; i < H5Pget_nfilters(creation); ++i) {
    std::array<char, 64> name = {};
    unsigned flags = 0;
    unsigned config = 0;
    std::size_t values = 0;
    const H5Z_filter_t number = H5Pget_filter2(creation, static_cast<unsigned>(i), &flags, &values, nullptr,
                                               name.size() - 1, name.data(), &config);
    all.push_back({number, (flags & H5Z_FLAG_OPTIONAL) != 0, filter_name(number, name.data())});
  }
  return all;
}

std::optional<std::string> missing_filter(hid_t creation) {
  for (const Filter& filter : filters(creation)) {
    if (H5Zfilter_avail(filter.number) > 0) continue;
    return "is compressed with '" + filter.name + "' (filter " + std::to_string(filter.number) +
           "), for which this HDF5 library has no plug-in; point HDF5_PLUGIN_PATH to one, or where the file can be "
           "read, rewrite it with: h5repack -f GZIP=4 in.h5 out.h5";
  }
  return std::nullopt;
}

}  // namespace mixfam::hdf5
