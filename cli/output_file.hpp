#pragma once

#include <string>

namespace mixfam::cli {

/// Throws Error(write) when a file of this name could not be put in place: asked before a long computation.
void check_writable(const std::string& file);

/// Writes beside the target, syncs and renames, so that an older file stays whole when something fails.
/// Throws Error(write).
void write_atomically(const std::string& file, const std::string& content);

}  // namespace mixfam::cli
