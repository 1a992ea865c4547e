#include "output/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace mixfam::cli {

std::string joined(const std::vector<std::string>& parts, const std::string& separator) {
  std::string text;
  for (const std::string& part : parts) {
    if (&part != &parts.front()) text += separator;
    text += part;
  }
  return text;
}

std::string shape_text(const std::vector<std::size_t>& shape) {
  std::vector<std::string> extents;
  for (const std::size_t extent : shape) extents.push_back(std::to_string(extent));
  return joined(extents, " x ");
}

std::string printable(const std::string& text, std::size_t width) {
  std::string result;
  std::size_t characters = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool continues = (byte & 0xC0) == 0x80;
    if (!continues && ++characters > width) return result + "..";
    result += byte < 0x20 || byte == 0x7F ? '?' : c;
  }
  return result;
}

std::string wrapped(const std::string& text, std::size_t width, std::size_t indent) {
  std::string result;
  std::size_t begin = 0;
  for (std::size_t room = width; text.size() - begin > room; room = width - std::min(width, indent)) {
    // A word longer than a line has one of its own.
    std::size_t end = text.rfind(' ', begin + room);
    if (end == std::string::npos || end <= text.find_first_not_of(' ', begin)) end = text.find(' ', begin + room);
    if (end == std::string::npos) break;
    result += text.substr(begin, end - begin) + "\n" + std::string(indent, ' ');
    begin = end + 1;
  }
  return result + text.substr(begin) + "\n";
}

std::string format_nats(double value) {
  if (std::isnan(value)) return {};
  return std::abs(value) < 1e10 ? fmt::format("{:.5f}", value) : fmt::format("{:.15g}", value);
}

std::string format_small(double value) {
  if (std::isnan(value)) return {};
  return value == 0 ? "0" : fmt::format("{:.3e}", value);
}

std::string format_value(double value) { return format_digits(value, 6); }

std::string format_digits(double value, int significant_digits) {
  return fmt::format("{:.{}g}", value == 0 ? 0.0 : value, significant_digits);
}

std::string duration_text(double seconds) {
  if (seconds < 0.00995) return fmt::format("{:.2g} ms", 1000 * seconds);
  if (seconds < 0.9995) return fmt::format("{:.0f} ms", 1000 * seconds);
  if (seconds < 59.95) return fmt::format("{:.1f} s", seconds);
  const double minutes = std::floor(std::round(seconds) / 60);
  if (minutes < 60) return fmt::format("{:.0f} min {:.0f} s", minutes, std::round(seconds) - 60 * minutes);
  const double hours = std::floor(minutes / 60);
  return fmt::format("{:.0f} h {:.0f} min", hours, minutes - 60 * hours);
}

}  // namespace mixfam::cli
