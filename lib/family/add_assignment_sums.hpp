#pragma once

#include <mixfam/statistics.hpp>

#include "kernels/kernels.hpp"

#include <cstddef>

namespace mixfam {

/// The sums of a soft E-step of rows without weights.
inline void add_assignment_sums(const AssignmentSums& sums, std::size_t rows, Statistics& statistics) {
  statistics.total_weight() += static_cast<double>(rows);
  statistics.log_normaliser() += sums.log_normaliser;
  statistics.expected_log_joint() += sums.log_normaliser - sums.entropy;
  statistics.entropy() += sums.entropy;
}

}  // namespace mixfam
