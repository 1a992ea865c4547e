#pragma once

#include <mixfam/export.hpp>
#include <mixfam/initialize.hpp>
#include <mixfam/mixture.hpp>
#include <mixfam/prior.hpp>
#include <mixfam/source.hpp>
#include <mixfam/trace.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace mixfam {

enum class Update {
  ml,   ///< maximum likelihood: c = mle(s)
  map,  ///< posterior mode: c = mle(chi + s)
};

enum class Assignment {
  soft,  ///< q(z) = p(z | x, theta): EM (Dempster, Laird, Rubin 1977)
  hard,  ///< q(z) = the most probable component: classification EM (Celeux and Govaert 1992)
};

enum class Verdict {
  converged,       ///< the Aitken estimate of the remaining gain is below the tolerance
  max_iterations,  ///< stopped by the limit on iterations
  decreased,       ///< the objective fell by more than round-off
  degenerate,      ///< a component collapsed: no parameters fit it
  interrupted,     ///< the observer asked to stop
};

MIXFAM_API const char* to_string(Update update);
MIXFAM_API const char* to_string(Assignment assignment);
MIXFAM_API const char* to_string(Verdict verdict);

struct FitOptions {
  Update update = Update::ml;
  Assignment assignment = Assignment::soft;
  Prior prior;                         ///< used by Update::map
  double tolerance = 1e-6;             ///< estimated remaining gain of the objective, in nats
  std::size_t max_iterations = 10000;  ///< M-steps
  bool verify = false;                 ///< compute each KL by its definition too, with one more pass an iteration
  /// Called after each E-step; returning false ends the fit with Verdict::interrupted.
  std::function<bool(const TraceEntry&)> observer;
};

struct MIXFAM_API FitResult {
  Mixture mixture;  ///< the parameters of the last trace entry
  Verdict verdict;
  std::string message;  ///< the verdict in a sentence, with the advice that goes with it
  Trace trace;
  double remaining_gain;  ///< Aitken estimate of what the objective would still gain, in nats; NaN when unknown
  double total_weight;    ///< the n of BIC: the number of rows, or the sum of their weights

  double log_likelihood() const { return trace.back().log_likelihood; }
  double objective() const { return trace.back().objective; }
  std::size_t iterations() const { return trace.back().iteration; }
  double aic() const;  ///< -2 log p + 2 p (Akaike 1974)
  double bic() const;  ///< -2 log p + p log n (Schwarz 1978)
  double icl() const;  ///< -2 Q + p log n = BIC + 2 H(q) (Biernacki, Celeux and Govaert 2000)
};

/// Fits a mixture by expectation maximisation over additive sufficient statistics, starting at `start`.
/// A degenerate component is a verdict, not an exception: the result is the last mixture that was sound.
/// Throws Error(data) for data outside the support or fewer distinct rows than components, Error(usage) for a prior
/// that cannot be used.
MIXFAM_API FitResult fit(const Mixture& start, Source& source, const FitOptions& options = {});

/// One start of several and what became of it.
struct RestartSummary {
  std::size_t restart = 0;
  std::optional<Verdict> verdict;  ///< none when the start itself failed
  std::string message;
  double objective = 0;  ///< NaN when the start itself failed
  double log_likelihood = 0;
  std::size_t iterations = 0;
};

struct RestartsResult {
  FitResult best;  ///< of the sound fits the one of the greatest objective, the earliest among equals
  std::size_t best_restart = 0;
  std::vector<RestartSummary> restarts;
};

struct RestartsOptions {
  Start start = Start::kmeans_plus_plus;
  std::size_t restarts = 1;
  std::uint64_t seed = 0;
  /// Called before each start with its number.
  std::function<void(std::size_t)> observer;
};

/// Fits from several starts and returns the best; a start that fails is recorded and does not end the others.
/// Throws Error(numerical) when no start yields a mixture at all.
MIXFAM_API RestartsResult fit_restarts(const FamilyPtr& family, std::size_t components, Source& source,
                                       const RestartsOptions& restarts = {}, const FitOptions& options = {});

}  // namespace mixfam
