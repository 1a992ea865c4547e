#include "../lib/linear_algebra.hpp"

#include <mixfam/random.hpp>

#include <cmath>
#include <limits>

#include "../lib/packed.hpp"
#include "catch.hpp"
#include "laws.hpp"
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
  for (int i = 0; i < 300; ++i) {
    const std::size_t d = 1 + random.below(12);
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

TEST_CASE("packed: the lower triangle, row by row", "[linear_algebra]") {
  for (std::size_t d = 1; d < 8; ++d) {
    std::size_t next = 0;
    for (std::size_t i = 0; i < d; ++i)
      for (std::size_t j = 0; j <= i; ++j) CHECK(packed::at(i, j) == next++);
    CHECK(packed::size(d) == next);
  }
}

}  // namespace mixfam
