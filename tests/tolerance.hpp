#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <vector>

/// How far a number may be from the one expected, always with a reason.
namespace mixfam {

struct Tolerance {
  double allowed;
  std::string reason;
};

/// The same bits (NaN equals NaN, -0 equals 0).
inline Tolerance exact() { return {0, "exact"}; }

/// The rounding of `operations` operations on numbers as large as `scale`. The scale of a sum is the sum of the
/// absolute values of its terms, so that cancellation is allowed for where it happens and nowhere else.
inline Tolerance round_off(double operations, double scale) {
  return {operations * std::numeric_limits<double>::epsilon() * std::abs(scale),
          "rounding of " + std::to_string(operations) + " operations at scale " + std::to_string(scale)};
}

/// Five standard errors, which the test computes: an honest estimate is outside once in 1.7 million.
inline Tolerance monte_carlo(double standard_error) {
  return {5 * standard_error, "5 standard errors of " + std::to_string(standard_error)};
}

/// The error bound that a numerical integration or sum was asked for.
inline Tolerance quadrature(double relative, double scale) {
  return {relative * std::abs(scale), "numerical integration asked for " + std::to_string(relative)};
}

/// A relative error that the text of a definition or a published value grants, named at the place of use.
inline Tolerance stated(double relative, double scale) {
  return {relative * std::abs(scale), "stated: " + std::to_string(relative) + " relative"};
}

inline bool close(double actual, double expected, const Tolerance& tolerance) {
  if (std::isnan(actual) || std::isnan(expected)) return std::isnan(actual) && std::isnan(expected);
  return actual == expected || std::abs(actual - expected) <= tolerance.allowed;
}

/// Mean and its standard error of independent draws.
class MonteCarlo {
 public:
  void add(double value) {  // Welford (1962)
    ++count_;
    const double step = value - mean_;
    mean_ += step / static_cast<double>(count_);
    squares_ += step * (value - mean_);
  }
  double mean() const { return mean_; }
  double variance() const { return squares_ / static_cast<double>(count_ - 1); }
  double standard_error() const { return std::sqrt(variance() / static_cast<double>(count_)); }

 private:
  std::size_t count_ = 0;
  double mean_ = 0;
  double squares_ = 0;
};

}  // namespace mixfam
