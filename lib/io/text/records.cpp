#include "io/text/records.hpp"

#include <mixfam/error.hpp>

#include <algorithm>
#include <cstring>
#include <utility>

namespace mixfam::text {

namespace {

constexpr std::size_t block_bytes = std::size_t{1} << 20;
/// Beyond this a quote was hardly meant to be open.
constexpr std::size_t longest_record = std::size_t{64} << 20;
constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

char* find(char* begin, char* end, char c) {
  if (begin == end) return end;
  auto* found = static_cast<char*>(std::memchr(begin, c, static_cast<std::size_t>(end - begin)));
  return found ? found : end;
}

}  // namespace

Records::Records(std::shared_ptr<const ByteFile> file, char delimiter)
    : file_(std::move(file)), delimiter_(delimiter), buffer_(block_bytes) {
  rewind();
}

void Records::rewind() {
  begin_ = 0;
  end_ = 0;
  read_ = 0;
  line_ = 0;
  next_line_ = 1;
  cells_.clear();
  std::string mark(byte_order_mark.size(), '\0');
  if (file_->read_some(0, mark.size(), mark.data()) == mark.size() && mark == byte_order_mark) read_ = mark.size();
}

std::string Records::where(std::size_t line) const { return file_->name() + ": line " + std::to_string(line); }

/// `at`: where in the record.
void Records::refuse(const char* at, const std::string& rule) const {
  const char* const begin = buffer_.data() + begin_;
  throw Error(ErrorKind::data, where(next_line_ + static_cast<std::size_t>(std::count(begin, at, '\n'))) + ": " + rule);
}

/// Reads more behind what the buffer holds from `begin_` on, which moves to its front. False: the file ends here.
bool Records::fill() {
  std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
  end_ -= begin_;
  begin_ = 0;
  if (end_ == buffer_.size()) {
    if (end_ >= longest_record)
      refuse(buffer_.data(), "is longer than " + std::to_string(longest_record >> 20) +
                                 " MiB; is a quote not closed, or is this no text of lines?");
    buffer_.resize(2 * buffer_.size());
  }
  const std::size_t got = file_->read_some(read_, buffer_.size() - end_, buffer_.data() + end_);
  read_ += got;
  end_ += got;
  return got > 0;
}

/// The line end outside of quotes, which the record goes to. False: there is nothing more.
bool Records::find_end() {
  std::size_t searched = 0;  // from `begin_`
  bool open = false;
  std::size_t opened_at = 0;
  record_lines_ = 0;
  for (;;) {
    char* const from = buffer_.data() + begin_ + searched;
    char* const end = buffer_.data() + end_;
    char* const line_end = find(from, end, '\n');
    for (char* quote = find(from, line_end, '"'); quote != line_end; quote = find(quote + 1, line_end, '"')) {
      open = !open;
      if (open) opened_at = static_cast<std::size_t>(quote - buffer_.data()) - begin_;
    }
    searched = static_cast<std::size_t>(line_end - buffer_.data()) - begin_;
    if (line_end != end) {
      ++searched;
      ++record_lines_;
      if (open) continue;
      record_end_ = begin_ + searched - 1;
      return true;
    }
    if (fill()) continue;
    if (open) refuse(buffer_.data() + begin_ + opened_at, "a quote is opened and never closed");
    record_end_ = end_;
    return end_ > begin_;
  }
}

bool Records::next() {
  for (;;) {
    if (!find_end()) return false;
    char* const begin = buffer_.data() + begin_;
    char* end = buffer_.data() + record_end_;
    if (end > begin && end[-1] == '\r') --end;
    const bool blank = begin == end;
    if (!blank) split(begin, end);
    line_ = next_line_;
    next_line_ += record_lines_;
    begin_ = std::min(record_end_ + 1, end_);
    if (!blank) return true;
  }
}

void Records::split(char* begin, char* end) {
  if (const char* zero = find(begin, end, '\0'); zero != end)
    refuse(zero, "has a byte of 0, which no text has; is this a text of UTF-8 or ASCII?");
  cells_.clear();
  if (find(begin, end, '"') != end) {
    split_quoted(begin, end);
    return;
  }
  if (const char* lone = find(begin, end, '\r'); lone != end)
    refuse(lone, "has a carriage return without a line feed; convert the line ends, as by: tr '\\r' '\\n'");
  for (char* cell = begin;; ++cell) {
    char* const cell_end = find(cell, end, delimiter_);
    add_bare(cell, cell_end);
    if (cell_end == end) return;
    cell = cell_end;
  }
}

void Records::add_bare(const char* begin, const char* end) {
  const auto blank = [&](char c) { return (c == ' ' || c == '\t') && c != delimiter_; };
  while (begin < end && blank(*begin)) ++begin;
  while (begin < end && blank(end[-1])) --end;
  cells_.emplace_back(begin, static_cast<std::size_t>(end - begin));
}

/// Doubled quotes are made single where they lie.
void Records::split_quoted(char* begin, char* end) {
  for (char* cell = begin;; ++cell) {
    char* cell_end = nullptr;
    if (cell < end && *cell == '"') {
      char* from = cell + 1;
      char* to = from;
      for (;;) {
        char* const quote = find(from, end, '"');
        std::memmove(to, from, static_cast<std::size_t>(quote - from));
        to += quote - from;
        if (quote == end) refuse(cell, "a quote is opened and never closed");
        cell_end = quote + 1;
        if (cell_end == end || *cell_end != '"') break;
        *to++ = '"';
        from = cell_end + 1;
      }
      if (cell_end != end && *cell_end != delimiter_)
        refuse(cell_end,
               "there is text behind a closing quote; a quote within a cell is doubled, as in \"5\"\" disk\"");
      cells_.emplace_back(cell + 1, static_cast<std::size_t>(to - cell - 1));
    } else {
      cell_end = find(cell, end, delimiter_);
      if (const char* quote = find(cell, cell_end, '"'); quote != cell_end)
        refuse(quote,
               "there is a quote within a cell that does not begin with one; put the cell in quotes and double "
               "those within, as in \"5\"\" disk\"");
      add_bare(cell, cell_end);
    }
    if (cell_end == end) return;
    cell = cell_end;
  }
}

char find_delimiter(const ByteFile& file) {
  std::vector<char> start(std::size_t{1} << 16);
  start.resize(file.read_some(0, start.size(), start.data()));
  constexpr std::string_view candidates = ",\t;";
  std::size_t counts[candidates.size()] = {};
  bool open = false;
  bool any = false;
  for (const char c : start) {
    if (c == '"') open = !open;
    if (open) continue;
    if (c == '\n' && any) break;
    any = any || (c != '\n' && c != '\r');
    if (const std::size_t which = candidates.find(c); which != std::string_view::npos) ++counts[which];
  }
  return candidates[static_cast<std::size_t>(std::max_element(std::begin(counts), std::end(counts)) - counts)];
}

}  // namespace mixfam::text
