#include "io/hdf5/text.hpp"

#include <algorithm>

namespace mixfam::hdf5 {

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

}  // namespace mixfam::hdf5
