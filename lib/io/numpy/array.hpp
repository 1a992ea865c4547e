#pragma once

#include "io/byte_file.hpp"
#include "io/hdf5/handles.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace mixfam::numpy {

/// The numbers of a column, or of all columns of a plain array.
struct Field {
  std::string name;  ///< of a structured array
  std::size_t offset = 0;
  std::size_t bytes = 0;
  bool is_float = false;
  bool is_big_endian = false;
  hdf5::Handle type;      ///< as they lie in the file
  std::string type_text;  ///< "float64"
};

/// What the header of a file .npy says.
struct Array {
  std::vector<Field> fields;  ///< one without a name where the array is plain
  std::size_t item_bytes = 0;
  bool by_columns = false;  ///< in Fortran's order
  std::size_t rows = 0;
  std::size_t columns = 0;  ///< of a plain array
  std::uint64_t data = 0;   ///< where the values begin

  bool is_structured() const { return !fields[0].name.empty(); }
};

/// Throws Error(data) naming the file and what is not as it should be: no header, a header that is damaged, values that
/// are no numbers, more than 2 dimensions, no rows or columns, fewer bytes than the shape needs.
Array read_array(const ByteRange& range);

/// Whether a float of the file is NaN.
bool is_nan(const Field& field, const std::byte* value);

}  // namespace mixfam::numpy
