#include "model/check_weights.hpp"

#include <mixfam/error.hpp>

#include <cmath>
#include <numeric>
#include <string>

namespace mixfam {

void check_weights(const std::vector<double>& weights) {
  constexpr double sum_tolerance = 1e-6;
  if (weights.empty()) throw Error(ErrorKind::data, "a mixture without components (there must be at least one)");
  for (std::size_t k = 0; k < weights.size(); ++k)
    if (!(weights[k] >= 0 && weights[k] <= 1 + sum_tolerance))
      throw Error(ErrorKind::data, "the weight of component " + std::to_string(k) + " is " +
                                       std::to_string(weights[k]) + " (must be in [0, 1])");
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  if (std::abs(sum - 1) > sum_tolerance)
    throw Error(ErrorKind::data, "the weights sum to " + std::to_string(sum) + " (must be 1)");
}

}  // namespace mixfam
