#pragma once

#include "io/hdf5/handles.hpp"

#include <cstdint>
#include <optional>
#include <string>

/// What a file says of the storage of a data set, held against itself: most of it has no checksum.
namespace mixfam::hdf5 {

/// Throws Error(data) where a data set claims more values than `stored` bytes of any file could hold.
void require_plausible_size(hid_t dataset, std::uint64_t stored, const std::string& where);

/// Throws Error(data) where the record of a chunk leaves out filters that no writer leaves out, has a size that no such
/// chunk has, or is not where reading looks for it: other numbers would be read, or the fill value. Looks at the first
/// 1024 chunks, since HDF5 1.10 finds the record of a chunk by counting.
void require_sound_chunks(hid_t dataset, hid_t creation, const std::string& where);

/// A warning where rows were never written, so that they read as the fill value.
std::optional<std::string> unwritten_rows(hid_t dataset, hid_t creation, const std::string& where);

}  // namespace mixfam::hdf5
