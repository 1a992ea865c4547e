#pragma once

#include <mixfam/fit.hpp>
#include <mixfam/statistics.hpp>

#include "inference/coordinates.hpp"
#include "model/e_step.hpp"

#include <deque>
#include <limits>
#include <optional>
#include <vector>

namespace mixfam {

/// Finds the fixed point of s -> E-step(update(s)), s = (N, S), by extrapolation from its last evaluations.
///
/// Each proposal is an affine combination of statistics, so that it keeps the total weight. The derivative J of the map
/// has eigenvalues below 1 where the objective is concave (docs/mathematics.md, section 8).
class Accelerator {
 public:
  Accelerator(Acceleration method, Groups groups) : method_(method), groups_(std::move(groups)) {}

  /// Takes in the statistics of the E-step at the point that was moved to, and the update of these statistics.
  void evaluated(const Statistics& image, const EStepParameters& image_parameters);

  /// Where to go instead of the image; none where nothing better is known. `step` in (0, 1] is the part of the way
  /// from the image that is gone.
  std::optional<Statistics> extrapolate(double step) const;

  /// The next evaluation is that of the update of the last image: a plain step.
  void move_to_image();
  /// The next evaluation is that of the given point, an extrapolation, and its update.
  void move_to(const Statistics& point, const EStepParameters& parameters);
  /// The last extrapolation led downhill.
  void rejected();
  /// The last extrapolation led out of the domain, however short the step.
  void left_domain();
  /// Forgets everything: the map has changed.
  void restart();

  /// What the objective would still gain, in nats, were it quadratic; NaN when unknown or not concave.
  double remaining_gain() const { return remaining_gain_; }

 private:
  struct Evaluation {
    Coordinates point;
    Coordinates image;
    Coordinates residual;  // image - point
    bool plain;            // the point was the image of the evaluation before
  };
  /// An eigenvector of J, of length 1, and its eigenvalue, both as the last evaluations show them.
  struct Direction {
    double value;
    Coordinates vector;
  };

  std::vector<Coordinates> differences(Coordinates Evaluation::*member, std::size_t count) const;
  void find_spectrum();
  bool find_spectrum_of(std::size_t count);
  std::optional<Coordinates> choose_way() const;
  std::optional<Coordinates> squarem_way() const;
  std::optional<Coordinates> anderson_way() const;
  std::optional<Coordinates> least_residual_way(std::size_t count) const;
  Coordinates ascending_way() const;

  Acceleration method_;
  Groups groups_;
  Statistics image_statistics_;
  std::optional<Frame> frame_;        // none at the beginning
  std::optional<Coordinates> point_;  // none before the first move
  std::optional<Coordinates> image_;  // none at the beginning
  bool extrapolated_ = false;         // the way to the point
  std::deque<Evaluation> history_;
  std::vector<Direction> spectrum_;  // by ascending value
  std::optional<Coordinates> way_;   // from the image to where the extrapolation leads
  double longest_ = 1;               // way, in lengths of the residual
  bool squared_ = false;             // Anderson's way left the domain: that of SQUAREM comes next
  double remaining_gain_ = std::numeric_limits<double>::quiet_NaN();
};

}  // namespace mixfam
