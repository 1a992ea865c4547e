#pragma once

#include <mixfam/family.hpp>

#include "kernels/kernels.hpp"
#include "numerics/aligned.hpp"

namespace mixfam {

/// The columns of a block as kernels take them.
inline KernelColumns columns_of(const Block& x) { return {x.columns, x.column_count, x.rows}; }

}  // namespace mixfam
