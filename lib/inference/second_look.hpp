#pragma once

#include "inference/coordinates.hpp"
#include "inference/state.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mixfam {

/// A point, and the statistics of the E-step at its update.
struct Evaluation {
  Statistics point;
  Statistics image;
};

/// What decides how long a look lasts.
struct LookRule {
  double tolerance;  ///< of the remaining gain, in nats
  std::size_t most_passes;
  std::uint64_t seed;
  std::size_t number;     ///< of the look: each has random numbers of its own
  std::size_t direction;  ///< of those that a look may begin in
};

/// A look around a state in directions that the iterations did not show: the largest eigenvalue of J, the derivative of
/// the iteration, and its eigenvector.
///
/// The last two steps show J in the direction that the iterations still move in. A look begins in a direction drawn
/// from the model and improves it: each pass over the data is the image of the residual of the Ritz pair, and the next
/// pair is the best in the span of the vector, the residual and the last improvement (LOBPCG; Knyazev 2001), which
/// needs about as many passes as Lanczos' method and the memory of three vectors.
class SecondLook {
 public:
  /// At the update of the last point. `before`: the statistics of which that point is the image, where it is one.
  SecondLook(const State& state, const Evaluation& last, const Statistics* before, const UpdateRule& rule,
             const Rows& rows, const LookRule& look);

  /// The largest eigenvalue of J, as far as the passes showed it: from below. NaN where nothing could be seen, because
  /// the neighbourhood of the point lies outside of the domain.
  double eigenvalue() const;
  /// What the objective would still gain, in nats, were it quadratic with this eigenvalue: at most half of
  /// |residual|^2 / (1 - eigenvalue), and twice that here, for an eigenvalue from below. Infinite from 1 on.
  double remaining_gain() const;
  /// What the next update would gain, in nats: at most |residual|^2, and at least half of it.
  double gain_of_step() const { return residual_square_; }
  /// Whether the objective is flat along the eigenvector, to what differences of statistics can tell so far from where
  /// the iteration would come to rest, or not concave.
  bool may_ascend() const;
  std::size_t passes() const { return passes_; }

  /// The point moved by so many lengths along the eigenvector; the positive direction is that of the residual.
  Statistics moved(double length) const;

 private:
  std::optional<Coordinates> drawn_direction(Random random) const;
  std::optional<Coordinates> with_dual(std::vector<double> s) const;
  std::vector<double> moved(double step, const std::vector<double>& direction) const;
  std::optional<EStepParameters> update_at(const Statistics& statistics) const;
  std::optional<Coordinates> coordinates_at(const Statistics& statistics) const;
  std::optional<Coordinates> image_of_direction(const Coordinates& direction);
  bool improve();
  bool find_pair(std::vector<Coordinates> points, std::vector<Coordinates> images);
  bool is_settled(const LookRule& look) const;

  const State& state_;
  const Statistics& like_;
  const UpdateRule& rule_;
  Rows rows_;
  Frame frame_;
  Coordinates point_;
  Coordinates image_;
  double residual_square_ = 0;  // of image - point
  std::size_t passes_ = 0;
  double shown_eigenvalue_ = 0;  // by the last two steps
  double eigenvalue_;
  double error_ = 0;  // length of J x - eigenvalue x: an eigenvalue is at most this far
  Coordinates vector_;
  Coordinates vector_image_;
  std::optional<Coordinates> improvement_;
  std::optional<Coordinates> improvement_image_;
};

/// When a fit looks around, so that looks take no more than a share of its passes.
class LookSchedule {
 public:
  bool is_due(std::size_t iteration) const { return iteration >= next_; }
  /// Of a look in this iteration.
  static std::size_t most_passes(std::size_t iteration);
  /// After a look that found more to gain: at the rate that it found, half of the way to the tolerance comes first.
  void put_off(std::size_t iteration, const SecondLook& look, double tolerance, bool accelerated);

 private:
  std::size_t next_ = 0;
};

/// "components 0 and 1, 0 and 2 are equal"; empty where all differ.
std::string describe_equal_components(const EStepParameters& parameters);

}  // namespace mixfam
