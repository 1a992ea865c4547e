#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace mixfam::text {

/// What a cell holds.
struct Cell {
  enum class Kind {
    gap,      ///< empty, NA, N/A, NaN or null in any case of letters
    integer,  ///< a whole number of 64 bits without point and exponent
    real,     ///< any other number, infinity included
    beyond,   ///< a number too great or too small for double precision
    text,
  };
  Kind kind;
  std::int64_t integer = 0;
  double real = 0;  ///< also of an integer
};

/// The same in every locale.
Cell read_cell(std::string_view text);

/// Of TRUE, True, true, FALSE, False and false.
std::optional<bool> read_boolean(std::string_view text);

}  // namespace mixfam::text
