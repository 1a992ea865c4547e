#include <mixfam/error.hpp>
#include <mixfam/slice.hpp>

#include <algorithm>
#include <charconv>
#include <string_view>
#include <vector>

namespace mixfam {

namespace {

std::vector<std::string_view> split_at_colons(std::string_view text) {
  std::vector<std::string_view> parts;
  for (std::size_t colon = text.find(':'); colon != std::string_view::npos; colon = text.find(':')) {
    parts.push_back(text.substr(0, colon));
    text.remove_prefix(colon + 1);
  }
  parts.push_back(text);
  return parts;
}

bool is_number(std::string_view text, std::int64_t& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

/// A bound of `size` things as a number from 0 to `size`.
std::size_t bounded(std::int64_t bound, std::size_t size) {
  const auto length = static_cast<std::int64_t>(size);
  if (bound < 0) bound = std::max<std::int64_t>(bound, -length) + length;
  return static_cast<std::size_t>(std::min(bound, length));
}

}  // namespace

Slice::Range Slice::of(std::size_t size) const {
  if (step < 1)
    throw Error(ErrorKind::usage,
                "a slice with the step " + std::to_string(step) + ": must be > 0, for what it takes is taken in order");
  const std::size_t first = bounded(begin.value_or(0), size);
  const std::size_t last = end ? bounded(*end, size) : size;
  const auto stride = static_cast<std::size_t>(step);
  return {first, first < last ? (last - first - 1) / stride + 1 : 0, stride};
}

std::optional<Slice> Slice::parse(const std::string& text) {
  const std::vector<std::string_view> parts = split_at_colons(text);
  if (parts.size() != 2 && parts.size() != 3) return std::nullopt;
  Slice slice;
  std::int64_t value = 0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].empty()) continue;
    if (!is_number(parts[i], value)) return std::nullopt;
    if (i == 0) slice.begin = value;
    if (i == 1) slice.end = value;
    if (i == 2) slice.step = value;
  }
  return slice;
}

}  // namespace mixfam
