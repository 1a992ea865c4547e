#include "io/hdf5/pickled_list.hpp"

#include <charconv>
#include <cstdint>
#include <map>
#include <optional>

namespace mixfam::hdf5 {

namespace {

void append_utf8(std::string& text, std::uint32_t code) {
  const auto put = [&](std::uint32_t byte) { text += static_cast<char>(byte); };
  const auto tail = [&](unsigned shift) { put(0x80U | (code >> shift & 0x3FU)); };
  if (code < 0x80) return put(code);
  if (code < 0x800) {
    put(0xC0U | code >> 6);
  } else if (code < 0x10000) {
    put(0xE0U | code >> 12);
    tail(6);
  } else {
    put(0xF0U | (code >> 18 & 7U));
    tail(12);
    tail(6);
  }
  tail(0);
}

/// Python's raw-unicode-escape: Latin-1, and \uXXXX and \UXXXXXXXX for all else.
std::string unescaped(std::string_view line) {
  std::string text;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const std::size_t digits = line.substr(i, 2) == "\\u" ? 4 : line.substr(i, 2) == "\\U" ? 8 : 0;
    std::uint32_t code = static_cast<unsigned char>(line[i]);
    if (digits > 0 && i + 2 + digits <= line.size()) {
      const char* begin = line.data() + i + 2;
      if (std::from_chars(begin, begin + digits, code, 16).ptr == begin + digits) i += 1 + digits;
    }
    append_utf8(text, code);
  }
  return text;
}

}  // namespace

std::vector<std::string> pickled_list(std::string_view pickle) {
  if (pickle.substr(0, 2) != "(l") return {};
  pickle.remove_prefix(2);
  std::vector<std::string> list;
  std::map<std::string, std::string, std::less<>> memo;
  std::optional<std::string> top;  // nothing means the list
  while (!pickle.empty()) {
    const char operation = pickle.front();
    pickle.remove_prefix(1);
    if (operation == '.') return top ? std::vector<std::string>{} : list;
    if (operation == 'a') {
      if (!top) return {};
      list.push_back(*top);
      top.reset();
      continue;
    }
    const std::size_t end = pickle.find('\n');
    if (end == std::string_view::npos) return {};
    const std::string_view line = pickle.substr(0, end);
    pickle.remove_prefix(end + 1);
    if (operation == 'p') {
      if (top) memo.insert_or_assign(std::string(line), *top);
    } else if (top) {
      return {};
    } else if (operation == 'V') {
      top = unescaped(line);
    } else if (operation == 'I' || operation == 'F') {
      top = std::string(line);
    } else if (operation == 'L') {
      top = std::string(line.substr(0, line.find('L')));
    } else if (operation == 'g') {
      const auto known = memo.find(line);
      if (known == memo.end()) return {};
      top = known->second;
    } else {
      return {};
    }
  }
  return {};
}

}  // namespace mixfam::hdf5
