#pragma once

#include <string>
#include <string_view>

namespace mixfam {

/// Whether bytes are text of UTF-8 (Unicode 15, table 3-7).
bool is_utf8(std::string_view text);

/// What stands in a file as a message shows it: in quotes, on one line, cut where it is long, UTF-8 whatever it was.
std::string in_quotes(std::string_view text);

}  // namespace mixfam
