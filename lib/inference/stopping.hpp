#pragma once

#include <mixfam/fit.hpp>
#include <mixfam/trace.hpp>

#include "family/data_check.hpp"

#include <limits>
#include <optional>
#include <span>
#include <string>

namespace mixfam {

/// What sums over the rows may be wrong by, relative to their size: a fall of more is no rounding.
inline constexpr double relative_round_off = 1e-12;

/// Gains of less than this, relative to the sums, are rounding alone.
inline constexpr double relative_noise = 16 * std::numeric_limits<double>::epsilon();

/// Entries of a trace that follow one another.
using TraceSpan = std::span<const TraceEntry>;

/// The size of the sums over the rows that the objective is made of.
double scale_of(const TraceEntry& entry, const DataCheck& check);

/// Aitken's estimate of what the objective would still gain, from its last gains (McLachlan and Krishnan 2008, section
/// 4.9): with gains falling by a constant ratio a, the rest is gain * a / (1 - a). The ratio grows towards its limit
/// while a slow direction emerges, so it is carried on by twice its last growth. NaN while gains do not fall.
double aitken_remaining_gain(TraceSpan trace);

/// The same for stepwise updates, whose gains fall as a power p^-(1 + a) of the number of passes since the iteration
/// `begin`, because their steps do: gain * p / a, with a from the gains of pass p and pass p/2. NaN while gains do not
/// fall faster than 1/p.
double stepwise_remaining_gain(TraceSpan trace, std::size_t begin);

/// A number of nats in a message: "3.21", "4.5e-07".
std::string nats_text(double nats);

/// What the last entry of a trace says about the end of the fit.
struct Judgement {
  double remaining_gain;           ///< estimated, in nats; NaN where unknown
  std::optional<Verdict> verdict;  ///< none: go on; `converged` is a claim, to be confirmed by a second look
  std::string message;             ///< of the other verdicts
};

/// One signed objective decides. `trace` holds the entries that follow one another; `previous_estimate` is that of the
/// remaining gain before its last one; stepwise updates began at the iteration `stepwise_begin`.
Judgement judge(TraceSpan trace, double previous_estimate, std::size_t stepwise_begin, const FitOptions& options,
                const DataCheck& check);

}  // namespace mixfam
