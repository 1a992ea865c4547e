#include "stopping.hpp"

#include <algorithm>
#include <cmath>

namespace mixfam {

double scale_of(const TraceEntry& entry, const DataCheck& check) {
  return std::max({std::abs(entry.objective), std::abs(entry.q), check.total_weight}) + std::abs(check.log_base);
}

double aitken_remaining_gain(const Trace& trace) {
  if (trace.size() < 4) return std::numeric_limits<double>::quiet_NaN();
  const auto end = trace.end();
  const auto gain = [&](std::ptrdiff_t back) { return end[-back].objective - end[-back - 1].objective; };
  const double ratio = gain(1) / gain(2);
  const double growth = std::max(0.0, ratio - gain(2) / gain(3));
  const double limit = ratio + 2 * growth;
  return ratio >= 0 && limit < 1 ? gain(1) * limit / (1 - limit) : std::numeric_limits<double>::quiet_NaN();
}

double stepwise_remaining_gain(const Trace& trace) {
  const std::size_t pass = trace.size() - 1;
  const std::size_t half = pass / 2;
  if (half == 0) return std::numeric_limits<double>::quiet_NaN();
  const auto gain = [&](std::size_t p) { return std::abs(trace[p].objective - trace[p - 1].objective); };
  const double fall = std::log(gain(half) / gain(pass));
  const double a = fall / std::log(static_cast<double>(pass) / static_cast<double>(half)) - 1;
  return a > 0 ? gain(pass) * static_cast<double>(pass) / a : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace mixfam
