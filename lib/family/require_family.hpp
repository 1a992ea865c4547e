#pragma once

#include <mixfam/error.hpp>
#include <mixfam/family.hpp>

namespace mixfam {

/// Throws Error(usage) for a null pointer.
inline void require(const FamilyPtr& family) {
  if (!family) throw Error(ErrorKind::usage, "the family is a null pointer; make one, as by Registry::make");
}

}  // namespace mixfam
