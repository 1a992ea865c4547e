#include "forecast.hpp"

#include <algorithm>
#include <cmath>

namespace mixfam::cli {

namespace {

/// Entries of the trace that the ratio is taken over: more are steadier, fewer follow sooner.
constexpr std::size_t window = 9;

}  // namespace

void Forecast::add(const TraceEntry& entry) {
  last_.push_back({entry.iteration, entry.objective});
  if (last_.size() > window) last_.pop_front();
}

std::optional<double> Forecast::remaining_iterations() const {
  if (last_.size() < 3 || !(tolerance_ > 0)) return std::nullopt;
  const std::size_t middle = (last_.size() - 1) / 2;
  const Point& first = last_.front();
  const Point& half = last_[middle];
  const Point& end = last_.back();
  const auto iterations = [](const Point& a, const Point& b) { return static_cast<double>(b.iteration - a.iteration); };
  // Gains an iteration in the two halves of the window.
  const double early = (half.objective - first.objective) / iterations(first, half);
  const double late = (end.objective - half.objective) / iterations(half, end);
  if (!(late > 0) || !(early > late)) return std::nullopt;
  const double ratio = std::pow(late / early, 2 / iterations(first, end));
  const double remaining_gain = late * ratio / (1 - ratio);
  return std::max(0.0, std::ceil(std::log(tolerance_ / remaining_gain) / std::log(ratio)));
}

}  // namespace mixfam::cli
