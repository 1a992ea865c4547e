#include "io/hdf5/meaning.hpp"

#include "io/hdf5/numbers.hpp"
#include "io/hdf5/strings.hpp"
#include "io/hdf5/types.hpp"

#include <mixfam/error.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <type_traits>
#include <utility>

namespace mixfam::hdf5 {

namespace {

constexpr hssize_t most_values = 4096;

std::string number_text(long double value) {
  std::array<char, 40> text = {};
  const bool whole = std::abs(value) < 1e19L && std::floor(value) == value;
  std::snprintf(text.data(), text.size(), whole ? "%.0Lf" : "%.9Lg", value);
  return text.data();
}

/// The numbers of an attribute; nothing where there is none or it holds something else.
struct Attribute {
  std::vector<long double> values;
  std::size_t size = 0;  ///< bytes of one as it is stored
  bool is_float = false;
  bool is_there = false;
};

Attribute read_numbers(hid_t object, const char* name, const std::string& where) {
  Attribute result;
  const Handle attribute = open_attribute(object, name);
  if (!attribute) return result;
  result.is_there = true;
  const Handle type(H5Aget_type(attribute.id()));
  const Handle space(H5Aget_space(attribute.id()));
  const hssize_t count = H5Sget_simple_extent_npoints(space.id());
  if (H5Tget_class(type.id()) == H5T_BITFIELD || !numeric_type(type.id()) || count <= 0) return result;
  if (count > most_values) {
    throw Error(ErrorKind::data, where + ": its attribute '" + name + "' holds " + std::to_string(count) +
                                     " values, more than " + std::to_string(most_values) +
                                     "; read the numbers as they are stored (`raw`)");
  }
  result.is_float = H5Tget_class(type.id()) == H5T_FLOAT;
  result.size = H5Tget_size(type.id());
  result.values.resize(static_cast<std::size_t>(count));
  // An enumeration converts to an integer alone.
  if (H5Tget_class(type.id()) == H5T_ENUM) {
    std::vector<std::int64_t> codes(result.values.size());
    require_status(H5Aread(attribute.id(), H5T_NATIVE_INT64, codes.data()), where,
                   "read the attribute " + std::string(name));
    std::copy(codes.begin(), codes.end(), result.values.begin());
  } else {
    require_status(H5Aread(attribute.id(), H5T_NATIVE_LDOUBLE, result.values.data()), where,
                   "read the attribute " + std::string(name));
  }
  return result;
}

/// Numbers are compared in their own type, whose rounding an attribute of another type shares, or in one that holds
/// them all.
template <class T>
using Compared =
    std::conditional_t<std::is_floating_point_v<T>, T, std::conditional_t<(sizeof(T) < 8), double, long double>>;

}  // namespace

Meaning::Meaning(hid_t dataset, hid_t type, const std::string& where) {
  if (const auto code = missing_code(type)) add_missing(static_cast<double>(*code), "the code of NA");
  add_missing(dataset, "_FillValue", where);
  add_missing(dataset, "missing_value", where);
  // rhdf5 marks integers among which the smallest of 32 bits stands for R's NA.
  if (H5Tget_class(type) == H5T_INTEGER && open_attribute(dataset, "rhdf5-NA.OK"))
    add_missing(std::numeric_limits<std::int32_t>::min(), "the NA of R");
  read_unpacking(dataset, type, where);
  read_valid_range(dataset, type, where);
}

void Meaning::add_missing(double value, std::string cause) { missing_.push_back({value, std::move(cause)}); }

void Meaning::add_missing(hid_t dataset, const char* attribute, const std::string& where) {
  for (const long double value : read_numbers(dataset, attribute, where).values)
    missing_.push_back({value, std::string("its attribute ") + attribute});
}

void Meaning::read_unpacking(hid_t dataset, hid_t type, const std::string& where) {
  for (const char* name : {"scale_factor", "add_offset"}) {
    const bool scales = std::string(name) == "scale_factor";
    const Attribute read = read_numbers(dataset, name, where);
    if (!read.is_there) continue;
    const bool sound = read.values.size() == 1 && std::isfinite(static_cast<double>(read.values[0])) &&
                       !(scales && read.values[0] == 0) && H5Tget_class(type) != H5T_ENUM;
    if (!sound) {
      throw Error(ErrorKind::data, where + ": its attribute '" + name + "' is " +
                                       (read.values.size() == 1 ? number_text(read.values[0]) : "not one number") +
                                       "; " +
                                       (scales ? "it must be one number other than 0" : "it must be one number") +
                                       " beside numbers; read the numbers as they are stored (`raw`)");
    }
    (scales ? scale_ : offset_) = static_cast<double>(read.values[0]);
    unpacking_size_ = std::max(unpacking_size_, read.is_float ? read.size : 0);
  }
}

/// A range is one of unpacked values where its type is that of the attributes that unpack, and wider than that of the
/// packed numbers (NetCDF Users Guide, attribute conventions).
void Meaning::read_valid_range(hid_t dataset, hid_t type, const std::string& where) {
  const Attribute range = read_numbers(dataset, "valid_range", where);
  Attribute used = range;
  if (range.values.size() == 2) {
    lowest_ = range.values[0];
    highest_ = range.values[1];
  } else if (range.is_there) {
    throw Error(ErrorKind::data, where +
                                     ": its attribute 'valid_range' must be two numbers; read the numbers as they "
                                     "are stored (`raw`)");
  }
  for (const bool upper : {false, true}) {
    const Attribute limit = read_numbers(dataset, upper ? "valid_max" : "valid_min", where);
    if (limit.values.size() != 1 || range.is_there) continue;
    (upper ? highest_ : lowest_) = limit.values[0];
    used = limit;
  }
  const bool wider = H5Tget_class(type) != H5T_FLOAT || used.size > H5Tget_size(type);
  range_is_unpacked_ = used.is_float && used.size == unpacking_size_ && wider;
}

bool Meaning::is_plain() const { return missing_.empty() && !has_range() && !scale_ && !offset_; }

std::string Meaning::text() const {
  std::string text;
  const auto add = [&](const std::string& part) { text += (text.empty() ? "" : "; ") + part; };
  for (const Missing& one : missing_) add(number_text(one.value) + " is missing (" + one.cause + ")");
  if (has_range()) {
    add("valid from " + (lowest_ ? number_text(*lowest_) : "-inf") + " to " +
        (highest_ ? number_text(*highest_) : "inf"));
  }
  if (scale_ || offset_) {
    add("value = stored" + (scale_ ? " x " + number_text(*scale_) : "") +
        (offset_ ? " + " + number_text(*offset_) : ""));
  }
  return text;
}

template <class T>
std::string Meaning::cause_of(T number) const {
  const std::string is = "is " + number_text(number) + ", ";
  for (const Missing& one : missing_)
    if (static_cast<Compared<T>>(one.value) == static_cast<Compared<T>>(number)) return is + one.cause;
  return is + "outside of the valid range from " + (lowest_ ? number_text(*lowest_) : "-inf") + " to " +
         (highest_ ? number_text(*highest_) : "inf") + " of its attributes";
}

template <class T>
bool Meaning::is_missing(T number) const {
  const auto compared = static_cast<Compared<T>>(number);
  for (const Missing& one : missing_)
    if (static_cast<Compared<T>>(one.value) == compared) return true;
  if (range_is_unpacked_) return false;
  return (lowest_ && compared < static_cast<Compared<T>>(*lowest_)) ||
         (highest_ && compared > static_cast<Compared<T>>(*highest_));
}

template <class T>
std::size_t Meaning::decode(const T* numbers, std::size_t count, double* values) const {
  std::size_t first_missing = count;
  for (std::size_t i = 0; i < count; ++i) {
    double value = static_cast<double>(numbers[i]);
    if (scale_) value *= *scale_;
    if (offset_) value += *offset_;
    bool missing = is_missing(numbers[i]);
    if (range_is_unpacked_ && !missing) {
      missing =
          (lowest_ && value < static_cast<double>(*lowest_)) || (highest_ && value > static_cast<double>(*highest_));
    }
    if (missing) {
      value = std::numeric_limits<double>::quiet_NaN();
      first_missing = std::min(first_missing, i);
    }
    values[i] = value;
  }
  return first_missing;
}

std::size_t Meaning::decode(ElementType element, const std::byte* numbers, std::size_t count, double* values) const {
  return with_type(element, numbers, [&](const auto* typed) { return decode(typed, count, values); });
}

std::string Meaning::cause(ElementType element, const std::byte* number) const {
  return with_type(element, number, [&](const auto* typed) { return cause_of(*typed); });
}

}  // namespace mixfam::hdf5
