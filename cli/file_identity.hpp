#pragma once

#include <string>

namespace mixfam::cli {

/// Whether two names lead to one file, whatever the names: through links, hard or symbolic, and "..". Of files that do
/// not exist yet: whether they would be one.
bool same_file(const std::string& a, const std::string& b);

}  // namespace mixfam::cli
