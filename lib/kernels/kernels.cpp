// Compiled once for each instruction set: MIXFAM_INSTRUCTION_SET is its name.
#include "kernels.hpp"

#include "assignment_kernels.hpp"
#include "gaussian_kernels.hpp"
#include "logarithm_kernels.hpp"
#include "product_kernels.hpp"
#include "table_kernels.hpp"

#define MIXFAM_TEXT_OF(name) #name
#define MIXFAM_TEXT(name) MIXFAM_TEXT_OF(name)
#define MIXFAM_JOINED_OF(a, b) a##b
#define MIXFAM_JOINED(a, b) MIXFAM_JOINED_OF(a, b)

namespace mixfam {

extern const Kernels MIXFAM_JOINED(kernels_of_, MIXFAM_INSTRUCTION_SET);
const Kernels MIXFAM_JOINED(kernels_of_, MIXFAM_INSTRUCTION_SET) = {
    MIXFAM_TEXT(MIXFAM_INSTRUCTION_SET),
    add_whitened,
    add_standardised,
    add_logarithmic,
    add_products,
    add_table_rows,
    add_scatter,
    add_moments,
    add_logarithmic_moments,
    accumulate_products,
    scatter_to_table_rows,
    index_patterns,
    add_binary_counts,
    normalise,
    assign,
    assign_univariate<LinearComponents, LinearSums>,
    assign_univariate<QuadraticComponents, QuadraticSums>,
    weigh,
    add_counts,
};

}  // namespace mixfam
