#pragma once

#include <vector>

namespace mixfam {

/// Throws Error(data) unless there are weights, all in [0, 1], and their sum is 1 within 1e-6.
void check_weights(const std::vector<double>& weights);

}  // namespace mixfam
