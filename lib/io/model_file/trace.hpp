#pragma once

#include "io/model_file/image.hpp"
#include "io/model_file/reader.hpp"

#include <mixfam/trace.hpp>

namespace mixfam::model_file {

/// The group `/trace`; none for an empty trace.
void put_trace(Image& image, const Trace& trace);
/// Empty where there is no such group. Throws Error(data).
Trace read_trace(const Reader& reader);

}  // namespace mixfam::model_file
