#pragma once

#include <mixfam/export.hpp>
#include <mixfam/family.hpp>

#include <vector>

namespace mixfam {

/// One factor of a product: a family and the columns of the data that it models, in its order.
struct Factor {
  FamilyPtr family;
  std::vector<std::size_t> columns;
};

/// p(x | theta) = prod_f p_f(x[columns_f] | theta_f): independent factors over disjoint columns, itself a family whose
/// t, c and chi are those of the factors one after another. Parameters are named "factor/parameter", where the factor
/// is its family's name, "product" where that is one itself, followed by _2, _3, .. where a name comes again.
/// Throws Error(usage) unless the factors use each of the columns 0 .. D-1 exactly once.
MIXFAM_API FamilyPtr make_product(std::vector<Factor> factors);

}  // namespace mixfam
