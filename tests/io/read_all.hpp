#pragma once

#include "catch.hpp"
#include "io/test_file.hpp"

#include <mixfam/error.hpp>
#include <mixfam/hdf5.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <vector>

namespace mixfam {

template <class T>
void append(const Chunk& chunk, std::size_t columns, std::vector<double>& values) {
  const T* data = static_cast<const T*>(chunk.data);
  for (std::size_t n = 0; n < chunk.rows; ++n) {
    for (std::size_t d = 0; d < columns; ++d) {
      values.push_back(static_cast<double>(data[static_cast<std::ptrdiff_t>(n) * chunk.row_stride +
                                                static_cast<std::ptrdiff_t>(d) * chunk.column_stride]));
    }
  }
}

inline void append(const Chunk& chunk, std::size_t columns, std::vector<double>& values) {
  switch (chunk.type) {
    case ElementType::int8:
      return append<std::int8_t>(chunk, columns, values);
    case ElementType::uint8:
      return append<std::uint8_t>(chunk, columns, values);
    case ElementType::int16:
      return append<std::int16_t>(chunk, columns, values);
    case ElementType::uint16:
      return append<std::uint16_t>(chunk, columns, values);
    case ElementType::int32:
      return append<std::int32_t>(chunk, columns, values);
    case ElementType::uint32:
      return append<std::uint32_t>(chunk, columns, values);
    case ElementType::int64:
      return append<std::int64_t>(chunk, columns, values);
    case ElementType::uint64:
      return append<std::uint64_t>(chunk, columns, values);
    case ElementType::float32:
      return append<float>(chunk, columns, values);
    case ElementType::float64:
      return append<double>(chunk, columns, values);
  }
}

/// All rows, and that each chunk is where and as large as a source promises.
inline std::vector<double> read_all(Source& source, std::size_t granularity = 7) {
  source.rewind();
  std::vector<double> values;
  std::size_t row = 0;
  for (Chunk chunk = source.next(granularity); chunk.rows > 0; chunk = source.next(granularity)) {
    REQUIRE(chunk.first_row == row);
    row += chunk.rows;
    if (row < source.rows()) REQUIRE(chunk.rows % granularity == 0);
    append(chunk, source.columns(), values);
  }
  REQUIRE(row == source.rows());
  return values;
}

/// NaN, which stands for a gap, equals itself.
inline void check_equal(const std::vector<double>& values, const std::vector<double>& expected) {
  REQUIRE(values.size() == expected.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    INFO("value " << i << ": " << values[i] << ", expected " << expected[i]);
    CHECK((values[i] == expected[i] || (std::isnan(values[i]) && std::isnan(expected[i]))));
  }
}

inline const double gap = std::numeric_limits<double>::quiet_NaN();

inline std::string error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::data);
    return error.what();
  }
  FAIL("no error was thrown");
  return {};
}

/// What reading all rows of a location is refused with.
inline std::string error_of(const std::string& location, const Hdf5Options& options = {}) {
  return error_of([&] {
    Hdf5Source source(location, options);
    read_all(source);
  });
}

inline void check_says(const std::string& message, const std::vector<std::string>& parts) {
  INFO(message);
  for (const std::string& part : parts) {
    INFO("expected: " << part);
    CHECK(message.find(part) != std::string::npos);
  }
}

}  // namespace mixfam
