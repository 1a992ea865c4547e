#include "output/text_table.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

namespace mixfam::cli {

namespace {

/// Characters, not bytes: UTF-8 continuation bytes take no place.
std::size_t display_width(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

void trim_right(std::string& text) { text.erase(text.find_last_not_of(' ') + 1); }

}  // namespace

void TextTable::add_column(std::string header, Align align) {
  headers_.push_back(std::move(header));
  alignments_.push_back(align);
}

void TextTable::add_row(std::vector<std::string> cells) { lines_.push_back({false, std::move(cells)}); }

void TextTable::add_remark(std::string text) { lines_.push_back({true, {std::move(text)}}); }

std::string TextTable::str() const { return str(std::numeric_limits<std::size_t>::max(), 0); }

std::string TextTable::str(std::size_t width, std::size_t key_columns) const {
  const std::vector<std::size_t> wide = widths();
  const auto place = [&](std::size_t column) { return 2 + wide[column]; };
  std::vector<std::size_t> keys(std::min(key_columns, headers_.size()));
  std::iota(keys.begin(), keys.end(), std::size_t{0});
  const std::size_t width_of_keys =
      std::accumulate(keys.begin(), keys.end(), std::size_t{0},
                      [&](std::size_t sum, std::size_t column) { return sum + place(column); });
  std::string text;
  std::size_t next = keys.size();
  do {
    std::vector<std::size_t> columns = keys;
    for (std::size_t used = width_of_keys; next < headers_.size(); ++next) {
      used += place(next);
      if (columns.size() > keys.size() && used > width) break;
      columns.push_back(next);
    }
    if (!text.empty()) text += '\n';
    text += format(wide, columns);
  } while (next < headers_.size());
  return text;
}

std::vector<std::size_t> TextTable::widths() const {
  std::vector<std::size_t> widths;
  for (const std::string& header : headers_) widths.push_back(display_width(header));
  for (const Line& line : lines_) {
    if (line.remark) continue;
    for (std::size_t j = 0; j < line.cells.size(); ++j) widths[j] = std::max(widths[j], display_width(line.cells[j]));
  }
  return widths;
}

std::string TextTable::format(const std::vector<std::size_t>& widths, const std::vector<std::size_t>& columns) const {
  std::string text = format({false, headers_}, widths, columns);
  for (const Line& line : lines_) text += format(line, widths, columns);
  return text;
}

std::string TextTable::format(const Line& line, const std::vector<std::size_t>& widths,
                              const std::vector<std::size_t>& columns) const {
  std::string text;
  if (line.remark) return "  " + line.cells.front() + "\n";
  for (const std::size_t j : columns) {
    if (j >= line.cells.size()) continue;
    const std::string& cell = line.cells[j];
    const std::size_t padding = widths[j] - display_width(cell);
    const bool left = alignments_[j] == Align::left;
    text.append(left ? 2 : 2 + padding, ' ').append(cell).append(left ? padding : 0, ' ');
  }
  trim_right(text);
  if (!text.empty()) text += '\n';
  return text;
}

}  // namespace mixfam::cli
