#pragma once

#include <mixfam/fit.hpp>
#include <mixfam/mixture.hpp>
#include <mixfam/statistics.hpp>

#include "blocks.hpp"
#include "update.hpp"

#include <vector>

/// Short runs of EM from a partition of some rows, by which a start is chosen (Biernacki, Celeux and Govaert 2003).
namespace mixfam {

struct ShortRunRule {
  UpdateRule update;       ///< `map`
  Assignment assignment;   ///< soft or hard
  std::size_t iterations;  ///< E-steps
  double pseudo_rows;      ///< that each M-step adds to each component
  const Source& data;      ///< whose columns messages name
};

struct ShortRun {
  Mixture mixture;
  double objective;  ///< of the mixture before the last update, the log prior included
};

/// The run over rows that begins with the M-step of a partition of some of them. `total`: the statistics of all the
/// data about their mean. Throws Error(numerical) when a component is degenerate.
ShortRun short_run(const FamilyPtr& family, const std::vector<std::size_t>& group, std::size_t components,
                   const Rows& some, const Rows& rows, const Statistics& total, const ShortRunRule& rule);

/// The update of one E-step of other rows at the mixture.
Mixture em_step(const Mixture& mixture, const Rows& rows, const Statistics& total, const ShortRunRule& rule);

}  // namespace mixfam
