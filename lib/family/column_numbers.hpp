#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace mixfam {

/// A finite number for each column, separated by ';', or one for all: the value of the option `key` of a family.
/// Throws Error(usage).
std::vector<double> parse_column_numbers(const std::string& family, const std::string& key, const std::string& text,
                                         std::size_t columns);

}  // namespace mixfam
