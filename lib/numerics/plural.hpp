#pragma once

#include <cstddef>
#include <string>

namespace mixfam {

/// "1 row", "3 rows"; for nouns that take another ending than s, "2 categories".
inline std::string plural(std::size_t count, const std::string& noun, const std::string& nouns = "") {
  return std::to_string(count) + ' ' + (count == 1 ? noun : nouns.empty() ? noun + 's' : nouns);
}

}  // namespace mixfam
