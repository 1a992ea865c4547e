#pragma once

#include <mixfam/family.hpp>
#include <mixfam/registry.hpp>

#include "family/categories.hpp"

#include <cstddef>
#include <optional>
#include <vector>

namespace mixfam {

/// What the specification of a family declares of its columns; empty for columns of other families.
struct DeclaredColumns {
  CategoryLists categories;
  std::vector<std::optional<Range>> ranges;
  std::vector<bool> whole;

  explicit DeclaredColumns(std::size_t columns) : categories(columns), ranges(columns), whole(columns) {}
};

DeclaredColumns declared_columns(const Family& family, const Registry& registry);

}  // namespace mixfam
