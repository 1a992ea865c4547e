#pragma once

#include "io/byte_file.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace mixfam::numpy {

/// A file of a ZIP archive.
struct Entry {
  std::string name;          ///< without ".npy"
  std::uint64_t offset = 0;  ///< of its local header
  std::uint64_t packed = 0;
  std::uint64_t bytes = 0;
  std::uint32_t checksum = 0;
  unsigned method = 0;
};

/// The arrays of an archive, in its order (PKWARE, APPNOTE.TXT 6.3.10, with sizes of 64 bits). Throws Error(data).
std::vector<Entry> list_arrays(const ByteFile& file);

/// The bytes of an array: where they lie, or, of a deflated one, unpacked into a temporary file. Throws Error(data)
/// where they are damaged or packed in another way.
ByteRange open_entry(const std::shared_ptr<const ByteFile>& file, const Entry& entry,
                     const std::function<void()>& after_block);

}  // namespace mixfam::numpy
