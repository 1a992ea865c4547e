#pragma once

#include <mixfam/assignment.hpp>
#include <mixfam/mixture.hpp>
#include <mixfam/statistics.hpp>

#include "data/blocks.hpp"
#include "model/weights.hpp"

#include <memory>
#include <vector>

namespace mixfam {

/// The coefficients of an E-step: those of parameters, and log weights that may carry a further constant for each
/// component, so that point parameters and posteriors look alike.
struct EStepParameters {
  Groups groups;
  ParameterTable theta;
  std::vector<double> log_weights;
  std::vector<StepPtr> steps;  ///< of each group, at theta

  static EStepParameters of(const Mixture& mixture);
  /// c(theta_k; o), P values.
  void coefficients(std::size_t k, ConstVectorView origin, VectorView c) const {
    const std::size_t g = groups.group_of(k);
    steps[g]->coefficients(k - groups.first(g), origin, c);
  }
  /// See Step::expectation_of_gaps.
  double expectation_of_gaps(std::size_t k, ConstVectorView s, double count) const {
    const std::size_t g = groups.group_of(k);
    return steps[g]->expectation_of_gaps(k - groups.first(g), s, count);
  }
};

/// Those of each group at the parameters.
std::vector<StepPtr> steps_at(const Groups& groups, const ParameterTable& theta);

/// How log densities become responsibilities.
struct AssignmentRule {
  Assignment assignment = Assignment::soft;
  double temperature = 1;
  std::uint64_t seed = 0;
  std::uint64_t iteration = 0;
};

/// log p(x_n, z = k) and the responsibilities of the rows of one block: the E-step before any sum. It belongs to one
/// worker, with the memory that blocks need.
class BlockAssignment {
 public:
  explicit BlockAssignment(const EStepParameters& parameters);

  /// Densities and soft responsibilities.
  /// Throws Error(numerical) naming the first row that has no density under any component.
  void compute(const DataBlock& block, const Source& source);
  /// Adds the block's rows to the statistics, assigned by the rule.
  void add(const DataBlock& block, const Source& source, const AssignmentRule& rule, Statistics& statistics);
  /// sum_nk w_n r_nk E_q[log q(x_m) - log p(x_m | x_o, k)] of the missing cells of a block, where q(x_m) is made by
  /// these parameters and p by the others, whose densities are computed. Weighs the responsibilities; `sums` is memory.
  double kl_of_gaps(const DataBlock& block, const AssignmentRule& rule, const BlockAssignment& others,
                    const EStepParameters& parameters, Statistics& sums);
  /// Makes the responsibilities those of the rule.
  void assign(const DataBlock& block, const AssignmentRule& rule);

  /// Densities and soft responsibilities of rows that may have no density under any component.
  void compute_anywhere(const DataBlock& block);

  /// L(n, k) = log w_k + log p(x_n | theta_k), without log h(x_n) where there is a single group; column-major.
  ConstMatrixView log_joint() const {
    return {log_joint_.data(), rows_, components_, 1, static_cast<std::ptrdiff_t>(block_stride)};
  }
  /// log sum_k exp L(n, k).
  ConstVectorView log_normaliser() const { return {log_normaliser_.data(), rows_}; }
  /// -sum_k r_nk log r_nk.
  ConstVectorView entropy() const { return {entropy_.data(), rows_}; }
  /// sum_k r_nk L(n, k).
  double expected_log_joint(std::size_t n) const;
  /// r_nk, column-major.
  MatrixView responsibilities() {
    return {responsibilities_.data(), rows_, components_, 1, static_cast<std::ptrdiff_t>(block_stride)};
  }
  /// log r_nk where r_nk > 0.
  double log_responsibility(std::size_t n, std::size_t k) const {
    return certain_ ? 0 : log_joint()(n, k) / temperature_ - tempered_normaliser(n);
  }

 private:
  /// Makes the blocks of the groups, which live as long as the frame.
  void prepare(const Block& x, Workspace::Frame& frame);
  void compute_log_joint(const DataBlock& block);
  void add_log_base(const Block& x);
  void normalise();
  void refuse_impossible_rows(const DataBlock& block, const Source& source) const;
  /// The whole E-step of rows without weights under soft responsibilities, of which only sums are wanted.
  void add_soft(const DataBlock& block, const Source& source, const AssignmentRule& rule, Statistics& statistics);
  /// The densities of labelled rows are those of their components alone.
  void apply_labels(const DataBlock& block);
  /// S_k += sum_n r_nk t(x_n) of prepared rows, where missing cells are expected, or drawn if the rule draws. Returns
  /// the entropy of those.
  double accumulate(const DataBlock& block, const AssignmentRule& rule, Statistics& statistics);
  void add_sums(const DataBlock& block, const AssignmentRule& rule, Statistics& statistics);
  /// log sum_k exp(L(n, k) / temperature).
  double tempered_normaliser(std::size_t n) const {
    return temperature_ == 1 ? log_normaliser_[n] : tempered_normaliser_[n];
  }
  void harden();
  void draw(const DataBlock& block, const AssignmentRule& rule);
  void temper(double temperature);

  Groups groups_;
  std::size_t components_;
  std::size_t rows_ = 0;
  bool certain_ = false;  // each row belongs to one component
  double temperature_ = 1;
  std::vector<double> log_weights_;
  std::vector<StepPtr> steps_;
  std::vector<Block> prepared_;  // for each group
  Workspace workspace_;
  AlignedVector log_joint_;
  AlignedVector log_normaliser_;
  AlignedVector tempered_normaliser_;
  AlignedVector entropy_;
  AlignedVector responsibilities_;
  AlignedVector log_base_;     // of each group; none where there is one
  std::vector<double> drawn_;  // responsibilities of one row
};

/// Zero statistics about the locations of the parameters.
Statistics zero_statistics(const EStepParameters& parameters);

/// One pass: the statistics of the assignment made at the parameters, about their own locations.
Statistics e_step(const EStepParameters& parameters, const Rows& rows, const AssignmentRule& rule);

/// KL(q || p(Z | X, new)) by its definition, where q is the assignment made at the old parameters.
double kl_by_definition(const EStepParameters& old_parameters, const EStepParameters& new_parameters, const Rows& rows,
                        const AssignmentRule& rule);

/// sum_k <S_k, c(theta_k; o_k)>: E_q[log p(X | Z, theta)], without sum log h of a single group. Minus infinity where a
/// component has rows of a value that its parameters exclude.
double expected_log_density(const Statistics& statistics, const EStepParameters& parameters);

}  // namespace mixfam
