#pragma once

#include <mixfam/export.hpp>
#include <mixfam/source.hpp>

#include <cstddef>

namespace mixfam {

/// Copies a column of a chunk as doubles to `target`, each `stride` doubles from the one before.
MIXFAM_API void copy_column(const Chunk& chunk, std::size_t column, double* target, std::ptrdiff_t stride = 1);

}  // namespace mixfam
