#include "io/numpy/array.hpp"

#include "io/hdf5/table_writer.hpp"
#include "io/hdf5/text.hpp"
#include "io/numpy/literal.hpp"
#include "io/utf8.hpp"

#include <mixfam/error.hpp>

#include <array>
#include <charconv>
#include <cstring>
#include <limits>
#include <set>
#include <stdexcept>
#include <utility>

namespace mixfam::numpy {

namespace {

constexpr std::string_view signature = "\x93NUMPY";

std::uint64_t little_endian(const unsigned char* bytes, std::size_t count) {
  std::uint64_t value = 0;
  for (std::size_t i = count; i-- > 0;) value = value << 8 | bytes[i];
  return value;
}

std::size_t whole_number(std::string_view text) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) throw std::invalid_argument("a size is no number");
  return value;
}

hdf5::Handle integer_type(std::size_t bytes, bool is_signed) {
  static const std::pair<hid_t, hid_t> types[] = {{H5T_STD_I8LE, H5T_STD_U8LE},
                                                  {H5T_STD_I16LE, H5T_STD_U16LE},
                                                  {H5T_STD_I32LE, H5T_STD_U32LE},
                                                  {H5T_STD_I64LE, H5T_STD_U64LE}};
  const auto& [with_sign, without] = types[bytes == 1 ? 0 : bytes == 2 ? 1 : bytes == 4 ? 2 : 3];
  return hdf5::Handle(H5Tcopy(is_signed ? with_sign : without));
}

/// HDF5 has no name for IEEE 754's binary16.
hdf5::Handle float_type(std::size_t bytes) {
  if (bytes == 8) return hdf5::Handle(H5Tcopy(H5T_IEEE_F64LE));
  hdf5::Handle type(H5Tcopy(H5T_IEEE_F32LE));
  if (bytes == 4) return type;
  H5Tset_fields(type.id(), 15, 10, 5, 0, 10);
  H5Tset_size(type.id(), 2);
  H5Tset_ebias(type.id(), 15);
  return type;
}

/// "<f8" and its like. Throws std::invalid_argument for what is no number.
Field field_of(const std::string& code) {
  if (code.size() < 3) throw std::invalid_argument("its type " + in_quotes(code) + " is not known");
  const char order = code[0];
  const char kind = code[1];
  const std::size_t bytes = whole_number(std::string_view(code).substr(2));
  const bool size_of_integer = bytes == 1 || bytes == 2 || bytes == 4 || bytes == 8;
  Field field;
  field.bytes = bytes;
  field.is_big_endian = order == '>';
  field.is_float = kind == 'f';
  const std::string bits = std::to_string(8 * bytes);
  if (kind == 'b' && bytes == 1) {
    field.type = hdf5::boolean_type();
    field.type_text = "bool";
    return field;
  }
  if ((kind == 'i' || kind == 'u') && size_of_integer) {
    field.type = integer_type(bytes, kind == 'i');
    field.type_text = (kind == 'i' ? "int" : "uint") + bits;
  } else if (kind == 'f' && size_of_integer && bytes > 1) {
    field.type = float_type(bytes);
    field.type_text = "float" + bits;
  } else {
    const std::string what = kind == 'U' || kind == 'S'   ? "texts"
                             : kind == 'c'                ? "complex numbers"
                             : kind == 'O'                ? "objects of Python"
                             : kind == 'M' || kind == 'm' ? "times"
                                                          : "values";
    throw std::invalid_argument("it holds " + what + " of the type " + in_quotes(code) +
                                ", not real numbers; write them as numbers, or a table with texts as CSV");
  }
  if (order != '<' && order != '>' && order != '|' && order != '=')
    throw std::invalid_argument("the order of bytes in its type " + in_quotes(code) + " is not known");
  if (field.is_big_endian) H5Tset_order(field.type.id(), H5T_ORDER_BE);
  return field;
}

const Literal& entry(const Literal& dictionary, const std::string& key, Literal::Kind kind) {
  for (std::size_t i = 0; i + 1 < dictionary.items.size(); i += 2)
    if (dictionary.items[i].text == key && dictionary.items[i + 1].kind == kind) return dictionary.items[i + 1];
  throw std::invalid_argument("its header has no '" + key + "' of the right kind");
}

/// A list of (name, type); a void without a name is space that aligns the others.
void read_fields(const Literal& list, Array& array) {
  std::set<std::string> names;
  for (const Literal& item : list.items) {
    const bool is_pair = item.items.size() == 2 && item.items[0].kind == Literal::Kind::text &&
                         item.items[1].kind == Literal::Kind::text;
    if (!is_pair) throw std::invalid_argument("it has a field that is no single number");
    const std::string& name = item.items[0].text;
    const std::string& code = item.items[1].text;
    if (name.empty() && code.rfind("|V", 0) == 0) {
      array.item_bytes += whole_number(std::string_view(code).substr(2));
      continue;
    }
    if (name.empty() || name.find('\0') != std::string::npos || !is_utf8(name) || !names.insert(name).second)
      throw std::invalid_argument("its field " + in_quotes(name) + " has no name of UTF-8, or that of another");
    Field field = field_of(code);
    field.name = name;
    field.offset = array.item_bytes;
    array.item_bytes += field.bytes;
    array.fields.push_back(std::move(field));
  }
  if (array.fields.empty()) throw std::invalid_argument("it has no fields");
}

void read_shape(const Literal& shape, Array& array) {
  std::vector<std::size_t> sizes;
  for (const Literal& size : shape.items) sizes.push_back(whole_number(size.text));
  const std::size_t most = array.is_structured() ? 1 : 2;
  if (sizes.empty() || sizes.size() > most)
    throw std::invalid_argument("its shape is (" + hdf5::shape_text(sizes) + "), but " +
                                (most == 1 ? "an array of fields must have one dimension"
                                           : "rows of columns have one dimension or two; reshape it"));
  array.rows = sizes[0];
  array.columns = sizes.size() == 2 ? sizes[1] : 1;
  if (array.rows == 0 || array.columns == 0)
    throw std::invalid_argument("it has no values: its shape is (" + hdf5::shape_text(sizes) + ")");
}

Array parse_header(std::string_view text) {
  const Literal header = parse_literal(text);
  if (header.kind != Literal::Kind::dictionary) throw std::invalid_argument("its header is no dictionary");
  Array array;
  const bool plain = [&] {
    for (std::size_t i = 0; i + 1 < header.items.size(); i += 2)
      if (header.items[i].text == "descr") return header.items[i + 1].kind == Literal::Kind::text;
    return false;
  }();
  if (plain) {
    array.fields.push_back(field_of(entry(header, "descr", Literal::Kind::text).text));
    array.item_bytes = array.fields[0].bytes;
  } else {
    read_fields(entry(header, "descr", Literal::Kind::sequence), array);
  }
  read_shape(entry(header, "shape", Literal::Kind::sequence), array);
  array.by_columns = entry(header, "fortran_order", Literal::Kind::boolean).truth && array.columns > 1;
  return array;
}

}  // namespace

Array read_array(const ByteRange& range) {
  std::array<unsigned char, 12> start = {};
  range.read(0, 10, start.data());
  if (std::memcmp(start.data(), signature.data(), signature.size()) != 0)
    throw Error(ErrorKind::data, range.where + ": is no NumPy array: it does not begin as one");
  const unsigned version = start[6];
  if (version < 1 || version > 3)
    throw Error(ErrorKind::data,
                range.where + ": is of version " + std::to_string(version) + " of NumPy's format (must be 1, 2 or 3)");
  const std::size_t length_bytes = version == 1 ? 2 : 4;
  range.read(8, length_bytes, start.data() + 8);
  const std::uint64_t length = little_endian(start.data() + 8, length_bytes);
  constexpr std::uint64_t longest_header = std::uint64_t{16} << 20;
  if (length > longest_header)
    throw Error(ErrorKind::data,
                range.where + ": its header is damaged: it would have " + std::to_string(length) + " bytes");
  std::string text(length, '\0');
  range.read(8 + length_bytes, length, text.data());
  try {
    Array array = parse_header(text);
    array.data = 8 + length_bytes + length;
    const std::uint64_t there = (range.size - array.data) / array.item_bytes;
    if (array.rows > there / array.columns)
      throw std::invalid_argument("it is cut short: it has " + std::to_string(range.size - array.data) +
                                  " bytes of values, fewer than its shape needs; copy or download it again");
    return array;
  } catch (const std::invalid_argument& error) {
    throw Error(ErrorKind::data, range.where + ": " + error.what());
  }
}

bool is_nan(const Field& field, const std::byte* value) {
  if (!field.is_float) return false;
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < field.bytes; ++i)
    bits = bits << 8 | std::to_integer<std::uint64_t>(value[field.is_big_endian ? i : field.bytes - 1 - i]);
  const int mantissa_bits = field.bytes == 2 ? 10 : field.bytes == 4 ? 23 : 52;
  const std::uint64_t infinity = ((std::uint64_t{1} << (8 * field.bytes - 1 - mantissa_bits)) - 1) << mantissa_bits;
  return (bits & ~(std::uint64_t{1} << (8 * field.bytes - 1))) > infinity;
}

}  // namespace mixfam::numpy
