#pragma once

#include "io/model_file/reader.hpp"

#include <cstdint>

namespace mixfam::model_file {

constexpr std::int64_t format_version = 1;

/// Throws Error(data) for a file of a version that is not read here; one made by hand may leave it out.
void require_known_version(const Reader& reader);

}  // namespace mixfam::model_file
