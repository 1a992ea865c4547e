#pragma once

#include <string>
#include <vector>

namespace mixfam::cli {

/// "; did you mean X?" with the name that differs from `word` by so few letters that it may have been meant, counted as
/// letters inserted, left out, changed, or swapped with their neighbour (Damerau 1964); empty where no name does.
std::string suggestion(const std::string& word, const std::vector<std::string>& names);

}  // namespace mixfam::cli
