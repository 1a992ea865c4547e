#include "io/numpy/archive.hpp"

#include "io/utf8.hpp"

#include <mixfam/error.hpp>

#include <zlib.h>
#include <algorithm>

namespace mixfam::numpy {

namespace {

constexpr std::size_t block_bytes = std::size_t{1} << 20;

using Bytes = std::vector<unsigned char>;

[[noreturn]] void refuse(const std::string& where, const std::string& cause) {
  throw Error(ErrorKind::data, where + ": " + cause);
}

std::uint64_t number(const unsigned char* bytes, std::size_t count) {
  std::uint64_t value = 0;
  for (std::size_t i = count; i-- > 0;) value = value << 8 | bytes[i];
  return value;
}

Bytes read(const ByteFile& file, std::uint64_t offset, std::size_t count) {
  Bytes bytes(count);
  if (offset > file.size() || count > file.size() - offset || file.read_some(offset, count, bytes.data()) != count)
    refuse(file.name(), "is a damaged archive: it is cut short; copy or download it again");
  return bytes;
}

struct Directory {
  std::uint64_t offset;
  std::uint64_t bytes;
};

/// From the record at the end of the archive, behind which a comment may stand.
Directory find_directory(const ByteFile& file) {
  constexpr std::size_t record = 22;
  constexpr std::size_t longest_comment = 65535;
  constexpr std::size_t locator = 20;
  const std::size_t tail_bytes =
      static_cast<std::size_t>(std::min<std::uint64_t>(file.size(), record + longest_comment + locator));
  const std::uint64_t tail_offset = file.size() - tail_bytes;
  const Bytes tail = read(file, tail_offset, tail_bytes);
  for (std::size_t at = tail_bytes < record ? 0 : tail_bytes - record + 1; at-- > 0;) {
    if (number(&tail[at], 4) != 0x06054b50) continue;
    Directory directory{number(&tail[at + 16], 4), number(&tail[at + 12], 4)};
    if (at >= locator && number(&tail[at - locator], 4) == 0x07064b50) {
      const Bytes wide = read(file, number(&tail[at - locator + 8], 8), 56);
      if (number(wide.data(), 4) != 0x06064b50) break;
      directory = {number(&wide[48], 8), number(&wide[40], 8)};
    }
    return directory;
  }
  refuse(file.name(), "is a damaged archive: its directory is missing; copy or download it again");
}

/// Sizes of 64 bits stand in an extra field, in this order, where those of 32 bits are full.
void widen(Entry& entry, const unsigned char* extra, std::size_t bytes) {
  constexpr std::uint64_t full = 0xffffffff;
  while (bytes >= 4) {
    const std::size_t size = number(extra + 2, 2);
    if (size > bytes - 4) return;
    if (number(extra, 2) == 1) {
      const unsigned char* value = extra + 4;
      const unsigned char* const end = value + size;
      for (std::uint64_t* wide : {&entry.bytes, &entry.packed, &entry.offset}) {
        if (*wide != full || end - value < 8) continue;
        *wide = number(value, 8);
        value += 8;
      }
    }
    extra += 4 + size;
    bytes -= 4 + size;
  }
}

/// Where the packed bytes begin.
std::uint64_t data_offset(const ByteFile& file, const Entry& entry, const std::string& where) {
  const Bytes header = read(file, entry.offset, 30);
  if (number(header.data(), 4) != 0x04034b50) refuse(where, "is damaged: its header is missing");
  const std::uint64_t offset = entry.offset + 30 + number(&header[26], 2) + number(&header[28], 2);
  if (offset > file.size() || entry.packed > file.size() - offset) refuse(where, "is damaged: it is cut short");
  return offset;
}

/// A decompressor that is given back.
class Inflation {
 public:
  Inflation() {
    // Without the frame of zlib.
    if (inflateInit2(&stream_, -MAX_WBITS) != Z_OK) throw std::bad_alloc();
  }
  Inflation(const Inflation&) = delete;
  Inflation& operator=(const Inflation&) = delete;
  ~Inflation() { inflateEnd(&stream_); }
  z_stream& stream() { return stream_; }

 private:
  z_stream stream_ = {};
};

std::shared_ptr<const ByteFile> unpacked(const ByteRange& packed, const Entry& entry,
                                         const std::function<void()>& after_block) {
  const auto target = std::make_shared<ByteFile>();
  Inflation inflation;
  z_stream& stream = inflation.stream();
  Bytes in(block_bytes);
  Bytes out(block_bytes);
  int status = Z_OK;
  for (std::uint64_t at = 0; status == Z_OK && at < packed.size;) {
    const std::size_t count = static_cast<std::size_t>(std::min<std::uint64_t>(in.size(), packed.size - at));
    packed.read(at, count, in.data());
    at += count;
    stream.next_in = in.data();
    stream.avail_in = static_cast<uInt>(count);
    do {
      stream.next_out = out.data();
      stream.avail_out = static_cast<uInt>(out.size());
      status = inflate(&stream, Z_NO_FLUSH);
      const std::size_t got = out.size() - stream.avail_out;
      if (got > entry.bytes - target->size()) refuse(packed.where, "is damaged: it unpacks to more than it should");
      target->append(out.data(), got);
    } while (status == Z_OK && stream.avail_out == 0);
    if (status == Z_BUF_ERROR) status = Z_OK;  // all that there was is used
    if (after_block) after_block();
  }
  if (status != Z_STREAM_END || target->size() != entry.bytes)
    refuse(packed.where, "is damaged: it cannot be unpacked");
  return target;
}

void check_sum(const ByteRange& range, const Entry& entry) {
  Bytes block(block_bytes);
  uLong sum = crc32(0, nullptr, 0);
  for (std::uint64_t at = 0; at < range.size;) {
    const std::size_t count = static_cast<std::size_t>(std::min<std::uint64_t>(block.size(), range.size - at));
    range.read(at, count, block.data());
    sum = crc32(sum, block.data(), static_cast<uInt>(count));
    at += count;
  }
  if (sum != entry.checksum) refuse(range.where, "is damaged: its checksum differs; copy or download it again");
}

}  // namespace

std::vector<Entry> list_arrays(const ByteFile& file) {
  const Directory place = find_directory(file);
  if (place.offset > file.size() || place.bytes > file.size() - place.offset)
    refuse(file.name(), "is a damaged archive: its directory is cut short");
  const Bytes directory = read(file, place.offset, static_cast<std::size_t>(place.bytes));
  std::vector<Entry> entries;
  constexpr std::size_t fixed = 46;
  for (std::size_t at = 0; at + fixed <= directory.size();) {
    const unsigned char* const record = &directory[at];
    const std::size_t name_bytes = number(record + 28, 2);
    const std::size_t extra_bytes = number(record + 30, 2);
    const std::size_t bytes = fixed + name_bytes + extra_bytes + number(record + 32, 2);
    if (number(record, 4) != 0x02014b50 || bytes > directory.size() - at)
      refuse(file.name(), "is a damaged archive: its directory has no entry at byte " + std::to_string(at));
    Entry entry;
    entry.name.assign(reinterpret_cast<const char*>(record) + fixed, name_bytes);
    entry.method = number(record + 8, 2) & 1 ? ~0U : static_cast<unsigned>(number(record + 10, 2));
    entry.checksum = static_cast<std::uint32_t>(number(record + 16, 4));
    entry.packed = number(record + 20, 4);
    entry.bytes = number(record + 24, 4);
    entry.offset = number(record + 42, 4);
    widen(entry, record + fixed + name_bytes, extra_bytes);
    at += bytes;
    constexpr std::string_view suffix = ".npy";
    if (entry.name.size() <= suffix.size() || entry.name.substr(entry.name.size() - suffix.size()) != suffix) continue;
    entry.name.resize(entry.name.size() - suffix.size());
    entries.push_back(std::move(entry));
  }
  return entries;
}

ByteRange open_entry(const std::shared_ptr<const ByteFile>& file, const Entry& entry,
                     const std::function<void()>& after_block) {
  const std::string where = file->name() + ": array " + in_quotes(entry.name);
  if (entry.method != Z_DEFLATED && entry.method != 0)
    refuse(where, "is encrypted or compressed in a way that NumPy does not write (must be stored or deflated)");
  ByteRange range{file, data_offset(*file, entry, where), entry.packed, where};
  if (entry.method == Z_DEFLATED) {
    range.file = unpacked(range, entry, after_block);
    range.offset = 0;
    range.size = entry.bytes;
  }
  check_sum(range, entry);
  return range;
}

}  // namespace mixfam::numpy
