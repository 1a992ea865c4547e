#pragma once

#include <mixfam/enum_names.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace mixfam::cli {

/// The names of an enumeration.
template <class Enum>
std::vector<std::string> names_of() {
  std::vector<std::string> names;
  for (const EnumName<Enum>& each : EnumNames<Enum>::all) names.push_back(each.name);
  return names;
}

std::string joined(const std::vector<std::string>& parts, const std::string& separator);

/// "272 x 2"; empty for a scalar.
std::string shape_text(const std::vector<std::size_t>& shape);

/// Text from a file or a user made fit for a terminal: control characters become '?', and what is longer than `width`
/// is cut.
std::string printable(const std::string& text, std::size_t width = 60);

/// Words in lines of at most `width` characters where words allow it; all lines but the first begin with `indent`
/// spaces. Ends in a line break.
std::string wrapped(const std::string& text, std::size_t width, std::size_t indent);

/// A log likelihood or another number of nats, five digits behind the point; empty for NaN.
std::string format_nats(double value);
/// A small quantity that spans many powers of ten; empty for NaN.
std::string format_small(double value);
/// A parameter, six significant digits.
std::string format_value(double value);
std::string format_digits(double value, int significant_digits);
/// Seconds for people: "12 ms", "3.4 s", "5 min 12 s", "3 h 20 min".
std::string duration_text(double seconds);

}  // namespace mixfam::cli
