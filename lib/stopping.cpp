#include "stopping.hpp"

#include <algorithm>
#include <cmath>
#include <iomanip>
#include <sstream>

namespace mixfam {

double scale_of(const TraceEntry& entry, const DataCheck& check) {
  return std::max({std::abs(entry.objective), std::abs(entry.q), check.total_weight}) + std::abs(check.log_base);
}

double aitken_remaining_gain(TraceSpan trace) {
  if (trace.size() < 4) return std::numeric_limits<double>::quiet_NaN();
  const auto end = trace.end();
  const auto gain = [&](std::ptrdiff_t back) { return end[-back].objective - end[-back - 1].objective; };
  const double ratio = gain(1) / gain(2);
  const double growth = std::max(0.0, ratio - gain(2) / gain(3));
  const double limit = ratio + 2 * growth;
  return ratio >= 0 && limit < 1 ? gain(1) * limit / (1 - limit) : std::numeric_limits<double>::quiet_NaN();
}

std::string nats_text(double nats) {
  std::ostringstream text;
  text << std::setprecision(3) << nats;
  return text.str();
}

Judgement judge(TraceSpan trace, double previous_estimate, const FitOptions& options, const DataCheck& check) {
  const TraceEntry& last = trace.back();
  if (!std::isfinite(last.objective))
    return {previous_estimate, Verdict::degenerate,
            "iteration " + std::to_string(last.iteration) + ": the objective is not finite"};
  if (trace.size() < 2) return {std::numeric_limits<double>::quiet_NaN(), std::nullopt, ""};
  const double gain = last.objective - trace[trace.size() - 2].objective;
  const double scale = scale_of(last, check);
  const bool in_batches = options.batch_rows > 0;
  if (!in_batches && gain < -relative_round_off * scale)
    return {previous_estimate, Verdict::decreased,
            "the objective fell by " + std::to_string(-gain) + " nats in iteration " + std::to_string(last.iteration) +
                ", more than round-off explains"};
  const bool accelerated = options.accelerate != Acceleration::none;
  const bool is_noise = std::abs(gain) <= relative_noise * scale && !last.accelerated;
  double estimate = previous_estimate;
  if (in_batches) {
    estimate = std::abs(gain);
  } else if (is_noise) {
    estimate = 0;
  } else if (!accelerated) {
    estimate = aitken_remaining_gain(trace);
  }
  const bool is_small = !accelerated && estimate < options.tolerance && previous_estimate < options.tolerance;
  if (options.tolerance == 0 || !(estimate == 0 || is_small)) return {estimate, std::nullopt, ""};
  return {estimate, Verdict::converged, ""};
}

}  // namespace mixfam
