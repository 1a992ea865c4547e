#include "factor_columns.hpp"

#include <algorithm>
#include <numeric>
#include <sstream>

namespace mixfam::cli {

namespace {

/// The numbers between the last parentheses of a factor of a specification, which a product always writes.
std::vector<std::size_t> columns_of(const std::string& factor) {
  std::vector<std::size_t> columns;
  const std::size_t open = factor.rfind('(');
  if (open == std::string::npos) return columns;
  std::istringstream list(factor.substr(open + 1, factor.rfind(')') - open - 1));
  for (std::string column; std::getline(list, column, ',');) columns.push_back(std::stoul(column));
  return columns;
}

/// Which factor a field belongs to: factors come in the order in which their names first appear among the parameters.
std::size_t factor_index(const Family& family, const std::string& factor) {
  std::vector<std::string> names;
  for (const Field& field : family.parameters().fields()) {
    const std::string name = field.name.substr(0, field.name.find('/'));
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  return static_cast<std::size_t>(std::find(names.begin(), names.end(), factor) - names.begin());
}

}  // namespace

std::vector<std::size_t> field_columns(const Family& family, const std::string& field) {
  std::vector<std::size_t> all(family.columns());
  std::iota(all.begin(), all.end(), std::size_t{0});
  const std::size_t slash = field.find('/');
  if (slash == std::string::npos) return all;
  std::istringstream spec(family.spec());
  std::string factor;
  for (std::size_t skip = factor_index(family, field.substr(0, slash)) + 1; skip > 0; --skip)
    if (!std::getline(spec, factor, '*')) return all;
  const std::vector<std::size_t> columns = columns_of(factor);
  return columns.empty() ? all : columns;
}

}  // namespace mixfam::cli
