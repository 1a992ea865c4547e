#pragma once

#include <mixfam/trace.hpp>

#include <cstddef>
#include <deque>
#include <optional>

namespace mixfam::cli {

/// How many more iterations a fit may take, from the trend of its gains.
class Forecast {
 public:
  explicit Forecast(double tolerance) : tolerance_(tolerance) {}

  void add(const TraceEntry& entry);

  /// Iterations until what the objective would still gain is below the tolerance, if gains go on falling by the same
  /// ratio as over the last iterations; nothing while they do not fall.
  std::optional<double> remaining_iterations() const;

 private:
  struct Point {
    std::size_t iteration;
    double objective;
  };

  double tolerance_;
  std::deque<Point> last_;
};

}  // namespace mixfam::cli
