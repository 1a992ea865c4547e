#pragma once

#include <mixfam/block.hpp>
#include <mixfam/matrix_view.hpp>
#include <mixfam/random.hpp>
#include <mixfam/workspace.hpp>

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

namespace mixfam {

/// Rows of a block with the same missing cells m.
struct GapPattern {
  std::size_t first;  ///< among the incomplete rows
  std::size_t rows;
  const std::size_t* missing;  ///< the columns, in order
  std::size_t missing_count;
  /// For each component, of x_m given x_o (Little and Rubin 2002, section 11.3): log|C_m|, the regression
  /// G = -C_m L_mo with the precision L of all columns (m x D, 0 in the columns m), the covariance C_m = L_mm^-1 (m x
  /// m) and an upper triangular root B (m x m), C_m = B B'.
  const double* moments;

  std::size_t moments_size(std::size_t d) const { return 1 + missing_count * (d + 2 * missing_count); }
};

/// The incomplete rows of a block, pattern after pattern.
struct IncompleteRows {
  const GapPattern* patterns = nullptr;
  std::size_t pattern_count = 0;
  const std::size_t* rows = nullptr;  ///< their numbers in the block
  std::size_t count = 0;
  const double* values = nullptr;  ///< count x D row-major, 0 where missing
};

/// Conditional moments of Gaussian components given the observed cells of rows. Those of patterns that occurred are
/// kept, as far as they take little memory; several threads may ask.
class ConditionalMoments {
 public:
  /// `means`: K x D; `whitening`: for each component the inverse W of the Cholesky factor of its covariance, D x D
  /// row-major. Both must live as long as this.
  ConditionalMoments(ConstMatrixView means, std::function<const double*(std::size_t)> whitening);

  /// The incomplete rows of a block with gaps, in memory of the frame.
  IncompleteRows find(const Block& x, Workspace::Frame& frame) const;

  /// The block with E[x_m | x_o] under component k in place of missing cells, or, in rows of responsibility r > 0, with
  /// draws of x_m where `draws` is given: `half_squares` then takes |z|^2 / 2 of the normal z of each incomplete row.
  Block complete(const Block& x, const IncompleteRows& incomplete, std::size_t k, Workspace::Frame& frame,
                 Random* draws = nullptr, ConstVectorView r = {}, double* half_squares = nullptr) const;

  double log_determinant(const GapPattern& pattern, std::size_t k) const {
    return pattern.moments[k * pattern.moments_size(d_)];
  }
  /// C_m, row-major.
  const double* covariance(const GapPattern& pattern, std::size_t k) const {
    return pattern.moments + k * pattern.moments_size(d_) + 1 + pattern.missing_count * d_;
  }

 private:
  using Key = std::vector<std::size_t>;

  const double* moments_of(GapPattern pattern, Workspace::Frame& frame) const;
  void compute(const GapPattern& pattern, double* moments) const;

  std::size_t d_;
  ConstMatrixView means_;
  std::function<const double*(std::size_t)> whitening_;
  mutable std::mutex mutex_;
  mutable std::map<Key, std::unique_ptr<const double[]>> kept_;
  mutable std::size_t kept_values_ = 0;
};

}  // namespace mixfam
