#include "text.hpp"

#include <fmt/format.h>

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

std::string format_nats(double value) {
  if (std::isnan(value)) return {};
  return std::abs(value) < 1e10 ? fmt::format("{:.5f}", value) : fmt::format("{:.15g}", value);
}

std::string format_small(double value) {
  if (std::isnan(value)) return {};
  return value == 0 ? "0" : fmt::format("{:.3e}", value);
}

std::string format_value(double value) { return fmt::format("{:.6g}", value == 0 ? 0.0 : value); }

}  // namespace mixfam::cli
