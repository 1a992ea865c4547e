#pragma once

#include "io/byte_file.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace mixfam::text {

/// The records of a text of delimited cells as RFC 4180 has them, one at a time: lines of cells, which may stand in
/// quotes with a quote within doubled. Lines end in LF or CRLF, the last also without; lines without a character are
/// passed over, and a byte order mark is.
class Records {
 public:
  /// Throws Error(data), as all members do, naming file and line.
  Records(std::shared_ptr<const ByteFile> file, char delimiter);

  /// Goes to the next record. False: there is none.
  bool next();
  /// Of the record, without the quotes around them or, where there are none, the blanks. Valid until `next`.
  const std::vector<std::string_view>& cells() const { return cells_; }
  /// At which the record begins, from 1.
  std::size_t line() const { return line_; }
  void rewind();

  /// "file: line 12".
  std::string where() const { return where(line_); }

 private:
  std::string where(std::size_t line) const;
  [[noreturn]] void refuse(const char* at, const std::string& rule) const;
  bool fill();
  bool find_end();
  void split(char* begin, char* end);
  void split_quoted(char* begin, char* end);
  void add_bare(const char* begin, const char* end);

  std::shared_ptr<const ByteFile> file_;
  char delimiter_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;  ///< of the record after the one at hand
  std::size_t end_ = 0;    ///< of what was read
  std::uint64_t read_ = 0;
  std::size_t record_end_ = 0;
  std::size_t record_lines_ = 0;
  std::size_t line_ = 0;
  std::size_t next_line_ = 1;
  std::vector<std::string_view> cells_;
};

/// The character that the first line has most of outside of quotes: a comma, tab or semicolon; a comma where it has
/// none.
char find_delimiter(const ByteFile& file);

}  // namespace mixfam::text
