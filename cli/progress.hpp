#pragma once

#include "forecast.hpp"

#include <mixfam/fit.hpp>

#include <chrono>
#include <cstddef>
#include <map>
#include <string>

namespace mixfam::cli {

/// Tells on standard error how far a fit has come: one line that rewrites itself on a terminal, else (also with
/// NO_COLOR or TERM=dumb) a line every few seconds and one for each start.
class Progress {
 public:
  explicit Progress(bool quiet);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// What is being done before the first iteration.
  void say(const std::string& activity);
  /// Before the first of several starts under these options.
  void expect(std::size_t restarts, const FitOptions& options);
  void begin(std::size_t restart);
  void iteration(std::size_t restart, const TraceEntry& entry);
  void end(std::size_t restart);
  /// Makes room for another line.
  void clear() const;
  /// Leaves the terminal as it was found.
  void end();

 private:
  enum class Mode { silent, live, lines };
  using Clock = std::chrono::steady_clock;

  /// A start that is running.
  struct Run {
    explicit Run(double tolerance) : forecast(tolerance) {}

    Trace first_and_last;
    Forecast forecast;
    Clock::time_point first_entry;
  };

  static Mode choose_mode(bool quiet);
  std::string state(std::size_t restart, bool goes_on) const;
  std::string start_text(std::size_t restart) const;
  std::string pace(const Run& run, bool goes_on) const;
  void show(const std::string& line);
  bool due();

  Mode mode_;
  std::size_t restarts_ = 1;
  std::size_t max_iterations_ = 0;
  double tolerance_ = 0;
  bool is_sampling_ = false;
  std::map<std::size_t, Run> runs_;  ///< by number: some may run side by side
  Clock::time_point begun_ = Clock::now();
  Clock::time_point shown_ = Clock::now();
};

}  // namespace mixfam::cli
