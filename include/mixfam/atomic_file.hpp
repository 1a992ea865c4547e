#pragma once

#include <mixfam/export.hpp>

#include <functional>
#include <string>
#include <string_view>

namespace mixfam {

/// Throws Error(write) when a file of this name could not be put in place: asked before a long computation.
MIXFAM_API void check_writable(const std::string& file);

/// Writes a file in one step: beside the target, synced, then renamed, and its folder synced, so that a full disk or a
/// kill leaves an older file whole. A symbolic link stays, and the file that it ends at is written; an older file's
/// permissions stay. Throws Error(write) naming the file and the cause.
MIXFAM_API void write_atomically(const std::string& file, std::string_view bytes);

/// The same for content that `write` puts into an existing empty file, which it is given the name of. Nothing is left
/// of that file when `write` throws.
MIXFAM_API void write_atomically(const std::string& file, const std::function<void(const std::string&)>& write);

}  // namespace mixfam
