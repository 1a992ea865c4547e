#pragma once

#include <mixfam/fit.hpp>
#include <mixfam/mixture.hpp>
#include <mixfam/statistics.hpp>

#include "data/blocks.hpp"
#include "model/e_step.hpp"
#include "model/update.hpp"

#include <optional>
#include <vector>

/// Short runs of EM from a partition of some rows, by which a start is chosen (Biernacki, Celeux and Govaert 2003).
namespace mixfam {

struct ShortRunRule {
  UpdateRule update;        ///< `map` or `vb`
  Assignment assignment;    ///< soft or hard
  std::size_t iterations;   ///< E-steps
  double pseudo_rows;       ///< that each M-step adds to each component
  double share_of_total;    ///< of the pseudo-rows: those distributed as all the data
  const Source& data;       ///< whose columns messages name
  bool keep_order = false;  ///< components have their numbers from labels
};

/// Parameters, or their posterior, between two E-steps.
struct Iterate {
  EStepParameters parameters;
  std::vector<double> weights;
  std::optional<ParameterTable> hyperparameters;  ///< vb
  std::vector<double> counts;                     ///< N_k that made it
};

/// Throws Error(data) where the parameters are none of the family.
Mixture mixture_of(Iterate at);

struct ShortRun {
  Iterate end;
  double objective;  ///< before the last update, the log prior included
};

/// The run over rows that begins with the M-step of a partition of some of them. `total`: the statistics of all the
/// data about their mean. It ends early, with less than the objective `least`, where gains that do not grow would not
/// reach that. Throws Error(numerical) when a component is degenerate.
ShortRun short_run(const Groups& groups, const std::vector<std::size_t>& cluster, const Rows& some, const Rows& rows,
                   const Statistics& total, const ShortRunRule& rule, double least);

/// The update of one E-step of other rows.
Iterate em_step(const Iterate& at, const Rows& rows, const Statistics& total, const ShortRunRule& rule);

}  // namespace mixfam
