#include "numerics/linear_algebra.hpp"

#include <mixfam/random.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

#include "catch.hpp"
#include "laws.hpp"
#include "numerics/greatest_eigenvalue.hpp"
#include "numerics/packed.hpp"
#include "tolerance.hpp"

namespace mixfam {

namespace {

ConstMatrixView square(const std::vector<double>& A, std::size_t d) {
  return ConstMatrixView::row_major(A.data(), d, d);
}

std::vector<double> factor_of(const std::vector<double>& A) {
  return cholesky(square(A, static_cast<std::size_t>(std::sqrt(static_cast<double>(A.size())))));
}

}  // namespace

TEST_CASE("cholesky: a known factor", "[linear_algebra]") {
  const std::vector<double> A = {4, 12, -16, 12, 37, -43, -16, -43, 98};
  const auto L = factor_of(A);
  CHECK(L == std::vector<double>{2, 0, 0, 6, 1, 0, -8, 5, 3});
  CHECK(close(log_determinant(square(L, 3)), std::log(36.0), round_off(8, 4)));
  const auto W = invert_lower(square(L, 3));
  const auto inverse = inverse_from_factor(square(W, 3));
  const double expected[] = {49 + 13 / 36.0, -(13 + 5 / 9.0), 2 + 1 / 9.0};  // first row, by cofactors
  for (std::size_t j = 0; j < 3; ++j) CHECK(close(inverse[j], expected[j], round_off(64, 50)));
}

TEST_CASE("cholesky: factor, inverse and determinant agree", "[linear_algebra]") {
  constexpr double condition = 1e2;
  Random random{4};
  std::vector<std::size_t> sizes = {63, 64, 65, 71, 130, 200};  // about the edges of blocks
  for (int i = 0; i < 300; ++i) sizes.push_back(1 + random.below(i < 200 ? 12 : 30));
  for (const std::size_t d : sizes) {
    const auto A = random_covariance(random, d);
    const auto L = factor_of(A);
    REQUIRE(L.size() == d * d);
    const auto W = invert_lower(square(L, d));
    const auto inverse = inverse_from_factor(square(W, d));
    const double operations = 8 * static_cast<double>(d);
    double log_diagonal = 0;
    for (std::size_t r = 0; r < d; ++r) {
      log_diagonal -= 2 * std::log(W[r * d + r]);
      for (std::size_t c = 0; c < d; ++c) {
        double LL = 0, LW = 0, AI = 0, scale = 0;
        for (std::size_t m = 0; m < d; ++m) {
          LL += L[r * d + m] * L[c * d + m];
          LW += L[r * d + m] * W[m * d + c];
          AI += A[r * d + m] * inverse[m * d + c];
          scale += std::abs(A[r * d + m] * inverse[m * d + c]);
        }
        CHECK(close(LL, A[r * d + c], round_off(operations, std::sqrt(A[r * d + r] * A[c * d + c]))));
        const double relative_units = std::sqrt(A[r * d + r] / A[c * d + c]);
        CHECK(close(LW, r == c, round_off(operations * condition, relative_units)));
        CHECK(close(AI, r == c, round_off(operations * condition, std::max(scale, relative_units))));
        CHECK(inverse[r * d + c] == inverse[c * d + r]);
        if (c > r) {
          CHECK(L[r * d + c] == 0);
          CHECK(W[r * d + c] == 0);
        }
      }
    }
    CHECK(close(log_determinant(square(L, d)), log_diagonal, round_off(operations, 10 * static_cast<double>(d))));
  }
}

TEST_CASE("cholesky: what has no factor", "[linear_algebra]") {
  CHECK(factor_of({0}).empty());
  CHECK(factor_of({-1}).empty());
  CHECK(factor_of({1, 1, 1, 1}).empty());          // singular
  CHECK(factor_of({1, 2, 2, 1}).empty());          // indefinite
  CHECK(factor_of({1, 1, 1, 1 + 1e-15}).empty());  // singular to within rounding
  CHECK(!factor_of({1, 1, 1, 1 + 1e-12}).empty());
  CHECK(factor_of({0, 0, 0, 0}).empty());
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  CHECK(factor_of({nan}).empty());
  CHECK(factor_of({1, nan, nan, 1}).empty());
  CHECK(factor_of({infinity}).empty());
  CHECK(factor_of({infinity, 0, 0, 1}).empty());
}

TEST_CASE("cholesky: the verdict does not depend on the units of the columns", "[linear_algebra]") {
  for (const double unit : {1e-100, 1e-8, 1e8, 1e100}) {
    CHECK(!factor_of({1, 0.5 * unit, 0.5 * unit, unit * unit}).empty());
    CHECK(factor_of({1, unit, unit, unit * unit}).empty());
    CHECK(!factor_of({unit * unit}).empty());
  }
}

TEST_CASE("cholesky: only one triangle is read, of whatever layout", "[linear_algebra]") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<double> A = {4, 2, nan, 5};
  CHECK(cholesky(ConstMatrixView::row_major(A.data(), 2, 2)) == std::vector<double>{2, 0, 1, 2});
  const std::vector<double> B = {4, nan, 2, 5};
  CHECK(cholesky(ConstMatrixView::column_major(B.data(), 2, 2)) == std::vector<double>{2, 0, 1, 2});
}

TEST_CASE("eigenvectors: a known spectrum", "[linear_algebra]") {
  // The second difference with fixed ends: 2 - 2 cos(pi k / (d + 1)) (Golub and Van Loan 2013, section 4.8.6).
  for (const std::size_t d : {1, 2, 3, 10, 33}) {
    std::vector<double> A(d * d);
    for (std::size_t i = 0; i < d; ++i) {
      A[i * d + i] = 2;
      if (i > 0) A[i * d + i - 1] = A[(i - 1) * d + i] = -1;
    }
    const auto eigen = eigenvectors(square(A, d));
    const double operations = 8 * static_cast<double>(d);
    for (std::size_t k = 0; k < d; ++k) {
      const double pi = 3.14159265358979323846;
      const double expected = 2 - 2 * std::cos(pi * static_cast<double>(k + 1) / static_cast<double>(d + 1));
      CHECK(close(eigen.values[k], expected, round_off(operations, 4)));
      for (std::size_t i = 0; i < d; ++i) {
        double Av = 0;
        for (std::size_t j = 0; j < d; ++j) Av += A[i * d + j] * eigen.vectors[j * d + k];
        CHECK(close(Av, eigen.values[k] * eigen.vectors[i * d + k], round_off(operations, 4)));
      }
    }
  }
}

TEST_CASE("eigenvectors: orthonormal, and they diagonalise", "[linear_algebra]") {
  Random random{5};
  for (const std::size_t d : {2, 5, 17}) {
    std::vector<double> A(d * d);
    for (std::size_t i = 0; i < d; ++i)
      for (std::size_t j = 0; j <= i; ++j) A[i * d + j] = A[j * d + i] = random.normal();  // indefinite
    const auto [values, Q] = eigenvectors(square(A, d));
    CHECK(std::is_sorted(values.begin(), values.end()));
    const double operations = 16 * static_cast<double>(d);
    for (std::size_t i = 0; i < d; ++i)
      for (std::size_t j = 0; j < d; ++j) {
        double QQ = 0, QVQ = 0;
        for (std::size_t k = 0; k < d; ++k) {
          QQ += Q[k * d + i] * Q[k * d + j];
          QVQ += Q[i * d + k] * values[k] * Q[j * d + k];
        }
        CHECK(close(QQ, i == j, round_off(operations, 1)));
        CHECK(close(QVQ, A[i * d + j], round_off(operations, static_cast<double>(d))));
      }
  }
}

TEST_CASE("eigenvectors: small eigenvalues of scaled matrices keep their digits", "[linear_algebra]") {
  // D A D with A = [1 r; r 1]: the product of the eigenvalues is the determinant (1 - r^2) u^2.
  for (const double u : {1e-3, 1e-10, 1e-100}) {
    const auto eigen = eigenvectors(square({1, 0.5 * u, 0.5 * u, u * u}, 2));
    CHECK(close(eigen.values[0] * eigen.values[1], 0.75 * u * u, round_off(16, u * u)));
  }
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK(eigenvectors(square({nan, nan, nan, nan}, 2)).values.size() == 2);  // and ends
}

TEST_CASE("greatest eigenvalue: that of Jacobi's method", "[linear_algebra]") {
  Random random{17};
  for (const std::size_t d : {1, 2, 3, 5, 9, 30, 64})
    for (const double spread : {0.0, 1e-9, 0.5, 3.0, 12.0}) {
      // Q diag(10^(spread * part)) Q' with a random Q: eigenvalues that are equal, close together, and far apart.
      std::vector<double> B(d * d), A(d * d);
      for (double& b : B) b = random.normal();
      for (std::size_t i = 0; i < d; ++i)
        for (std::size_t j = 0; j < d; ++j)
          for (std::size_t k = 0; k < d; ++k) A[i * d + j] += B[i * d + k] * B[j * d + k];
      const auto Q = eigenvectors(square(A, d)).vectors;
      std::fill(A.begin(), A.end(), 0.0);
      const double greatest = std::pow(10, spread);
      for (std::size_t k = 0; k < d; ++k) {
        const double value = k + 1 == d ? greatest : std::pow(10, spread * random.uniform());
        for (std::size_t i = 0; i < d; ++i)
          for (std::size_t j = 0; j < d; ++j) A[i * d + j] += value * Q[i * d + k] * Q[j * d + k];
      }
      const double found = greatest_eigenvalue(d, [&](ConstVectorView v, VectorView u) {
        for (std::size_t i = 0; i < d; ++i) {
          u[i] = 0;
          for (std::size_t j = 0; j < d; ++j) u[i] += A[i * d + j] * v[j];
        }
      });
      INFO("D = " << d << ", spread " << spread);
      CHECK(close(found, eigenvectors(square(A, d)).values.back(), stated(1e-8, greatest)));
    }
}

TEST_CASE("packed: the lower triangle, row by row", "[linear_algebra]") {
  for (std::size_t d = 1; d < 8; ++d) {
    std::size_t next = 0;
    for (std::size_t i = 0; i < d; ++i)
      for (std::size_t j = 0; j <= i; ++j) CHECK(packed::at(i, j) == next++);
    CHECK(packed::size(d) == next);
  }
}

}  // namespace mixfam
