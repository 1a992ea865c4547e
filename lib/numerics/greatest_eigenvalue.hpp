#pragma once

#include <mixfam/matrix_view.hpp>

#include <cstddef>
#include <functional>

namespace mixfam {

/// The greatest eigenvalue of a symmetric positive semidefinite matrix of d x d, known by its products with vectors:
/// `multiply(v, u)` sets u to the product with v. To about 1e-9 of its value, in far fewer than d products where it
/// stands apart, by Lanczos' method with vectors that are kept orthogonal (Golub and Van Loan 2013, section 10.1).
double greatest_eigenvalue(std::size_t d, const std::function<void(ConstVectorView, VectorView)>& multiply);

}  // namespace mixfam
