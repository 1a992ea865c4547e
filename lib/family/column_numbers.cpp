#include "family/column_numbers.hpp"

#include <mixfam/error.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace mixfam {

std::vector<double> parse_column_numbers(const std::string& family, const std::string& key, const std::string& text,
                                         std::size_t columns) {
  const auto refuse = [&](const std::string& what) {
    throw Error(ErrorKind::usage, "family '" + family + "': " + key + "=" + text + what);
  };
  std::vector<double> numbers;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(';', begin), text.size());
    double number = 0;
    const auto parsed = std::from_chars(text.data() + begin, text.data() + end, number);
    if (parsed.ec != std::errc() || parsed.ptr != text.data() + end || !std::isfinite(number))
      refuse(": '" + text.substr(begin, end - begin) +
             "' is not a finite number; separate those of several columns by ';'");
    numbers.push_back(number);
    begin = end + 1;
  }
  if (numbers.size() == 1) numbers.resize(columns, numbers.front());
  if (numbers.size() != columns)
    refuse(" is for " + std::to_string(numbers.size()) + " columns, but it has " + std::to_string(columns));
  return numbers;
}

}  // namespace mixfam
