#include "io/text/number.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <system_error>

namespace mixfam::text {

namespace {

bool equal_in_lower_case(std::string_view text, std::string_view lower) {
  return std::equal(text.begin(), text.end(), lower.begin(), lower.end(),
                    [](char a, char b) { return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b; });
}

bool is_gap(std::string_view text) {
  if (text.empty()) return true;
  if (text[0] != 'n' && text[0] != 'N') return false;
  for (const std::string_view word : {"na", "n/a", "nan", "null"})
    if (equal_in_lower_case(text, word)) return true;
  return false;
}

}  // namespace

Cell read_cell(std::string_view text) {
  if (is_gap(text)) return {Cell::Kind::gap};
  const char* begin = text.data();
  const char* const end = begin + text.size();
  // std::from_chars knows no plus.
  if (*begin == '+' && text.size() > 1 && text[1] != '-') ++begin;
  Cell cell{Cell::Kind::integer};
  if (const auto [stop, error] = std::from_chars(begin, end, cell.integer); stop == end && error == std::errc()) {
    cell.real = static_cast<double>(cell.integer);
    return cell;
  }
  const auto [stop, error] = std::from_chars(begin, end, cell.real);
  if (stop != end || error == std::errc::invalid_argument) return {Cell::Kind::text};
  if (error != std::errc()) return {Cell::Kind::beyond};
  if (std::isnan(cell.real)) return {Cell::Kind::gap};
  cell.kind = Cell::Kind::real;
  return cell;
}

std::optional<bool> read_boolean(std::string_view text) {
  for (const std::string_view word : {"TRUE", "True", "true"})
    if (text == word) return true;
  for (const std::string_view word : {"FALSE", "False", "false"})
    if (text == word) return false;
  return std::nullopt;
}

}  // namespace mixfam::text
