#include "family/declared_columns.hpp"

#include "family/specification.hpp"

#include <numeric>
#include <string>

namespace mixfam {

namespace {

std::vector<double> numbers_for(const std::string& text, std::size_t columns) {
  std::vector<double> numbers;
  for (const std::string& one : split(text, ';')) numbers.push_back(std::stod(one));
  if (numbers.size() == 1) numbers.resize(columns, numbers.front());
  return numbers;
}

/// Adds what a specification over these columns declares.
void add_declared(const std::string& spec, const std::vector<std::size_t>& columns, DeclaredColumns& declared) {
  for (const std::string& text : split_factors(spec)) {
    const FactorSpec factor = parse_factor(text);
    std::vector<std::size_t> own = columns;
    if (factor.columns) {
      own.clear();
      for (const std::string& column : *factor.columns) own.push_back(columns[find_column(column, columns.size(), {})]);
    }
    if (factor.product) add_declared(*factor.product, own, declared);
    const auto option = [&](const char* key) -> const std::string* {
      const auto found = factor.options.find(key);
      return found == factor.options.end() ? nullptr : &found->second;
    };
    if (const std::string* categories = option("categories")) {
      const CategoryLists parsed = parse_categories(factor.name, *categories, own.size());
      for (std::size_t i = 0; i < own.size(); ++i) declared.categories[own[i]] = parsed[i];
    }
    if (const std::string* lower = option("lower"), *upper = option("upper"); lower && upper) {
      const auto least = numbers_for(*lower, own.size());
      const auto greatest = numbers_for(*upper, own.size());
      for (std::size_t i = 0; i < own.size(); ++i) declared.ranges[own[i]] = Range{least[i], greatest[i]};
    }
    if (const std::string* whole = option("whole")) {
      const auto flags = numbers_for(*whole, own.size());
      for (std::size_t i = 0; i < own.size(); ++i) declared.whole[own[i]] = flags[i] == 1;
    }
  }
}

}  // namespace

DeclaredColumns declared_columns(const Family& family) {
  std::vector<std::size_t> columns(family.columns());
  std::iota(columns.begin(), columns.end(), std::size_t{0});
  DeclaredColumns declared(family.columns());
  add_declared(family.spec(), columns, declared);
  return declared;
}

}  // namespace mixfam
