#include "text_table.hpp"

#include <algorithm>
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

std::string TextTable::str() const {
  std::vector<std::size_t> widths;
  for (const std::string& header : headers_) widths.push_back(display_width(header));
  for (const Line& line : lines_) {
    if (line.remark) continue;
    for (std::size_t j = 0; j < line.cells.size(); ++j) widths[j] = std::max(widths[j], display_width(line.cells[j]));
  }
  std::string text = format({false, headers_}, widths);
  for (const Line& line : lines_) text += format(line, widths);
  return text;
}

std::string TextTable::format(const Line& line, const std::vector<std::size_t>& widths) const {
  std::string text;
  for (std::size_t j = 0; j < line.cells.size(); ++j) {
    const std::string& cell = line.cells[j];
    const std::size_t padding = line.remark ? 0 : widths[j] - display_width(cell);
    const bool left = alignments_[j] == Align::left;
    text.append(left ? 2 : 2 + padding, ' ').append(cell).append(left ? padding : 0, ' ');
  }
  trim_right(text);
  if (!text.empty()) text += '\n';
  return text;
}

}  // namespace mixfam::cli
