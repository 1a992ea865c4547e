#include "family/declared_columns.hpp"

#include "family/column_numbers.hpp"
#include "family/specification.hpp"

#include <numeric>
#include <optional>
#include <string>

namespace mixfam {

namespace {

/// Adds what a specification over these columns declares.
void add_declared(const std::string& spec, const std::vector<std::size_t>& columns, const Registry& registry,
                  DeclaredColumns& declared) {
  for (const std::string& text : split_factors(spec)) {
    const FactorSpec factor = parse_factor(text);
    std::vector<std::size_t> own = columns;
    if (factor.columns) {
      own.clear();
      for (const std::string& column : *factor.columns) own.push_back(columns[find_column(column, columns.size(), {})]);
    }
    if (factor.product) add_declared(*factor.product, own, registry, declared);
    const auto option = [&](const char* key) -> const std::string* {
      const auto found = factor.options.find(key);
      return found == factor.options.end() ? nullptr : &found->second;
    };
    if (const std::string* categories = option("categories")) {
      const CategoryLists parsed = parse_categories(factor.name, *categories, own.size());
      for (std::size_t i = 0; i < own.size(); ++i) declared.categories[own[i]] = parsed[i];
    }
    // Options of that name of other families mean what those take them for.
    if (factor.product || !registry.entry(factor.name).needs_ranges) continue;
    const auto numbers = [&](const char* key) -> std::optional<std::vector<double>> {
      const std::string* value = option(key);
      if (value == nullptr) return std::nullopt;
      return parse_column_numbers(factor.name, key, *value, own.size());
    };
    const auto lower = numbers("lower");
    const auto upper = numbers("upper");
    const auto whole = numbers("whole");
    for (std::size_t i = 0; i < own.size(); ++i) {
      if (lower && upper) declared.ranges[own[i]] = Range{(*lower)[i], (*upper)[i]};
      if (whole) declared.whole[own[i]] = (*whole)[i] == 1;
    }
  }
}

}  // namespace

DeclaredColumns declared_columns(const Family& family, const Registry& registry) {
  std::vector<std::size_t> columns(family.columns());
  std::iota(columns.begin(), columns.end(), std::size_t{0});
  DeclaredColumns declared(family.columns());
  add_declared(family.spec(), columns, registry, declared);
  return declared;
}

}  // namespace mixfam
