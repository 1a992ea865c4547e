#pragma once

#include <mixfam/statistics.hpp>

#include "model/e_step.hpp"

#include <vector>

/// The space that the iterations move in: statistics s = (N, S) with their duals c = (log w, c(theta)), the
/// coefficients that the update of s gives. The length of a small difference, |ds|^2 = <ds, dc>, is that of the
/// complete-data information. It does not depend on the units or the origin of the data, and the derivative J of
/// s -> E-step(update(s)) is self-adjoint in it (docs/mathematics.md, section 8).
namespace mixfam {

/// s about common origins and its dual, or a difference of two such.
struct Coordinates {
  std::vector<double> s;
  std::vector<double> c;

  void add(double factor, const Coordinates& other);
  void scale(double factor);
};

/// <a, b>, made symmetric: the duals of two differences belong to slightly different places.
double product(const Coordinates& a, const Coordinates& b);

/// (<a_i, b_j> + <b_i, a_j>) / 2, row-major.
std::vector<double> products(const std::vector<Coordinates>& a, const std::vector<Coordinates>& b);

/// Makes the first ones unit vectors and scales the others along; false where a length is not positive.
bool normalise(std::vector<Coordinates>& by, std::vector<Coordinates>& along);

/// The inverse of the Cholesky factor of a Gram matrix of unit vectors, in which directions that can hardly be told
/// apart are one; empty where that is not positive definite.
std::vector<double> inverse_gram_factor(std::vector<double> gram, std::size_t size);

/// An eigenvalue of J on the span of some points, and the factors of the points in its eigenvector, of length 1.
struct RitzPair {
  double value;
  std::vector<double> factors;
};

/// J on the span of unit vectors, from their images (Rayleigh and Ritz), by ascending value. Empty where the points
/// have no span.
std::vector<RitzPair> ritz_pairs(const std::vector<Coordinates>& points, const std::vector<Coordinates>& images);

/// Common origins, which make statistics about different origins comparable.
class Frame {
 public:
  /// The origins of the given statistics.
  Frame(Groups groups, Statistics statistics) : groups_(std::move(groups)), statistics_(std::move(statistics)) {}

  /// Of statistics and their update.
  Coordinates coordinates(const Statistics& statistics, const EStepParameters& parameters) const;
  /// The statistics of s, about the origins of `like`.
  Statistics statistics(const std::vector<double>& s, const Statistics& like) const;
  const Statistics& origin() const { return statistics_; }

 private:
  Groups groups_;
  Statistics statistics_;
};

}  // namespace mixfam
