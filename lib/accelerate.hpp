#pragma once

#include <mixfam/fit.hpp>
#include <mixfam/statistics.hpp>

#include "e_step.hpp"

#include <deque>
#include <limits>
#include <optional>
#include <vector>

namespace mixfam {

/// Finds the fixed point of s -> E-step(update(s)), s = (N, S), by extrapolation from its last evaluations.
///
/// Each proposal is an affine combination of statistics, so that it keeps the total weight. Lengths are those of the
/// complete-data information: for small differences |ds|^2 = <ds, dc> with c = (log w, c(theta)), the coefficients that
/// the update gives. They do not depend on the units or the origin of the data, and the derivative J of the map is
/// self-adjoint in them, with eigenvalues below 1 where the objective is concave (docs/mathematics.md, section 8).
class Accelerator {
 public:
  Accelerator(Acceleration method, FamilyPtr family) : method_(method), family_(std::move(family)) {}

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
  /// s = (N, S) about the common origins and its dual c, or a difference of two such.
  struct Coordinates {
    std::vector<double> s;
    std::vector<double> c;

    void add(double factor, const Coordinates& other);
    void scale(double factor);
  };
  struct Evaluation {
    Coordinates point;
    Coordinates image;
    Coordinates residual;  // image - point
    bool plain;            // the point was the image of the evaluation before
  };
  /// An eigenvector of J, of length 1, and its eigenvalue, both as the last evaluations show them.
  struct RitzPair {
    double value;
    Coordinates vector;
  };

  static double product(const Coordinates& a, const Coordinates& b);
  static std::vector<double> products(const std::vector<Coordinates>& a, const std::vector<Coordinates>& b);
  static bool normalise(std::vector<Coordinates>& by, std::vector<Coordinates>& along);

  Coordinates coordinates(const Statistics& statistics, const EStepParameters& parameters) const;
  std::vector<Coordinates> differences(Coordinates Evaluation::*member, std::size_t count) const;
  void find_spectrum();
  bool ritz_pairs(std::size_t count);
  std::optional<Coordinates> choose_way() const;
  std::optional<Coordinates> squarem_way() const;
  std::optional<Coordinates> anderson_way() const;
  std::optional<Coordinates> least_residual_way(std::size_t count) const;
  Coordinates ascending_way() const;

  Acceleration method_;
  FamilyPtr family_;
  Statistics image_statistics_;
  Statistics frame_;                  // holds the common origins
  std::optional<Coordinates> point_;  // none before the first move
  std::optional<Coordinates> image_;  // none at the beginning
  bool extrapolated_ = false;         // the way to the point
  std::deque<Evaluation> history_;
  std::vector<RitzPair> spectrum_;  // by ascending value
  std::optional<Coordinates> way_;  // from the image to where the extrapolation leads
  double longest_ = 1;              // way, in lengths of the residual
  bool squared_ = false;            // Anderson's way left the domain: that of SQUAREM comes next
  double remaining_gain_ = std::numeric_limits<double>::quiet_NaN();
};

}  // namespace mixfam
