#pragma once

#include <string>

namespace mixfam::cli {

/// A message of the library, which names settings as in C++, with the options that stand for them: "`update = map`"
/// becomes "--update map", "`max_iterations`" becomes "--max-iterations". Other words in backticks stay as they are.
std::string as_typed(const std::string& message);

}  // namespace mixfam::cli
