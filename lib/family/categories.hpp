#pragma once

#include "data/blocks.hpp"

#include <cstddef>
#include <string>
#include <vector>

/// The categories of columns of codes: for each column the sorted whole numbers >= 0 that it may hold.
namespace mixfam {

using CategoryLists = std::vector<std::vector<double>>;

/// The distinct values of the given columns, by one pass over the data, which ends soon after a value that is none.
/// Throws Error(data) naming source, row, column and value of the first that is negative, not whole or one too many.
CategoryLists find_categories(const std::string& family, const std::vector<std::size_t>& columns, const Rows& rows);

/// Categories declared by text, for all columns alike or for each apart, separated by ';':
///
///     column = count | entry { "|" entry }      entry = code | first ".." last
///
/// so that 3 stands for 0, 1, 2, and 0|5..7 for 0, 5, 6, 7. Throws Error(usage).
CategoryLists parse_categories(const std::string& family, const std::string& text, std::size_t columns);

/// The text that `parse_categories` takes back.
std::string categories_text(const CategoryLists& categories);

/// For people: "one of 4 categories 0, 5, 6, 7".
std::string categories_rule(const std::vector<double>& categories);

}  // namespace mixfam
