#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace mixfam {

/// A regular file read at any place.
class ByteFile {
 public:
  /// Throws Error(data) with the cause: missing, not readable, a directory, a pipe.
  explicit ByteFile(const std::string& name);
  /// An empty file without a name among the temporary ones, to be written and then read. Throws Error(write).
  ByteFile();
  ByteFile(const ByteFile&) = delete;
  ByteFile& operator=(const ByteFile&) = delete;
  ~ByteFile();

  const std::string& name() const { return name_; }
  std::uint64_t size() const { return size_; }

  /// Reads as many bytes as there are from `offset`, `count` at most, and returns how many. Throws Error(data).
  std::size_t read_some(std::uint64_t offset, std::size_t count, void* target) const;
  /// Throws Error(write).
  void append(const void* bytes, std::size_t count);

 private:
  std::string name_;
  int descriptor_ = -1;
  std::uint64_t size_ = 0;
};

/// A stretch of a file that stands for one itself.
struct ByteRange {
  std::shared_ptr<const ByteFile> file;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  std::string where;  ///< what messages call it

  /// Throws Error(data) where the range ends before.
  void read(std::uint64_t at, std::size_t count, void* target) const;
};

}  // namespace mixfam
