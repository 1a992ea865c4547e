#pragma once

#include <mixfam/matrix_view.hpp>

#include <optional>
#include <vector>

/// Factorisations of the small matrices that parameters hold; row-major D x D throughout. They run in the calling
/// thread and in the vectors of the processor (kernels/kernels.hpp).
namespace mixfam {

/// The lower Cholesky factor of a symmetric positive definite A, of which the upper triangle is read; empty where A is
/// not, or is singular to within rounding: some pivot is at most 4 D eps times its diagonal entry.
std::vector<double> cholesky(ConstMatrixView A);
/// The same into given memory, of which nothing is written where A has no factor: false.
bool cholesky(ConstMatrixView A, MatrixView L);
/// Whether A has such a factor.
bool is_positive_definite(ConstMatrixView A);

/// Inverse of a lower triangular matrix.
std::vector<double> invert_lower(ConstMatrixView L);
/// The same into given memory, which may be that of L.
void invert_lower(ConstMatrixView L, MatrixView W);

/// All that formulas need of a covariance: from A the inverse W of its Cholesky factor, A^-1 = W' W and log det A; none
/// where A has no factor.
std::optional<double> invert(ConstMatrixView A, MatrixView W, MatrixView inverse);

/// Reflects the rows of A so that its first `columns` columns become upper triangular (Golub and Van Loan 2013,
/// algorithm 5.2.1): A = Q R with R in the place of A. Needs at least as many rows.
void triangularise(MatrixView A, std::size_t columns);

/// log det A from its Cholesky factor.
double log_determinant(ConstMatrixView L);

/// How often this process has made each; each is some D^3 / 3 multiplications.
struct FactorisationCounts {
  std::size_t cholesky;
  std::size_t inverses;  ///< of triangular matrices
  std::size_t products;  ///< inverse_from_factor
};
FactorisationCounts factorisation_counts();

struct Eigenvectors {
  std::vector<double> values;   ///< ascending
  std::vector<double> vectors;  ///< row-major, one in each column
};

/// Of a symmetric A.
Eigenvectors eigenvectors(ConstMatrixView A);

/// A^-1 from the inverse W of the Cholesky factor: W' W.
std::vector<double> inverse_from_factor(ConstMatrixView W);

}  // namespace mixfam
