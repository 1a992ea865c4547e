#pragma once

#include "commands.hpp"
#include "data_summary.hpp"
#include "output/column_labels.hpp"

#include <mixfam/fit.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

namespace mixfam::cli {

/// What a fit was asked for and what it came to: all that reports are made of.
struct FitOutcome {
  FitRequest request;
  FitOptions options;  ///< in effect, the prior among them; without the observer
  std::string file;    ///< of the data
  std::string path;    ///< of the data set within the file
  std::size_t rows;
  std::optional<std::size_t> distinct_rows;  ///< that were fitted in their place, with --merge-rows
  DataSummary summary;
  std::vector<std::string> label_names;  ///< by component; empty where labels are numbers
  ColumnLabels columns;                  ///< numbers as names where the file holds no names
  std::vector<std::vector<std::string>> category_labels;
  RestartsResult runs;
  int signal;  ///< that came while the fit ran; 0: none

  const FitResult& best() const { return runs.best; }
  /// A signal that came after the last iteration interrupted nothing.
  bool interrupted() const { return runs.restarts.back().verdict == Verdict::interrupted; }
  /// Of the fit as a whole: an interrupted start ends the fit, though an earlier one may be the best.
  Verdict verdict() const { return interrupted() ? Verdict::interrupted : best().verdict; }
  /// The verdict's sentence, with the advice that goes with it.
  std::string message() const;
  /// Whether there is more than the start.
  bool has_result() const { return best().verdict != Verdict::interrupted || best().iterations() > 0; }
  bool is_accelerated() const { return options.accelerate != Acceleration::none; }
  /// Whether lines of the trace may be marked as extrapolated: a plain fit has one where it left a saddle.
  bool has_marks() const {
    const Trace& trace = best().trace;
    return is_accelerated() ||
           std::any_of(trace.begin(), trace.end(), [](const TraceEntry& entry) { return entry.accelerated; });
  }
  bool has_prior() const { return options.update != Update::ml; }
  /// Whether what the method increases is the log likelihood itself.
  bool increases_log_likelihood() const {
    return options.update == Update::ml && options.assignment == Assignment::soft &&
           best().trace.back().temperature == 1;
  }
};

}  // namespace mixfam::cli
