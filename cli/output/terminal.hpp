#pragma once

#include <cstddef>

namespace mixfam::cli {

/// Characters in a line of the terminal behind a stream; 80 where there is none.
std::size_t terminal_width(int descriptor);

}  // namespace mixfam::cli
