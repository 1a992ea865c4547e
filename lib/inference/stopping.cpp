#include "inference/stopping.hpp"

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

double stepwise_remaining_gain(TraceSpan trace, std::size_t begin) {
  const std::size_t first = trace.front().iteration;
  const std::size_t pass = trace.back().iteration - begin;
  const std::size_t half = pass / 2;
  if (begin + half <= first) return std::numeric_limits<double>::quiet_NaN();
  const auto gain = [&](std::size_t p) {
    const std::size_t entry = begin + p - first;
    return std::abs(trace[entry].objective - trace[entry - 1].objective);
  };
  const double fall = std::log(gain(half) / gain(pass));
  const double a = fall / std::log(static_cast<double>(pass) / static_cast<double>(half)) - 1;
  return a > 0 ? gain(pass) * static_cast<double>(pass) / a : std::numeric_limits<double>::quiet_NaN();
}

std::string nats_text(double nats) {
  std::ostringstream text;
  text << std::setprecision(3) << nats;
  return text.str();
}

Judgement judge(TraceSpan trace, double previous_estimate, std::size_t stepwise_begin, const FitOptions& options,
                const DataCheck& check) {
  const TraceEntry& last = trace.back();
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
  if (is_noise) {
    estimate = 0;
  } else if (in_batches) {
    estimate = stepwise_remaining_gain(trace, stepwise_begin);
  } else if (!accelerated) {
    estimate = aitken_remaining_gain(trace);
  }
  const bool is_small = !accelerated && estimate < options.tolerance && previous_estimate < options.tolerance;
  if (options.tolerance == 0 || !(estimate == 0 || is_small)) return {estimate, std::nullopt, ""};
  return {estimate, Verdict::converged, ""};
}

}  // namespace mixfam
