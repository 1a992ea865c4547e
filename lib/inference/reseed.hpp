#pragma once

#include <mixfam/fit.hpp>
#include <mixfam/statistics.hpp>

#include "data/blocks.hpp"
#include "inference/state.hpp"
#include "model/update.hpp"

#include <string>
#include <utility>
#include <vector>

namespace mixfam {

/// Whether repaired components are no longer those that they were.
inline bool begins_anew(DegeneratePolicy policy) { return policy != DegeneratePolicy::keep; }

/// The policy of one fit for components that no parameters fit. It changes the statistics, and leaves it to the update
/// to make parameters, weights and posteriors of them, so that all methods share it.
class Repairer {
 public:
  /// `reseeds`: how many components the fit has reseeded, which goes on counting.
  Repairer(const Rows& rows, DegeneratePolicy policy, std::size_t& reseeds)
      : rows_(rows), policy_(policy), reseeds_(reseeds) {}

  /// Makes an update of the statistics whole again; false when the policy ends the fit, or cannot help. `before` is
  /// what components keep, none at a start.
  ///
  ///     reseed  the component begins anew at a row drawn at random, as wide as all the data, with N/K rows
  ///     drop    it leaves; groups, statistics and rule have fewer components then
  ///     keep    it has the parameters, or the posterior, that it had, and its weight where the prior leaves it none
  bool repair(UpdateResult& result, Groups& groups, Statistics& statistics, UpdateRule& rule, const State* before);

  /// What was repaired since the last call, each once.
  std::vector<std::string> take_events() { return std::exchange(events_, {}); }

 private:
  bool reseed(UpdateResult& result, const Groups& groups, Statistics& statistics, const UpdateRule& rule);
  bool drop(UpdateResult& result, Groups& groups, Statistics& statistics, UpdateRule& rule);
  void note(const std::string& what, const std::vector<Degeneracy>& degenerate);

  Rows rows_;
  DegeneratePolicy policy_;
  std::size_t& reseeds_;
  std::vector<std::string> events_;
};

}  // namespace mixfam
