#pragma once

#include <mixfam/block.hpp>
#include <mixfam/export.hpp>
#include <mixfam/matrix_view.hpp>
#include <mixfam/parameters.hpp>
#include <mixfam/random.hpp>
#include <mixfam/statistics.hpp>
#include <mixfam/workspace.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace mixfam {

/// The values that a column may hold: an interval, perhaps of integers only, or a list.
struct Support {
  std::string rule;  ///< for people: "x >= 0"
  double lower;
  double upper;
  bool open = false;                ///< the bounds themselves are excluded
  bool integer = false;             ///< whole numbers only
  std::vector<double> values = {};  ///< sorted: these alone, within the bounds; empty: all of the interval
  bool labels_allowed = false;      ///< the values are codes without an order, so that labels may stand for them

  MIXFAM_API bool contains(double x) const;
};

/// A column of the data times a factor.
struct ColumnTerm {
  std::size_t column;
  double factor;
};

/// Why no parameters fit. Families know columns by their number; whoever has the data adds their names.
struct MIXFAM_API Reason {
  Reason(std::string why) : text(std::move(why)) {}
  Reason(const char* why) : text(why) {}

  std::string text;
  /// Combinations of columns that do not vary on the rows of the component, where that is why.
  std::vector<std::vector<ColumnTerm>> constant;
  std::optional<std::size_t> column;  ///< the column that the text is about, where there are several
  std::string cure;                   ///< what to try where a prior does not help: "rescale the columns"

  /// For people: `its covariance is singular: column 2 ("c") is constant on the rows left to it`.
  std::string describe(const std::vector<std::string>& column_names = {}) const;
};

/// A component that no parameters fit.
struct Degeneracy {
  std::size_t component;
  Reason reason;
};

/// Parameters of K components with all that is made of them once: factorisations, tables, coefficients. An E-step is
/// made of it, and so is whatever else an iteration needs of the parameters. It may be used from several threads, each
/// with a workspace of its own.
class MIXFAM_API Step {
 public:
  /// `origins`: the locations of the components, K x O row-major.
  Step(std::size_t components, std::vector<double> origins);
  virtual ~Step();

  std::size_t components() const { return components_; }
  /// The locations of the components, K x O.
  ConstMatrixView origins() const {
    return ConstMatrixView::row_major(origins_.data(), components_,
                                      components_ > 0 ? origins_.size() / components_ : 0);
  }

  /// What the functions below read of a block: the block itself, or columns made of it once, such as log x, which live
  /// as long as the frame.
  virtual Block prepare(const Block& x, Workspace::Frame& frame) const;
  /// L(n, k) += <t(x_n), c(theta_k)>: the log density without log h, of the observed cells where some are missing. x is
  /// prepared; L: rows x K, column-major.
  virtual void add_log_density(const Block& x, MatrixView L, Workspace& workspace) const = 0;
  /// S(k, :) += sum_n R(n, k) t(x_n - o_k) about the locations. x is prepared and without gaps; R: rows x K,
  /// column-major.
  virtual void accumulate(const Block& x, ConstMatrixView R, MatrixView S, Workspace& workspace) const = 0;
  /// The same for a block with missing cells m beside the observed ones o (Little and Rubin 2002, section 11.3): the
  /// sum of R(n, k) E[t(x_n - o_k) | x_o, theta_k], or of a draw of x_m in place of the expectation where `draws` is
  /// given. A column that is independent of all others adds nothing where it is missing. Returns the sum of R(n, k)
  /// H(x_m | x_o, theta_k), or of minus the log density of the draws: log p(x_o) = E[log p(x_o, x_m)] + H.
  virtual double accumulate_observed(const Block& x, ConstMatrixView R, MatrixView S, Random* draws,
                                     Workspace& workspace) const = 0;
  /// Adds the soft E-step of prepared rows without weights to statistics about the locations, in one go where the
  /// family has a faster way than densities, responsibilities and `accumulate`. False: nothing was done, because there
  /// is none for this block or because a row has no density.
  virtual bool add_soft(const Block& x, ConstVectorView log_weights, Statistics& statistics,
                        Workspace& workspace) const;
  /// c(theta_k; o), P values.
  virtual void coefficients(std::size_t k, ConstVectorView origin, VectorView c) const = 0;
  /// Of a step that expects over a posterior (`ConjugatePrior::expectation`): E[<s, c>] - <s, c(theta_k)> - count
  /// log_scale[k] for statistics s of rows of which `count` were assigned to the component. It is 0 but where columns
  /// have gaps, and so counts of their own.
  virtual double expectation_of_gaps(std::size_t k, ConstVectorView s, double count) const = 0;

 private:
  std::size_t components_;
  std::vector<double> origins_;
};

using StepPtr = std::shared_ptr<const Step>;

/// What comes with parameters that were made.
struct Estimates {
  std::vector<Degeneracy> degenerate;  ///< components that no parameters fit
  StepPtr step;  ///< at the parameters, which are valid then; none where a component is degenerate
};

/// The conjugate prior of a family, p(theta_k) = exp<chi, c(theta_k)> / Z(chi), and the posteriors of its form.
///
/// h is a row of H = hyperparameters().size() values, which is 0 for a family with nothing to estimate; the posteriors
/// of K components form a K x H matrix, also called H. Other sizes are those of the family.
class MIXFAM_API ConjugatePrior {
 public:
  ConjugatePrior() = default;
  ConjugatePrior(const ConjugatePrior&) = delete;  // it is of one family, which it refers to
  ConjugatePrior& operator=(const ConjugatePrior&) = delete;
  virtual ~ConjugatePrior();

  virtual const Schema& hyperparameters() const = 0;
  /// The hyperparameters for which chi = 0.
  virtual void flat(VectorView h) const = 0;
  /// Weakly informative hyperparameters scaled to the data, from their statistics s about `origin`, for K components.
  virtual void standard(ConstVectorView s, ConstVectorView origin, std::size_t components, VectorView h) const = 0;
  /// Why `map` cannot use these hyperparameters, if so.
  virtual std::optional<std::string> check(ConstVectorView h) const = 0;
  /// S_k += chi(h; o_k) for all components: a prior is pseudo-data, and MAP is `mle` of the sum.
  virtual void add_chi(ConstVectorView h, ConstMatrixView origins, MatrixView S) const = 0;
  /// sum_k log p(theta_k | h) at the parameters of the step, base measure d(parameters); up to a constant where the
  /// prior is improper.
  virtual double log_density(ConstVectorView h, const Step& step) const = 0;

  // --- posteriors of K components -----------------------------------------------------------------------------
  /// H from statistics that the prior was added to: Bayes' law is chi + s.
  virtual void from_chi(ConstMatrixView S, ConstMatrixView origins, MatrixView H) const = 0;
  /// sum_k log Z; none where a row is improper, singular to within rounding included.
  virtual std::optional<double> log_partition(ConstMatrixView H) const = 0;
  /// theta and log_scale with E[<t(x), c(.)>] = <t(x), c(theta_k)> + log_scale[k] for every x: an E-step under the
  /// posterior is one at theta with log_scale added to the log weights. Degenerate are rows that are improper or whose
  /// theta is no parameter; theta of theirs is left unspecified.
  virtual Estimates expectation(ConstMatrixView H, MatrixView theta, VectorView log_scale) const = 0;
  /// out[k] += KL(p(theta_k | H_k) || p(theta_k | h)) = <q - p, grad log Z(q)> - log Z(q) + log Z(p); what components
  /// share is given to them in equal shares. `step`: the one that the `expectation` of H gave.
  virtual void add_kl(ConstMatrixView H, ConstVectorView h, const Step& step, VectorView out) const = 0;
  /// theta ~ p(theta | H). Degenerate are rows that are improper, and draws that are no parameters to within rounding.
  virtual Estimates sample(ConstMatrixView H, Random& random, MatrixView theta) const = 0;
  /// E[theta | H]; NaN where it does not exist.
  virtual void mean(ConstMatrixView H, MatrixView theta) const = 0;
  /// Quantile of the marginal of each parameter; NaN where it has no closed form.
  virtual void quantile(ConstMatrixView H, double level, MatrixView theta) const = 0;
};

/// An exponential family behind one face: log p(x | theta) = log h(x) + <t(x - o), c(theta; o)>, for any origin o.
///
/// Sizes: D columns, P = statistic_size(), O = origin_size(), Q = parameters().size().
/// Parameters of K components form a K x Q matrix, statistics K x P, origins K x O.
/// Objects are immutable and may be used from several threads. Calls are made per block or per parameter set.
class MIXFAM_API Family {
 public:
  virtual ~Family();

  /// The specification that makes this family again, such as "gaussian:covariance=full".
  virtual std::string spec() const = 0;
  /// What messages and parameters of products call it: the word that its specification begins with.
  virtual std::string name() const;
  virtual std::size_t columns() const = 0;
  virtual const Schema& parameters() const = 0;
  /// Null where the family has no conjugate prior; else it lives as long as the family.
  virtual const ConjugatePrior* prior() const = 0;
  virtual std::size_t statistic_size() const = 0;
  virtual std::size_t origin_size() const = 0;
  /// Free parameters of K components, without the mixture weights.
  virtual std::size_t free_parameters(std::size_t components) const = 0;
  virtual const Support& support(std::size_t column) const = 0;
  /// The factor that models a column where this is a product; else the family itself.
  virtual const Family& factor_of(std::size_t column) const;

  // --- data -------------------------------------------------------------------------------------------------
  /// Whether steps and `accumulate` take blocks of native rows of this type, which then have no columns.
  virtual bool reads_native(ElementType type) const;
  /// out[n] += log h(x_n), which steps leave out of log densities.
  virtual void add_log_base(const Block& x, VectorView out) const = 0;
  /// T(n, :) = t(x_n - o); T: rows x P, column-major. What depends on a missing cell is 0.
  virtual void statistic(const Block& x, ConstVectorView origin, MatrixView T) const = 0;
  /// S(k, :) += sum_n R(n, k) t(x_n - o_k); R: rows x K, column-major. Without parameters nothing is known of missing
  /// cells: those of columns that are independent add nothing, others are taken to lie at the origin.
  virtual void accumulate(const Block& x, ConstMatrixView R, ConstMatrixView origins, MatrixView S,
                          Workspace& workspace) const = 0;
  /// Lives no longer than the family. Throws Error(numerical) for a component whose parameters have no factorisation.
  virtual StepPtr step(ConstMatrixView theta) const = 0;
  /// An origin at the first row of the block.
  virtual void origin_at(const Block& x, VectorView origin) const = 0;
  /// Number of columns of `features`.
  virtual std::size_t feature_size() const = 0;
  /// What k-means++ measures distances in: the data where they are numbers, their sufficient statistics elsewhere; NaN
  /// where they come from a missing cell.
  virtual void features(const Block& x, MatrixView F) const = 0;

  // --- one component ----------------------------------------------------------------------------------------
  virtual void origin(ConstVectorView theta, VectorView origin) const = 0;
  /// c(theta; o), P values.
  virtual void coefficients(ConstVectorView theta, ConstVectorView origin, VectorView c) const = 0;
  /// E[t(x - o) | theta], P values.
  virtual void mean_statistic(ConstVectorView theta, ConstVectorView origin, VectorView s) const = 0;
  /// Statistics about the origin `from` become statistics about the origin `to`.
  virtual void recentre(ConstVectorView from, ConstVectorView to, VectorView s) const = 0;
  /// Makes draws x ~ p(x | theta), D values each, from parameters prepared once; several threads may call it. The
  /// family must outlive it.
  using Sampler = std::function<void(Random&, VectorView)>;
  virtual Sampler sampler(ConstVectorView theta) const = 0;

  // --- all components ---------------------------------------------------------------------------------------
  /// theta = argmax sum_k <S_k, c(theta_k; o_k)>. Rows of the components returned as degenerate are left unspecified.
  virtual Estimates mle(ConstMatrixView S, ConstMatrixView origins, MatrixView theta) const = 0;

  // --- estimates that keep a parameter, such as a mean -------------------------------------------------------
  /// Whether there is a formula for the other parameters given this one.
  virtual bool can_hold(const std::string& parameter) const;
  /// Changes the statistics of a component to those whose estimate has the parameter as theta has it, to within
  /// rounding, and the best other parameters given it.
  virtual void hold(const std::string& parameter, ConstVectorView theta, ConstVectorView origin, VectorView s) const;
};

using FamilyPtr = std::shared_ptr<const Family>;

}  // namespace mixfam
