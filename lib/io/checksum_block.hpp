#pragma once

#include <cstdint>
#include <string>
#include <string_view>

/// The 512 bytes in front of a model file: text that gives the length and the CRC-32 of all that follows, and zeros.
/// To HDF5 they are a user block, which it passes over.
namespace mixfam {

inline constexpr std::size_t checksum_block_size = 512;

/// The block that belongs in front of an HDF5 file in memory.
std::string checksum_block(std::string_view content);

/// Whether the file begins as such a block does.
bool has_checksum_block(const std::string& file);

/// Throws Error(data) when the file begins with such a block and any byte of the block or of what follows is another.
void verify_checksum_block(const std::string& file);

}  // namespace mixfam
