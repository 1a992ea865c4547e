#pragma once

#include <mixfam/assignment.hpp>
#include <mixfam/enum_names.hpp>
#include <mixfam/export.hpp>
#include <mixfam/fit_state.hpp>
#include <mixfam/freeze.hpp>
#include <mixfam/initialize.hpp>
#include <mixfam/mixture.hpp>
#include <mixfam/posterior.hpp>
#include <mixfam/prior.hpp>
#include <mixfam/source.hpp>
#include <mixfam/trace.hpp>
#include <mixfam/update.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace mixfam {

/// What happens to a component that no parameters fit.
enum class DegeneratePolicy {
  error,   ///< the fit ends with Verdict::degenerate
  reseed,  ///< it begins anew with N/K rows around a row drawn at random
  drop,    ///< the mixture goes on without it
  keep,    ///< it keeps the parameters that it had
};
template <>
struct EnumNames<DegeneratePolicy> {
  static constexpr EnumName<DegeneratePolicy> all[] = {
      {DegeneratePolicy::error, "error"},
      {DegeneratePolicy::reseed, "reseed"},
      {DegeneratePolicy::drop, "drop"},
      {DegeneratePolicy::keep, "keep"},
  };
};

/// How the updates of a soft assignment are carried on towards their limit.
enum class Acceleration {
  none,      ///< not at all: the textbook's iterations
  squarem,   ///< squared extrapolation from two steps, scheme S3 (Varadhan and Roland 2008)
  anderson,  ///< the least residual among combinations of the last steps (Anderson 1965; Walker and Ni 2011)
};
template <>
struct EnumNames<Acceleration> {
  static constexpr EnumName<Acceleration> all[] = {
      {Acceleration::none, "none"},
      {Acceleration::squarem, "squarem"},
      {Acceleration::anderson, "anderson"},
  };
};

struct FitOptions {
  Update update = Update::ml;
  Assignment assignment = Assignment::soft;
  Prior prior;  ///< `ml` uses nothing of it
  Freeze freeze = {};
  double tolerance = 1e-6;             ///< estimated remaining gain of the objective, in nats; 0: make all iterations
  std::size_t max_iterations = 10000;  ///< updates of the whole data; all of them are made by sampling methods
  DegeneratePolicy degenerate = DegeneratePolicy::error;
  std::uint64_t seed = 0;  ///< of sampled assignments and updates, of reseeding and perturbations

  /// Soft assignment without a temperature, and updates of the whole data, only. An extrapolation is kept if the
  /// objective does not fall; otherwise its pass over the data counts as an iteration without an entry in the trace.
  Acceleration accelerate = Acceleration::none;

  /// Annealing: q(z) is proportional to p(z | x, theta)^(1/T) with T = max(1, temperature * cooling^t) in iteration t
  /// (Ueda and Nakano 1998). Soft assignment only.
  double temperature = 1;
  double cooling = 0.9;

  /// Stepwise updates (Cappe and Moulines 2009; with `vb` Hoffman et al. 2013): rows in batches of this size in the
  /// order of the source, each followed by S <- (1 - rho) S + rho (N/n) S_batch and an update, where
  /// rho = (t + 2)^-forgetting after t updates; S begins as that of the start and runs on from pass to pass. 0: the
  /// whole data for each update.
  std::size_t batch_rows = 0;
  double forgetting = 0.7;

  std::size_t threads = 0;  ///< 0: as many as there are cores; the result does not depend on it

  /// Before a fit is said to have converged it looks once more, with a few passes that are no iterations, in directions
  /// that the iterations did not show (soft assignment). Where a perturbation raises the objective by more than the
  /// tolerance, the fit goes on from there; with this it ends with Verdict::saddle.
  bool keep_saddle = false;

  bool verify = false;  ///< compute each KL by its definition too, with one more pass an iteration
  Observer observer = {};
};

/// How well the rows of a component support its parameters. Likelihoods of continuous data have spurious maxima, at
/// which a component has shrunk, in some direction, onto a few rows that lie together by chance (Day 1969).
///
/// Eigenvalues are the least of C_k v = e M v: the variance along the direction in which the component is thinnest, in
/// units that M sets there, so that they do not depend on the units of the columns. NaN for families whose parameters
/// hold no covariance; the least of all where they hold several.
struct ComponentSoundness {
  double rows_per_parameter;  ///< N_k over the free parameters of a component; NaN where it has none
  double data_eigenvalue;     ///< M: the covariance of all the data, of the same structure; NaN where that is singular
  double components_eigenvalue;  ///< M = sum_k w_k C_k, the mean covariance of the components (compare Hathaway 1985)
  bool
      suspicious;  ///< fewer than 5 rows for a parameter and a components_eigenvalue below 1e-3; no draw is (`sampled`)
};

struct MIXFAM_API FitResult {
  Mixture mixture;  ///< the parameters of the last trace entry
  Verdict verdict;
  std::string message;  ///< the verdict in a sentence, with the advice that goes with it
  Trace trace;
  double remaining_gain;      ///< estimate of what the objective would still gain, in nats; NaN when unknown
  double total_weight;        ///< the number of rows, or the sum of their weights
  double informative_weight;  ///< the n of BIC: that of rows with an observed cell or a label
  double missing_cells;       ///< how many there are in rows of positive weight

  std::optional<Posterior> posterior;  ///< of weights and parameters given the last assignment; `map`, `vb`, `sampled`
  double final_log_likelihood;         ///< log p(X | mixture), weighted
  std::size_t free_parameters;         ///< of the criteria: what is frozen is not counted
  std::string instruction_set;         ///< "baseline", "avx2" or "avx512": another may change the last bits
  std::vector<ComponentSoundness> soundness;  ///< of each component

  /// Whether a component is: the maximum may be a spurious one.
  bool suspicious() const;

  double log_likelihood() const { return final_log_likelihood; }

  double objective() const { return trace.back().objective; }
  std::size_t iterations() const { return trace.back().iteration; }
  double aic() const;  ///< -2 log p + 2 p (Akaike 1974)
  double bic() const;  ///< -2 log p + p log n (Schwarz 1978)
  double icl() const;  ///< -2 Q + p log n = BIC + 2 H(q) (Biernacki, Celeux and Govaert 2000)
};

/// The fit that begins with the update of given responsibilities R (N x K): rows >= 0 that sum to 1 within 1e-6.
/// Throws Error(data) for rows that do not, Error(numerical) when a component is degenerate.
MIXFAM_API FitResult fit_responsibilities(const FamilyPtr& family, ConstMatrixView R, Source& source,
                                          const FitOptions& options = {});
/// The same for K components in groups.
MIXFAM_API FitResult fit_responsibilities(const Groups& groups, ConstMatrixView R, Source& source,
                                          const FitOptions& options = {});

/// Fits a mixture by expectation maximisation over additive sufficient statistics, starting at `start`.
/// A degenerate component is a verdict, not an exception: the result is the last mixture that was sound.
/// Throws Error(data) for data outside the support or fewer distinct rows than components, Error(usage) for a prior
/// that cannot be used.
MIXFAM_API FitResult fit(const Mixture& start, Source& source, const FitOptions& options = {});

/// The state of the fit that `fit` would make, after the E-step at the start. With `step` and `result_of` it is made in
/// the caller's own loop:
///
///     FitState state = begin_fit(start, source, options);
///     while (!state.is_done()) state = step(std::move(state), source, options);
///     FitResult result = result_of(std::move(state), source, options);
///
/// The observer is not called. Throws as `fit` does.
MIXFAM_API FitState begin_fit(const Mixture& start, Source& source, const FitOptions& options = {});

/// The state after one more iteration, or its end. A state that is done stays as it is, but for one at a limit on
/// iterations that is greater now. Source and update must be those that the fit began with.
/// Throws Error(usage) where they are not, or for options that contradict each other.
MIXFAM_API FitState step(FitState state, Source& source, const FitOptions& options = {});

/// What a fit has come to; Verdict::interrupted where it is not done.
MIXFAM_API FitResult result_of(FitState state, Source& source, const FitOptions& options = {});

/// One start of several and what became of it.
struct RestartSummary {
  std::size_t restart = 0;
  std::uint64_t seed = 0;          ///< that alone gives this start, and with FitOptions::seed the same this fit
  std::optional<Verdict> verdict;  ///< none when the start itself failed
  std::string message;
  double objective = 0;  ///< NaN when the start itself failed
  double log_likelihood = 0;
  std::size_t iterations = 0;
  bool suspicious = false;  ///< see FitResult
};

/// Which of several fits is the best. A fit that `decreased`, or is `degenerate`, comes after all others.
enum class Prefer {
  sound,       ///< the greatest objective less what suspicious components can have gained by chance: log C(n, N_k)
  likelihood,  ///< the greatest objective
};
template <>
struct EnumNames<Prefer> {
  static constexpr EnumName<Prefer> all[] = {
      {Prefer::sound, "sound"},
      {Prefer::likelihood, "likelihood"},
  };
};

struct RestartsResult {
  FitResult best;  ///< by the preference, the earliest among equals; its message names a suspicious one that it beat
  std::size_t best_restart = 0;
  std::size_t agreeing = 1;  ///< restarts that are as sound and within 0.01 nats (or twice the tolerance) of the best
  std::vector<RestartSummary> restarts;
};

struct RestartsOptions {
  Start start = Start::kmeans_plus_plus;
  std::size_t restarts = 1;
  std::uint64_t seed = 0;
  Prefer prefer = Prefer::sound;
  /// Called before each start with its number, in order.
  std::function<void(std::size_t)> observer = {};
  /// Called with what became of each start, in order.
  std::function<void(const RestartSummary&)> ended = {};
};

/// Fits from several starts and returns the best; a start that fails is recorded and does not end the others.
/// Where the rows are too few for the threads, fits run side by side, on one thread each, over a copy of the rows. The
/// result is the same, bit for bit, and so is what an observer that stops or throws leads to. Observers are called by
/// one thread at a time, but not always by the caller's; FitState::restart tells which fit is seen.
/// Throws Error(numerical) when no start yields a mixture at all.
MIXFAM_API RestartsResult fit_restarts(const FamilyPtr& family, std::size_t components, Source& source,
                                       const RestartsOptions& restarts = {}, const FitOptions& options = {});
MIXFAM_API RestartsResult fit_restarts(const Groups& groups, Source& source, const RestartsOptions& restarts = {},
                                       const FitOptions& options = {});

}  // namespace mixfam
