#pragma once

#include <mixfam/export.hpp>
#include <mixfam/matrix_view.hpp>

#include <vector>

namespace mixfam {

/// All that one pass over the data leaves behind: additive over rows, blocks, threads and files.
///
/// For component k, S_k = sum_n r_nk t(x_n - o_k), where the origin o_k is fixed for the pass (the component's
/// current mean, so that nothing cancels); origins are part of the value because S_k means nothing without them.
class MIXFAM_API Statistics {
 public:
  Statistics() = default;
  Statistics(std::size_t components, std::size_t statistic_size, std::size_t origin_size);
  /// From the origins (K rows) and the buffer of other statistics. Throws Error(usage) for a buffer of another size.
  Statistics(std::size_t statistic_size, ConstMatrixView origins, ConstVectorView buffer);

  std::size_t components() const { return components_; }
  std::size_t statistic_size() const { return statistic_size_; }
  std::size_t origin_size() const { return origin_size_; }

  double& total_weight() { return buffer_[0]; }        ///< sum of row weights w_n
  double& log_normaliser() { return buffer_[1]; }      ///< sum_n w_n log sum_k exp L_nk
  double& expected_log_joint() { return buffer_[2]; }  ///< Q without log h: sum_nk w_n r_nk L_nk
  double& entropy() { return buffer_[3]; }             ///< H(q) = -sum_nk w_n r_nk log r_nk
  double total_weight() const { return buffer_[0]; }
  double log_normaliser() const { return buffer_[1]; }
  double expected_log_joint() const { return buffer_[2]; }
  double entropy() const { return buffer_[3]; }

  /// Effective counts N_k, K values.
  VectorView counts() { return {buffer_.data() + scalars, components_}; }
  ConstVectorView counts() const { return {buffer_.data() + scalars, components_}; }
  /// S, K x statistic_size.
  MatrixView sums() {
    return MatrixView::row_major(buffer_.data() + scalars + components_, components_, statistic_size_);
  }
  ConstMatrixView sums() const {
    return ConstMatrixView::row_major(buffer_.data() + scalars + components_, components_, statistic_size_);
  }
  /// Origins, K x origin_size.
  MatrixView origins() { return MatrixView::row_major(origins_.data(), components_, origin_size_); }
  ConstMatrixView origins() const { return ConstMatrixView::row_major(origins_.data(), components_, origin_size_); }

  /// Sets every sum to zero and keeps the origins.
  void clear();
  /// Adds the statistics of other rows. Throws Error(usage) unless both sides have the same shape and origins.
  Statistics& operator+=(const Statistics& other);
  /// Everything additive as one run, for messages between processes and for files.
  ConstVectorView buffer() const { return buffer_; }

 private:
  static constexpr std::size_t scalars = 4;

  std::size_t components_ = 0;
  std::size_t statistic_size_ = 0;
  std::size_t origin_size_ = 0;
  std::vector<double> buffer_;
  std::vector<double> origins_;
};

}  // namespace mixfam
