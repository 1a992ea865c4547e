#pragma once

#include <mixfam/parameters.hpp>

#include "numerics/special.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace mixfam {

/// A probability of success and its complement, each with all its digits: 1 - p of a p within 1e-16 of 1 is 0, although
/// failures may have been seen. As parameters theta = (p, d), where d is what the rounded 1 - p lacks, 0 if not given.
struct Probability {
  double success;
  double failure;

  static std::vector<Field> fields() {
    return {{"probability", {}, Domain::probability}, {"complement_correction", {}, Domain::correction}};
  }
  static Probability of(ConstVectorView theta) { return {theta[0], std::max(0.0, (1 - theta[0]) + theta[1])}; }
  /// By the smaller side, whose digits theta is to carry.
  void store(VectorView theta) const {
    theta[0] = failure < 0.5 ? 1 - failure : success;
    theta[1] = failure - (1 - theta[0]);
  }

  double log_success() const { return log_of(success, failure); }
  double log_failure() const { return log_of(failure, success); }

 private:
  /// The smaller of the two has the digits.
  static double log_of(double p, double complement) {
    return p > 0.5 ? std::log1p(-complement) : special::floored_log(p);
  }
};

}  // namespace mixfam
