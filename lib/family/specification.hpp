#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

/// Specifications of families as text, taken apart (Registry::make_groups has the grammar). All of it throws
/// Error(usage) for text that is none.
namespace mixfam {

/// Whether it is made of letters, digits and underscores, and begins with no digit.
bool is_name(const std::string& text);

/// "a, b, c"
std::string listed(const std::vector<std::string>& parts);

/// The parts between separators, without the blanks around them.
std::vector<std::string> split(const std::string& text, char separator);

/// One factor of a specification, taken apart: a product in parentheses, or a name with options.
struct FactorSpec {
  std::optional<std::string> product;
  std::string name;
  std::map<std::string, std::string> options;
  std::optional<std::vector<std::string>> columns;
};

/// The factors of a product: what stands between stars outside of parentheses.
std::vector<std::string> split_factors(const std::string& text);
FactorSpec parse_factor(const std::string& text);

/// The number of a column, given by that or by its name.
std::size_t find_column(const std::string& text, std::size_t columns, const std::vector<std::string>& names);

/// A group of a specification, taken apart.
struct GroupSpec {
  std::string family;
  std::optional<std::size_t> components;
};

/// The groups of a mixture: what stands between plus signs outside of parentheses.
std::vector<GroupSpec> split_groups(const std::string& text);

/// Gives the group without a number of components what the others leave.
void count_components(std::vector<GroupSpec>& groups, std::optional<std::size_t> components, const std::string& spec);

}  // namespace mixfam
