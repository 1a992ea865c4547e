#include "io/hdf5/types.hpp"

#include "io/hdf5/text.hpp"

#include <algorithm>
#include <array>
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

/// As h5py and R write booleans.
bool is_boolean(hid_t type) {
  std::vector<std::string> names = member_names(type);
  std::sort(names.begin(), names.end());
  return names == std::vector<std::string>{"FALSE", "TRUE"} || names == std::vector<std::string>{"FALSE", "NA", "TRUE"};
}

/// The value of a member of an enumeration.
std::optional<std::int64_t> member_code(hid_t type, int index) {
  const Handle base(H5Tget_super(type));
  // As large as the file's integer or the one it is converted to.
  std::array<std::byte, 64> value = {};
  std::int64_t code = -1;
  if (H5Tget_size(base.id()) > value.size() ||
      H5Tget_member_value(type, static_cast<unsigned>(index), value.data()) < 0 ||
      H5Tconvert(base.id(), H5T_NATIVE_INT64, 1, value.data(), nullptr, H5P_DEFAULT) < 0) {
    return std::nullopt;
  }
  std::memcpy(&code, value.data(), sizeof(code));
  return code;
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

bool is_complex(hid_t type) {
  if (H5Tget_class(type) != H5T_COMPOUND) return false;
  const std::vector<std::string> names = member_names(type);
  return names == std::vector<std::string>{"r", "i"} || names == std::vector<std::string>{"real", "imag"};
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

bool is_string(hid_t type) { return H5Tget_class(type) == H5T_STRING; }

std::optional<Elements> readable_elements(hid_t member) {
  const bool array = H5Tget_class(member) == H5T_ARRAY;
  Elements elements;
  elements.type = Handle(array ? H5Tget_super(member) : H5Tcopy(member));
  if (array) {
    std::array<hsize_t, H5S_MAX_RANK> sizes = {};
    const int rank = H5Tget_array_dims2(member, sizes.data());
    for (int i = 0; i < rank; ++i) {
      const std::size_t size = sizes[static_cast<std::size_t>(i)];
      if (size == 0 || elements.count > most_elements / size) return std::nullopt;
      elements.count *= size;
      elements.shape.push_back(size);
    }
  }
  if (!numeric_type(elements.type.id()) && !is_string(elements.type.id())) return std::nullopt;
  return elements;
}

std::optional<std::int64_t> missing_code(hid_t type) {
  if (H5Tget_class(type) != H5T_ENUM || !is_boolean(type)) return std::nullopt;
  for (int i = 0; i < H5Tget_nmembers(type); ++i)
    if (member_name(type, i) == "NA") return member_code(type, i);
  return std::nullopt;
}

std::vector<std::string> enumeration_labels(hid_t type) {
  if (H5Tget_class(type) != H5T_ENUM || is_boolean(type)) return {};
  std::vector<std::string> labels;
  for (int i = 0; i < H5Tget_nmembers(type); ++i) {
    const auto code = member_code(type, i);
    if (!code || *code < 0 || *code >= static_cast<std::int64_t>(most_labels)) return {};
    const auto place = static_cast<std::size_t>(*code);
    labels.resize(std::max(labels.size(), place + 1));
    labels[place] = member_name(type, i);
  }
  return labels;
}

}  // namespace mixfam::hdf5
