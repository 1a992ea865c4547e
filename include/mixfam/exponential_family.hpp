#pragma once

#include <mixfam/family_concepts.hpp>

#include <mixfam/detail/family_model.hpp>
#include <mixfam/detail/prior_model.hpp>

#include <memory>
#include <utility>

namespace mixfam {

/// The type-erased face of a family.
template <ExponentialFamily F>
FamilyPtr make_family(F family) {
  return std::make_shared<const detail::FamilyModel<F>>(std::move(family));
}

}  // namespace mixfam
