#pragma once

#include <mixfam/prior.hpp>

#include <string>
#include <vector>

namespace mixfam {

/// "components 1 and 3: <reason>; component 2: ..", each reason once, with the names that the source has for its
/// columns.
std::string describe(const std::vector<Degeneracy>& degenerate, const Source& source);

/// What to try when no parameters fit, as the end of a message: "use a prior (`update = map`, `prior = default`)".
std::string remedy(const std::vector<Degeneracy>& degenerate, const Groups& groups, const Prior& prior);

}  // namespace mixfam
