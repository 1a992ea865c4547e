#pragma once

#include <mixfam/enum_names.hpp>
#include <mixfam/export.hpp>
#include <mixfam/mixture.hpp>
#include <mixfam/statistics.hpp>
#include <mixfam/trace.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace mixfam {

enum class Verdict {
  converged,       ///< the estimates of the remaining gain are below the tolerance, those of a second look too
  max_iterations,  ///< stopped by the limit on iterations
  decreased,       ///< the objective fell by more than round-off
  degenerate,      ///< a component collapsed: no parameters fit it
  interrupted,     ///< the caller asked to stop
  saddle,          ///< at rest, but no maximum: a perturbation raises the objective
};

template <>
struct EnumNames<Verdict> {
  static constexpr EnumName<Verdict> all[] = {
      {Verdict::converged, "converged"},     {Verdict::max_iterations, "max_iterations"},
      {Verdict::decreased, "decreased"},     {Verdict::degenerate, "degenerate"},
      {Verdict::interrupted, "interrupted"}, {Verdict::saddle, "saddle"},
  };
};

/// A fit under way, as a value: all that decides what comes next, besides the data and the options. A copy goes on
/// with the same bits. A state that was moved from may only be destroyed or assigned to.
class MIXFAM_API FitState {
 public:
  FitState(const FitState& other);
  FitState(FitState&& other) noexcept;
  FitState& operator=(FitState other) noexcept;
  ~FitState();

  /// The parameters of the last entry of the trace; with `vb` the means of their posterior.
  const Mixture& mixture() const;
  /// Of the E-step at these parameters.
  const Statistics& statistics() const;
  /// An entry for each E-step so far, that at the start among them.
  const Trace& trace() const;
  const TraceEntry& last_entry() const { return trace().back(); }
  /// How the fit ended; none while it goes on.
  std::optional<Verdict> verdict() const;
  bool is_done() const { return verdict().has_value(); }
  /// The verdict in a sentence, with the advice that goes with it.
  const std::string& message() const;
  /// Which of several starts this is the fit from; 0 for a fit of its own.
  std::size_t restart() const;

  struct Memory;
  explicit FitState(Memory memory);
  const Memory& memory() const { return *memory_; }
  Memory& memory() { return *memory_; }

 private:
  std::unique_ptr<Memory> memory_;
};

/// What an observer answers.
enum class Observe {
  go_on,
  stop_fit,  ///< this fit ends with Verdict::interrupted; fits from other starts are made all the same
  stop_all,  ///< this fit and all from later starts end
};

/// Called with the state after each E-step, that at the start included, before the state is judged.
using Observer = std::function<Observe(const FitState&)>;

}  // namespace mixfam
