#include "io/checksum_block.hpp"

#include <mixfam/error.hpp>

#include <boost/crc.hpp>

#include <array>
#include <charconv>
#include <cstdio>
#include <fstream>
#include <vector>

namespace mixfam {
namespace {

constexpr std::string_view first_words = "mixfam model file\n";
constexpr std::string_view length_word = "bytes ";

using Crc32 = boost::crc_32_type;

std::string block_text(std::uint64_t length, Crc32::value_type crc) {
  std::array<char, 9> hex = {};
  std::snprintf(hex.data(), hex.size(), "%08x", static_cast<unsigned>(crc));
  std::string block(first_words);
  block.append(length_word).append(std::to_string(length)).append("\ncrc32 ").append(hex.data());
  block += "\nHDF5 follows from byte 512 on; docs/file_format.md tells how to edit it\n";
  block.resize(checksum_block_size, '\0');
  return block;
}

std::string read_block(std::ifstream& stream) {
  std::string block(checksum_block_size, '\0');
  stream.read(block.data(), static_cast<std::streamsize>(block.size()));
  block.resize(static_cast<std::size_t>(stream.gcount()));
  return block;
}

bool begins_as_a_block(const std::string& block) { return block.compare(0, first_words.size(), first_words) == 0; }

std::uint64_t length_in(const std::string& block) {
  std::uint64_t length = 0;
  const std::size_t at = first_words.size() + length_word.size();
  if (block.size() > at) std::from_chars(block.data() + at, block.data() + block.size(), length);
  return length;
}

}  // namespace

std::string checksum_block(std::string_view content) {
  Crc32 crc;
  crc.process_bytes(content.data(), content.size());
  return block_text(content.size(), crc.checksum());
}

bool has_checksum_block(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  return begins_as_a_block(read_block(stream));
}

void verify_checksum_block(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  const std::string block = read_block(stream);
  if (!begins_as_a_block(block)) return;
  Crc32 crc;
  std::uint64_t length = 0;
  std::vector<char> piece(std::size_t{1} << 20);
  while (stream.read(piece.data(), static_cast<std::streamsize>(piece.size())), stream.gcount() > 0) {
    crc.process_bytes(piece.data(), static_cast<std::size_t>(stream.gcount()));
    length += static_cast<std::uint64_t>(stream.gcount());
  }
  if (block == block_text(length, crc.checksum())) return;
  const std::string reason = length_in(block) > length
                                 ? "it is truncated: it has " + std::to_string(block.size() + length) + " of " +
                                       std::to_string(checksum_block_size + length_in(block)) + " bytes"
                                 : "its bytes are not those that were saved: the checksum differs";
  throw Error(ErrorKind::data, "cannot read '" + file + "': " + reason +
                                   "; copy or download it again. If it was edited or repacked on purpose, take the "
                                   "checksum off: tail -c +" +
                                   std::to_string(checksum_block_size + 1) + " '" + file + "' > edited.h5");
}

}  // namespace mixfam
