#pragma once

#include <mixfam/groups.hpp>

#include "data/blocks.hpp"

namespace mixfam {

/// The types whose rows the family reads as they lie.
inline NativeTypes native_types(const Family& family) {
  NativeTypes types;
  for (std::size_t t = 0; t < element_type_count; ++t) types[t] = family.reads_native(static_cast<ElementType>(t));
  return types;
}

/// The same rows, in the types that the family of all components reads.
inline Rows native_rows(const Rows& rows, const Groups& groups) {
  Rows result = rows;
  if (groups.size() == 1) result.native = native_types(groups.family(0));
  return result;
}

}  // namespace mixfam
