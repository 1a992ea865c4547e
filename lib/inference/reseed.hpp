#pragma once

#include <mixfam/source.hpp>
#include <mixfam/statistics.hpp>

#include "inference/state.hpp"
#include "model/update.hpp"

#include <string>
#include <utility>
#include <vector>

namespace mixfam {

/// The policy of one fit for components that no parameters fit. It changes the statistics, and leaves it to the update
/// to make parameters, weights and posteriors of them, so that all methods share it.
class Repairer {
 public:
  Repairer(Source& source, const FitOptions& options)
      : source_(source), policy_(options.degenerate), threads_(options.threads) {}

  /// Makes an update of the statistics whole again; false when the policy ends the fit, or cannot help. `weights` are
  /// those of fixed weights; `before` is what components keep, none at a start.
  ///
  ///     reseed  the component begins anew at a row drawn at random, as wide as all the data, with N/K rows
  ///     drop    it leaves, and its concentration with it; weights, statistics and rule have fewer components then
  ///     keep    it has the parameters, or the posterior, that it had
  bool repair(UpdateResult& result, const FamilyPtr& family, Statistics& statistics, UpdateRule& rule,
              std::vector<double> weights, const State* before);

  /// Whether repaired components are no longer those that they were.
  bool begins_anew() const { return policy_ != DegeneratePolicy::keep; }

  /// What was repaired since the last call, each once.
  std::vector<std::string> take_events() { return std::exchange(events_, {}); }

 private:
  bool reseed(UpdateResult& result, const FamilyPtr& family, Statistics& statistics, const UpdateRule& rule,
              const std::vector<double>& weights);
  bool drop(UpdateResult& result, const FamilyPtr& family, Statistics& statistics, UpdateRule& rule,
            std::vector<double>& weights);
  void note(const std::string& what, const std::vector<Degeneracy>& degenerate);

  Source& source_;
  DegeneratePolicy policy_;
  std::size_t threads_;
  std::size_t reseeds_ = 0;
  std::vector<std::string> events_;
};

}  // namespace mixfam
