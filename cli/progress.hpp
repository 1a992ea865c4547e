#pragma once

#include "forecast.hpp"

#include <mixfam/fit.hpp>

#include <chrono>
#include <cstddef>
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
  void iteration(const TraceEntry& entry);
  /// Makes room for another line.
  void clear() const;
  /// Leaves the terminal as it was found.
  void end();

 private:
  enum class Mode { silent, live, lines };
  using Clock = std::chrono::steady_clock;

  static Mode choose_mode(bool quiet);
  std::string state() const;
  std::string start_text() const;
  std::string pace() const;
  void finish_restart();
  void show(const std::string& line);
  bool due();

  Mode mode_;
  std::size_t restarts_ = 1;
  std::size_t max_iterations_ = 0;
  double tolerance_ = 0;
  bool is_sampling_ = false;
  std::size_t restart_ = 0;
  bool running_ = false;
  Trace first_and_last_;  ///< entries of the start that is running
  Forecast forecast_{0};
  Clock::time_point begun_ = Clock::now();
  Clock::time_point first_entry_;
  Clock::time_point shown_ = Clock::now();
};

}  // namespace mixfam::cli
