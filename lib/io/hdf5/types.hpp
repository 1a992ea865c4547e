#pragma once

#include "io/hdf5/handles.hpp"
#include "io/hdf5/text.hpp"

#include <mixfam/source.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mixfam::hdf5 {

/// "float64", "bool", "compound {age, income}".
std::string type_text(hid_t type);

/// How a number of the file is read: into `element`, whose memory type HDF5 calls `memory`.
struct NumericType {
  ElementType element;
  hid_t memory;
};
/// Integers up to 64 bits, floats, enumerations (by their codes) and bit fields (the booleans of PyTables).
std::optional<NumericType> numeric_type(hid_t type);

struct Member {
  std::string name;
  Handle type;
};
std::vector<Member> members(hid_t compound);
/// h5py and others store a complex number as a pair of floats.
bool is_complex(hid_t type);
bool is_string(hid_t type);

/// What a member of a table consists of: one value, or an array of them.
struct Elements {
  Handle type;
  Dimensions shape;  ///< empty for one value
  std::size_t count = 1;
};
/// Nothing where a row does not hold numbers or strings, or more than `most_elements`.
std::optional<Elements> readable_elements(hid_t member);
inline constexpr std::size_t most_elements = std::size_t{1} << 16;

/// The most distinct labels of a column: more are hardly categories.
inline constexpr std::size_t most_labels = 4096;
/// The code of R's NA among booleans, which hdf5r writes as the enumeration FALSE, TRUE, NA.
std::optional<std::int64_t> missing_code(hid_t type);
/// The names of an enumeration by value; empty for other types, for booleans, and where a value is negative or beyond
/// `most_labels`.
std::vector<std::string> enumeration_labels(hid_t type);

}  // namespace mixfam::hdf5
