#pragma once

#include "inference/second_look.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

namespace mixfam {

struct ClimbRule {
  double objective;   ///< at the point that the look was from
  double least_gain;  ///< below which nothing was found
  double longest;     ///< way to go, in lengths of the complete-data information
};

/// The best of the trials along the direction of a look, or none that gains enough. `attempt(Statistics)` makes a
/// Trial with an `entry` of the trace, or none outside of the domain. From one length on ways are doubled while that
/// gains; where none gains they are halved, down to where a quadratic would not gain enough.
template <class Trial, class Attempt>
std::optional<Trial> climb(const SecondLook& look, const ClimbRule& rule, Attempt attempt) {
  const double curvature = std::max(look.eigenvalue() - 1, 2 * rule.least_gain);
  const double shortest = std::sqrt(2 * rule.least_gain / curvature);
  const auto along = [&](double first, double factor) {
    std::optional<Trial> best;
    for (double way = first; std::abs(way) >= shortest && std::abs(way) <= rule.longest; way *= factor) {
      auto trial = attempt(look.moved(way));
      const double least = best ? best->entry.objective : rule.objective + rule.least_gain;
      if (trial && trial->entry.objective > least) {
        best = std::move(trial);
      } else if (best || (!trial && factor > 1)) {
        break;
      }
    }
    return best;
  };
  for (const double direction : {1.0, -1.0}) {
    if (auto best = along(direction, 2)) return best;
    if (auto best = along(direction / 2, 0.5)) return best;
  }
  return std::nullopt;
}

}  // namespace mixfam
