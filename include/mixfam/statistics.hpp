#pragma once

#include <mixfam/export.hpp>
#include <mixfam/matrix_view.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace mixfam {

/// All that one pass over the data leaves behind: additive over rows, blocks, threads and files.
///
/// For component k, S_k = sum_n r_nk t(x_n - o_k), where the origin o_k is fixed for the pass (the component's
/// current mean, so that nothing cancels); origins are part of the value because S_k means nothing without them.
/// Groups of neighbours whose components have a t of their own have a part each in one buffer.
class MIXFAM_API Statistics {
 public:
  /// Components with one t.
  struct Group {
    std::size_t components;
    std::size_t statistic_size;
    std::size_t origin_size;
  };

  Statistics() = default;
  Statistics(std::size_t components, std::size_t statistic_size, std::size_t origin_size);
  explicit Statistics(const std::vector<Group>& groups);
  /// From the origins (K rows) and the buffer of other statistics of one group. Throws Error(usage) for a buffer of
  /// another size.
  Statistics(std::size_t statistic_size, ConstMatrixView origins, ConstVectorView buffer);

  std::size_t components() const { return components_; }
  std::size_t groups() const { return parts_ ? parts_->size() : 0; }
  std::size_t statistic_size(std::size_t group = 0) const { return part(group).statistic_size; }
  std::size_t origin_size(std::size_t group = 0) const { return part(group).origin_size; }

  double& total_weight() { return buffer_[0]; }        ///< sum of row weights w_n
  double& log_normaliser() { return buffer_[1]; }      ///< sum_n w_n log sum_k exp L_nk
  double& expected_log_joint() { return buffer_[2]; }  ///< Q = E_q[log p(x, z)], without log h of a single group
  /// H(q) = -sum_nk w_n r_nk log r_nk, and with gaps the entropy of the missing cells sum_nk w_n r_nk H(x_m | x_o, k).
  double& entropy() { return buffer_[3]; }
  double& expected_log_base() { return buffer_[4]; }  ///< sum_nk w_n r_nk log h_k(x_n) of several groups; 0 of one
  double& missing_cells() { return buffer_[5]; }      ///< missing cells, each counted by the weight w_n of its row
  double total_weight() const { return buffer_[0]; }
  double log_normaliser() const { return buffer_[1]; }
  double expected_log_joint() const { return buffer_[2]; }
  double entropy() const { return buffer_[3]; }
  double expected_log_base() const { return buffer_[4]; }

  double missing_cells() const { return buffer_[5]; }

  /// Effective counts N_k, K values.
  VectorView counts() { return {buffer_.data() + scalars, components_}; }
  ConstVectorView counts() const { return {buffer_.data() + scalars, components_}; }
  /// S of a group, K x statistic_size.
  MatrixView sums(std::size_t group = 0) { return sums_in(buffer_.data(), part(group)); }
  ConstMatrixView sums(std::size_t group = 0) const { return sums_in(buffer_.data(), part(group)); }
  /// Origins of a group, K x origin_size.
  MatrixView origins(std::size_t group = 0) { return origins_in(origins_.data(), part(group)); }
  ConstMatrixView origins(std::size_t group = 0) const { return origins_in(origins_.data(), part(group)); }
  /// S_k.
  VectorView sum(std::size_t k) { return sums_in(buffer_.data(), part_of(k)).row(k - part_of(k).first); }
  ConstVectorView sum(std::size_t k) const { return sums_in(buffer_.data(), part_of(k)).row(k - part_of(k).first); }
  /// o_k.
  VectorView origin(std::size_t k) { return origins_in(origins_.data(), part_of(k)).row(k - part_of(k).first); }
  ConstVectorView origin(std::size_t k) const {
    return origins_in(origins_.data(), part_of(k)).row(k - part_of(k).first);
  }

  /// Sets every sum to zero and keeps the origins.
  void clear();
  /// Adds the statistics of other rows. Throws Error(usage) unless both sides have the same shape and origins.
  Statistics& operator+=(const Statistics& other);
  /// Everything additive as one run, for messages between processes and for files.
  ConstVectorView buffer() const { return buffer_; }
  /// Takes the buffer of other statistics of this shape. Throws Error(usage) for one of another size.
  void set_buffer(ConstVectorView buffer);

 private:
  static constexpr std::size_t scalars = 6;

  struct Part : Group {
    std::size_t first;       // component
    std::size_t sums_at;     // in the buffer
    std::size_t origins_at;  // among the origins
  };

  template <class T>
  static BasicMatrixView<T> sums_in(T* buffer, const Part& part) {
    return BasicMatrixView<T>::row_major(buffer + part.sums_at, part.components, part.statistic_size);
  }
  template <class T>
  static BasicMatrixView<T> origins_in(T* origins, const Part& part) {
    return BasicMatrixView<T>::row_major(origins + part.origins_at, part.components, part.origin_size);
  }
  const Part& part(std::size_t group) const;
  const Part& part_of(std::size_t k) const;
  /// Whose origin a place among the origins is of.
  std::size_t component_of_origin(std::size_t place) const;
  std::string shape_text() const;

  std::shared_ptr<const std::vector<Part>> parts_;
  std::size_t components_ = 0;
  std::vector<double> buffer_;
  std::vector<double> origins_;
};

}  // namespace mixfam
