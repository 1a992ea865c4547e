#pragma once

#include <mixfam/matrix_view.hpp>

#include <algorithm>
#include <cmath>

namespace mixfam {

/// log sum_i exp(values_i) of at least one value.
inline double log_sum_exp(ConstVectorView values) {
  const double greatest = *std::max_element(values.begin(), values.end());
  double sum = 0;
  for (const double value : values) sum += std::exp(value - greatest);
  return greatest + std::log(sum);
}

}  // namespace mixfam
