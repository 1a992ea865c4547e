#include "io/hdf5/objects.hpp"

#include <mixfam/error.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>

namespace mixfam::hdf5 {
namespace {

std::string order_text(hid_t type) { return H5Tget_order(type) == H5T_ORDER_BE ? ", big-endian" : ""; }

std::string bits_text(hid_t type) { return std::to_string(8 * H5Tget_size(type)); }

std::string member_name(hid_t type, int index) {
  char* name = H5Tget_member_name(type, static_cast<unsigned>(index));
  const std::string text = name ? name : "";
  H5free_memory(name);
  return text;
}

std::vector<std::string> member_names(hid_t type) {
  std::vector<std::string> names;
  for (int i = 0; i < H5Tget_nmembers(type); ++i) names.push_back(member_name(type, i));
  return names;
}

bool is_boolean(hid_t type) { return member_names(type) == std::vector<std::string>{"FALSE", "TRUE"}; }

/// h5py and others store a complex number as a pair of floats.
bool is_complex(hid_t type) {
  if (H5Tget_class(type) != H5T_COMPOUND) return false;
  const std::vector<std::string> names = member_names(type);
  return names == std::vector<std::string>{"r", "i"} || names == std::vector<std::string>{"real", "imag"};
}

/// Whether the fields of a float lie as in IEEE 754 or in the x87 format: one wrong byte in a description that no
/// checksum guards would turn all values into others.
bool is_known_float(hid_t type) {
  std::size_t sign = 0;
  std::size_t exponent = 0;
  std::size_t exponent_bits = 0;
  std::size_t mantissa = 0;
  std::size_t mantissa_bits = 0;
  if (H5Tget_fields(type, &sign, &exponent, &exponent_bits, &mantissa, &mantissa_bits) < 0) return false;
  const std::size_t precision = H5Tget_precision(type);
  return mantissa == 0 && exponent == mantissa_bits && sign == exponent + exponent_bits && precision == sign + 1 &&
         precision <= 8 * H5Tget_size(type) && H5Tget_offset(type) == 0 && exponent_bits > 1 && exponent_bits < 32 &&
         H5Tget_ebias(type) == (std::size_t{1} << (exponent_bits - 1)) - 1;
}

bool is_known_integer(hid_t type) {
  const std::size_t precision = H5Tget_precision(type);
  const int offset = H5Tget_offset(type);
  return precision > 0 && offset >= 0 && static_cast<std::size_t>(offset) + precision <= 8 * H5Tget_size(type);
}

}  // namespace

std::string shape_text(const Dimensions& shape) {
  if (shape.empty()) return "scalar";
  std::string text;
  for (const std::size_t n : shape) text += (text.empty() ? "" : " x ") + std::to_string(n);
  return text;
}

std::string list_text(const std::vector<std::string>& names) {
  constexpr std::size_t shown = 12;
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), shown); ++i) text += (i ? ", " : "") + names[i];
  if (names.size() > shown) text += " and " + std::to_string(names.size() - shown) + " more";
  return text;
}

std::string type_text(hid_t type) {
  const Handle base(H5Tget_super(type));
  switch (H5Tget_class(type)) {
    case H5T_INTEGER:
      return (H5Tget_sign(type) == H5T_SGN_NONE ? "uint" : "int") + bits_text(type) + order_text(type) +
             (is_known_integer(type) ? "" : " of no known form");
    case H5T_FLOAT:
      return "float" + bits_text(type) + order_text(type) + (is_known_float(type) ? "" : " of no known form");
    case H5T_ENUM:
      return is_boolean(type) ? "bool"
                              : "enumeration {" + list_text(member_names(type)) + "} of " + type_text(base.id());
    case H5T_BITFIELD:
      return "bit field of " + bits_text(type) + " bits";
    case H5T_STRING:
      return "string";
    case H5T_COMPOUND:
      return (is_complex(type) ? "complex {" : "compound {") + list_text(member_names(type)) + "}";
    case H5T_ARRAY:
      return "array of " + type_text(base.id());
    case H5T_VLEN:
      return "variable-length lists of " + type_text(base.id());
    case H5T_REFERENCE:
      return "reference";
    case H5T_OPAQUE:
      return "opaque bytes";
    case H5T_TIME:
      return "time";
    default:
      return "unknown type";
  }
}

std::optional<NumericType> numeric_type(hid_t type) {
  const std::size_t size = H5Tget_size(type);
  switch (H5Tget_class(type)) {
    case H5T_FLOAT:
      if (!is_known_float(type)) return std::nullopt;
      if (size <= 4) return NumericType{ElementType::float32, H5T_NATIVE_FLOAT};
      return NumericType{ElementType::float64, H5T_NATIVE_DOUBLE};
    case H5T_ENUM:
      return numeric_type(Handle(H5Tget_super(type)).id());
    case H5T_INTEGER: {
      if (!is_known_integer(type)) return std::nullopt;
      const bool is_unsigned = H5Tget_sign(type) == H5T_SGN_NONE;
      if (size <= 1)
        return is_unsigned ? NumericType{ElementType::uint8, H5T_NATIVE_UINT8}
                           : NumericType{ElementType::int8, H5T_NATIVE_INT8};
      if (size <= 2)
        return is_unsigned ? NumericType{ElementType::uint16, H5T_NATIVE_UINT16}
                           : NumericType{ElementType::int16, H5T_NATIVE_INT16};
      if (size <= 4)
        return is_unsigned ? NumericType{ElementType::uint32, H5T_NATIVE_UINT32}
                           : NumericType{ElementType::int32, H5T_NATIVE_INT32};
      if (size <= 8)
        return is_unsigned ? NumericType{ElementType::uint64, H5T_NATIVE_UINT64}
                           : NumericType{ElementType::int64, H5T_NATIVE_INT64};
      return std::nullopt;
    }
    case H5T_BITFIELD:
      if (size == 1) return NumericType{ElementType::uint8, H5T_NATIVE_B8};
      if (size == 2) return NumericType{ElementType::uint16, H5T_NATIVE_B16};
      if (size == 4) return NumericType{ElementType::uint32, H5T_NATIVE_B32};
      if (size == 8) return NumericType{ElementType::uint64, H5T_NATIVE_B64};
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

std::vector<Member> members(hid_t compound) {
  std::vector<Member> all;
  for (int i = 0; i < H5Tget_nmembers(compound); ++i) {
    all.push_back({member_name(compound, i), Handle(H5Tget_member_type(compound, static_cast<unsigned>(i)))});
  }
  return all;
}

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
  if (std::none_of(all.begin(), all.end(), [](const Member& m) { return numeric_type(m.type.id()).has_value(); }) &&
      std::none_of(all.begin(), all.end(), [](const Member& m) { return is_string(m.type.id()); })) {
    return "is a table without a column of numbers or strings: " + type_text(type.id());
  }
  return std::nullopt;
}

bool is_string(hid_t type) { return H5Tget_class(type) == H5T_STRING; }

std::vector<std::string> enumeration_labels(hid_t type) {
  if (H5Tget_class(type) != H5T_ENUM || is_boolean(type)) return {};
  const Handle base(H5Tget_super(type));
  std::vector<std::string> labels;
  for (int i = 0; i < H5Tget_nmembers(type); ++i) {
    // As large as the file's integer or the one it is converted to.
    std::array<std::byte, 64> value = {};
    std::int64_t code = -1;
    if (H5Tget_size(base.id()) > value.size() ||
        H5Tget_member_value(type, static_cast<unsigned>(i), value.data()) < 0 ||
        H5Tconvert(base.id(), H5T_NATIVE_INT64, 1, value.data(), nullptr, H5P_DEFAULT) < 0) {
      return {};
    }
    std::memcpy(&code, value.data(), sizeof(code));
    if (code < 0 || code >= static_cast<std::int64_t>(most_labels)) return {};
    const auto place = static_cast<std::size_t>(code);
    labels.resize(std::max(labels.size(), place + 1));
    labels[place] = member_name(type, i);
  }
  return labels;
}

bool is_categorical_group(hid_t object) {
  if (H5Iget_type(object) != H5I_GROUP) return false;
  const Handle attribute = open_attribute(object, "encoding-type");
  if (!attribute) return false;
  const auto encoding = read_strings(attribute.id());
  return encoding && *encoding == std::vector<std::string>{"categorical"};
}

Handle open_attribute(hid_t object, const std::string& name) {
  if (H5Aexists(object, name.c_str()) <= 0) return {};
  return Handle(H5Aopen(object, name.c_str(), H5P_DEFAULT));
}

std::string string_at(const void* cell, hid_t type) {
  if (H5Tis_variable_str(type) > 0) {
    const char* text = nullptr;
    std::memcpy(&text, cell, sizeof(text));
    return text ? text : "";
  }
  const char* text = static_cast<const char*>(cell);
  std::size_t length = strnlen(text, H5Tget_size(type));
  if (H5Tget_strpad(type) == H5T_STR_SPACEPAD) {
    while (length > 0 && text[length - 1] == ' ') --length;
  }
  return {text, length};
}

namespace {

/// "file.h5:/path", for messages about something that is open.
std::string place_of(hid_t object) {
  std::array<char, 4096> file = {};
  std::array<char, 4096> path = {};
  H5Fget_name(object, file.data(), file.size());
  H5Iget_name(object, path.data(), path.size());
  return std::string(file.data()) + ":" + path.data();
}

}  // namespace

std::optional<std::vector<std::string>> read_strings(hid_t object) {
  const bool attribute = H5Iget_type(object) == H5I_ATTR;
  const Handle type(attribute ? H5Aget_type(object) : H5Dget_type(object));
  const Handle space(attribute ? H5Aget_space(object) : H5Dget_space(object));
  if (!type || !space || H5Tget_class(type.id()) != H5T_STRING) return std::nullopt;
  const hssize_t points = H5Sget_simple_extent_npoints(space.id());
  if (points <= 0) return std::vector<std::string>{};
  const std::size_t count = static_cast<std::size_t>(points);
  const auto read = [&](void* buffer) {
    return attribute ? H5Aread(object, type.id(), buffer)
                     : H5Dread(object, type.id(), H5S_ALL, H5S_ALL, H5P_DEFAULT, buffer);
  };

  const std::size_t size = H5Tget_size(type.id());
  require_memory(count, size, "strings");
  std::vector<char> cells(count * size);
  if (read(cells.data()) < 0) {
    const std::string cause = ErrorStack::last().cause();
    throw Error(ErrorKind::data, place_of(object) + ": cannot read " +
                                     (attribute ? "an attribute of strings" : "its strings") + ": " + cause);
  }
  std::vector<std::string> strings;
  for (std::size_t i = 0; i < count; ++i) strings.push_back(string_at(cells.data() + i * size, type.id()));
  if (H5Tis_variable_str(type.id()) > 0) H5Dvlen_reclaim(type.id(), space.id(), H5P_DEFAULT, cells.data());
  return strings;
}

std::vector<std::string> category_texts(const Handle& dataset, const std::string& where) {
  if (auto strings = read_strings(dataset.id())) return *std::move(strings);
  const Dimensions shape = extent(dataset.id()).value_or(Dimensions{});
  const Handle number = require(H5Dget_type(dataset.id()), where, "read the type of its values");
  if (shape.size() != 1 || shape[0] > most_labels || !numeric_type(number.id())) {
    throw Error(ErrorKind::data,
                where + ": must hold strings or numbers of rank 1, " + std::to_string(most_labels) + " at most");
  }
  std::vector<double> numbers(shape[0]);
  require_status(H5Dread(dataset.id(), H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, numbers.data()), where,
                 "read its values");
  std::vector<std::string> texts;
  for (const double value : numbers) {
    std::array<char, 32> text = {};
    std::snprintf(text.data(), text.size(), "%.17g", value);
    texts.emplace_back(text.data());
  }
  return texts;
}

std::vector<std::string> column_names(hid_t dataset) {
  for (const char* name : {"columns", "names"}) {
    const Handle attribute = open_attribute(dataset, name);
    if (!attribute) continue;
    if (auto strings = read_strings(attribute.id()); strings && !strings->empty()) return *std::move(strings);
  }
  return {};
}

std::vector<std::string> children(hid_t group) {
  std::vector<std::string> names;
  const auto add = [](hid_t, const char* name, const H5L_info_t*, void* all) -> herr_t {
    static_cast<std::vector<std::string>*>(all)->emplace_back(name);
    return 0;
  };
  H5Literate(group, H5_INDEX_NAME, H5_ITER_INC, nullptr, add, &names);
  return names;
}

LinkTarget link_target(hid_t location, const std::string& path) {
  H5L_info_t info = {};
  if (H5Lget_info(location, path.c_str(), &info, H5P_DEFAULT) < 0) return {};
  LinkTarget target;
  target.type = info.type;
  if (info.type != H5L_TYPE_SOFT && info.type != H5L_TYPE_EXTERNAL) return target;
  // One byte more, so that the value ends in a NUL whatever the file says.
  std::vector<char> value(info.u.val_size + 1, '\0');
  if (H5Lget_val(location, path.c_str(), value.data(), value.size() - 1, H5P_DEFAULT) < 0) return target;
  if (info.type == H5L_TYPE_SOFT) {
    target.path = value.data();
    return target;
  }
  const char* file = nullptr;
  const char* object = nullptr;
  if (H5Lunpack_elink_val(value.data(), info.u.val_size, nullptr, &file, &object) >= 0) {
    target.file = file;
    target.path = object;
  }
  return target;
}

namespace {

std::string holds_text(hid_t group, const std::string& path) {
  const std::vector<std::string> names = children(group);
  if (names.empty()) return "'" + path + "' is empty";
  return "'" + path + "' holds " + list_text(names);
}

std::string broken_link_text(const LinkTarget& target, const ErrorStack& stack) {
  if (target.type == H5L_TYPE_SOFT) return "is a soft link to '" + target.path + "', which does not exist";
  if (target.type != H5L_TYPE_EXTERNAL) return "cannot be opened: " + stack.cause();
  const std::string link = "is an external link to '" + target.path + "' in the file '" + target.file + "', ";
  if (!stack.find("unable to open external file").empty()) return link + "and that file is missing or cannot be read";
  return link + "and that file holds no such object";
}

/// Walks down from the root to say where a path that does not open goes wrong.
[[noreturn]] void throw_unopenable(const Handle& file, const std::string& file_name, const std::string& path) {
  const std::string where = file_name + ":" + path;
  std::string parent = "/";
  std::size_t at = 0;
  while (at < path.size()) {
    const std::size_t begin = path.find_first_not_of('/', at);
    if (begin == std::string::npos) break;
    at = std::min(path.find('/', begin), path.size());
    const std::string here = (parent == "/" ? "" : parent) + "/" + path.substr(begin, at - begin);

    const Handle holder(H5Oopen(file.id(), parent.c_str(), H5P_DEFAULT));
    if (H5Iget_type(holder.id()) != H5I_GROUP) {
      throw Error(ErrorKind::data, where + ": no such path: '" + parent + "' is not a group");
    }
    if (H5Lexists(file.id(), here.c_str(), H5P_DEFAULT) <= 0) {
      throw Error(ErrorKind::data, where + ": no such path: " + holds_text(holder.id(), parent));
    }
    const Handle object(H5Oopen(file.id(), here.c_str(), H5P_DEFAULT));
    if (!object) {
      const ErrorStack stack = ErrorStack::last();
      throw Error(ErrorKind::data,
                  file_name + ":" + here + ": " + broken_link_text(link_target(file.id(), here), stack));
    }
    parent = here;
  }
  throw Error(ErrorKind::data, where + ": cannot be opened");
}

}  // namespace

Handle open_object(const Handle& file, const std::string& file_name, const std::string& path) {
  Handle object(H5Oopen(file.id(), path.c_str(), H5P_DEFAULT));
  if (!object) throw_unopenable(file, file_name, path);
  return object;
}

Handle open_dataset(const Handle& file, const std::string& file_name, const std::string& path) {
  Handle object = open_object(file, file_name, path);
  if (H5Iget_type(object.id()) == H5I_DATASET) return object;
  const std::string where = file_name + ":" + path;
  if (H5Iget_type(object.id()) != H5I_GROUP) throw Error(ErrorKind::data, where + ": is not a data set");
  throw Error(ErrorKind::data, where + ": is a group, not a data set; " + holds_text(object.id(), path));
}

std::string filter_text(hid_t creation, int index) {
  std::array<char, 64> name = {};
  std::size_t values = 0;
  unsigned flags = 0;
  unsigned config = 0;
  const H5Z_filter_t filter = H5Pget_filter2(creation, static_cast<unsigned>(index), &flags, &values, nullptr,
                                             name.size() - 1, name.data(), &config);
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
      return name[0] ? name.data() : "filter " + std::to_string(filter);
  }
}

}  // namespace mixfam::hdf5
