#pragma once

#include <mixfam/trace.hpp>

#include <chrono>
#include <cstddef>
#include <string>

namespace mixfam::cli {

/// Tells on standard error how far a fit has come: one line that rewrites itself on a terminal, else (also with
/// NO_COLOR or TERM=dumb) a line every few seconds and one for each start.
class Progress {
 public:
  Progress(std::size_t restarts, bool quiet);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void begin(std::size_t restart);
  void iteration(const TraceEntry& entry);
  /// Leaves the terminal as it was found.
  void end();

 private:
  enum class Mode { silent, live, lines };
  using Clock = std::chrono::steady_clock;

  static Mode choose_mode(bool quiet);
  std::string state() const;
  void finish_restart();
  void show(const std::string& line);
  bool due();

  Mode mode_;
  std::size_t restarts_;
  std::size_t restart_ = 0;
  bool running_ = false;
  bool has_entry_ = false;
  TraceEntry last_;
  Clock::time_point shown_ = Clock::now();
};

}  // namespace mixfam::cli
