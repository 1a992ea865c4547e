#pragma once

#include <mixfam/trace.hpp>

#include "data_check.hpp"

#include <limits>

namespace mixfam {

/// What sums over the rows may be wrong by, relative to their size: a fall of more is no rounding.
inline constexpr double relative_round_off = 1e-12;

/// Gains of less than this, relative to the sums, are rounding alone.
inline constexpr double relative_noise = 16 * std::numeric_limits<double>::epsilon();

/// The size of the sums over the rows that the objective is made of.
double scale_of(const TraceEntry& entry, const DataCheck& check);

/// Aitken's estimate of what the objective would still gain, from its last gains (McLachlan and Krishnan 2008, section
/// 4.9): with gains falling by a constant ratio a, the rest is gain * a / (1 - a). The ratio grows towards its limit
/// while a slow direction emerges, so it is carried on by twice its last growth. NaN while gains do not fall.
double aitken_remaining_gain(const Trace& trace);

/// The same for stepwise updates, whose gains fall as a power p^-(1 + a) of the number of passes, because their steps
/// do: gain * p / a, with a from the gains of pass p and pass p/2. NaN while gains do not fall faster than 1/p.
double stepwise_remaining_gain(const Trace& trace);

}  // namespace mixfam
