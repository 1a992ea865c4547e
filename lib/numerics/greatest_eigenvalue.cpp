#include "numerics/greatest_eigenvalue.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace mixfam {

namespace {

/// The value only grows from step to step. It is settled when so many of them gain less than this, relative to it.
constexpr double settled_gain = 1e-10;
constexpr std::size_t settled_steps = 8;

double product(ConstVectorView a, ConstVectorView b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

/// A symmetric tridiagonal matrix: its diagonal, and the entries beside it.
struct Tridiagonal {
  std::vector<double> diagonal;
  std::vector<double> beside;

  /// Whether all eigenvalues are below x: the signs of Sturm's sequence.
  bool is_below(double x) const {
    double pivot = diagonal[0] - x;
    for (std::size_t i = 1; pivot < 0 && i < diagonal.size(); ++i)
      pivot = diagonal[i] - x - beside[i - 1] * beside[i - 1] / pivot;
    return pivot < 0;
  }

  /// By bisection between a lower bound and that of Gershgorin's discs.
  double greatest(double lower) const {
    double upper = lower;
    for (std::size_t i = 0; i < diagonal.size(); ++i)
      upper = std::max(upper, diagonal[i] + (i > 0 ? beside[i - 1] : 0) + (i < beside.size() ? beside[i] : 0));
    for (double middle; (middle = lower + 0.5 * (upper - lower)) > lower && middle < upper;)
      (is_below(middle) ? upper : lower) = middle;
    return upper;
  }
};

}  // namespace

double greatest_eigenvalue(std::size_t d, const std::function<void(ConstVectorView, VectorView)>& multiply) {
  std::vector<double> vector(d);
  for (std::size_t i = 0; i < d; ++i)
    vector[i] = std::cos(static_cast<double>(i + 1));  // has a part in every direction
  double length = std::sqrt(product(vector, vector));
  std::vector<std::vector<double>> basis;
  Tridiagonal T;
  double value = 0;
  for (std::size_t unchanged = 0; basis.size() < d && unchanged < settled_steps;) {
    if (!basis.empty()) T.beside.push_back(length);
    for (double& x : vector) x /= length;
    basis.push_back(vector);
    multiply(basis.back(), vector);
    T.diagonal.push_back(product(basis.back(), vector));
    for (int pass = 0; pass < 2; ++pass)
      for (const std::vector<double>& one : basis) {
        const double part = product(one, vector);
        for (std::size_t i = 0; i < d; ++i) vector[i] -= part * one[i];
      }
    length = std::sqrt(product(vector, vector));
    const double before = value;
    value = T.greatest(before);
    if (!std::isfinite(value)) return std::numeric_limits<double>::quiet_NaN();
    unchanged = value - before <= settled_gain * value ? unchanged + 1 : 0;
    if (!(length > std::numeric_limits<double>::epsilon() * value)) break;
  }
  return value;
}

}  // namespace mixfam
