#pragma once

#include <mixfam/fit.hpp>
#include <mixfam/mixture.hpp>
#include <mixfam/statistics.hpp>

#include "data/blocks.hpp"
#include "inference/state.hpp"
#include "model/update.hpp"

#include <vector>

/// Short runs of EM from a partition of some rows, by which a start is chosen (Biernacki, Celeux and Govaert 2003).
namespace mixfam {

struct ShortRunRule {
  UpdateRule update;       ///< `map` or `vb`
  Assignment assignment;   ///< soft or hard
  std::size_t iterations;  ///< E-steps
  double pseudo_rows;      ///< that each M-step adds to each component
  double share_of_total;   ///< of the pseudo-rows: those distributed as all the data
  const Source& data;      ///< whose columns messages name
};

struct ShortRun {
  State state;
  double objective;  ///< of the state before the last update, the log prior included
};

/// The run over rows that begins with the M-step of a partition of some of them. `total`: the statistics of all the
/// data about their mean. Throws Error(numerical) when a component is degenerate.
ShortRun short_run(const FamilyPtr& family, const std::vector<std::size_t>& group, std::size_t components,
                   const Rows& some, const Rows& rows, const Statistics& total, const ShortRunRule& rule);

/// The update of one E-step of other rows at the state.
State em_step(const State& state, const Rows& rows, const Statistics& total, const ShortRunRule& rule);

}  // namespace mixfam
