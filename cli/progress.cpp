#include "progress.hpp"

#include "fit_options.hpp"
#include "output/terminal.hpp"
#include "output/text.hpp"

#include <fmt/format.h>

#include <unistd.h>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <utility>

namespace mixfam::cli {

namespace {

constexpr auto live_interval = std::chrono::milliseconds(100);
constexpr auto line_interval = std::chrono::seconds(5);

double seconds(std::chrono::steady_clock::duration time) { return std::chrono::duration<double>(time).count(); }

}  // namespace

Progress::Progress(bool quiet) : mode_(choose_mode(quiet)) {}

Progress::~Progress() { end(); }

Progress::Mode Progress::choose_mode(bool quiet) {
  if (quiet) return Mode::silent;
  const char* no_color = std::getenv("NO_COLOR");
  const char* terminal = std::getenv("TERM");
  const bool plain =
      (no_color != nullptr && *no_color != '\0') || terminal == nullptr || std::strcmp(terminal, "dumb") == 0;
  return ::isatty(STDERR_FILENO) == 1 && !plain ? Mode::live : Mode::lines;
}

void Progress::say(const std::string& activity) {
  if (mode_ != Mode::silent) show(activity);
}

void Progress::expect(std::size_t restarts, const FitOptions& options) {
  restarts_ = restarts;
  max_iterations_ = options.max_iterations;
  tolerance_ = options.tolerance;
  is_sampling_ = is_sampling(options);
}

void Progress::begin(std::size_t restart) {
  runs_.emplace(restart, Run(tolerance_));
  if (mode_ == Mode::live) show(start_text(restart) + "first pass over the rows");
}

void Progress::iteration(std::size_t restart, const TraceEntry& entry) {
  Run& run = runs_.at(restart);
  if (run.first_and_last.empty()) run.first_entry = Clock::now();
  if (run.first_and_last.size() == 2) run.first_and_last.pop_back();
  run.first_and_last.push_back(entry);
  run.forecast.add(entry);
  if (mode_ != Mode::silent && due()) show(state(restart, true));
}

void Progress::end(std::size_t restart) {
  if (mode_ == Mode::lines) show(state(restart, false));
  runs_.erase(restart);
}

void Progress::clear() const {
  if (mode_ == Mode::live) std::fputs("\r\x1b[K", stderr);
}

void Progress::end() {
  while (!runs_.empty()) end(runs_.begin()->first);
  clear();
  mode_ = Mode::silent;
}

std::string Progress::start_text(std::size_t restart) const {
  return restarts_ > 1 ? fmt::format("start {} ({} of {}), ", restart, restart + 1, restarts_) : "";
}

/// Short, so that a line of a terminal holds it.
std::string Progress::state(std::size_t restart, bool goes_on) const {
  const Run& run = runs_.at(restart);
  if (run.first_and_last.empty()) return start_text(restart) + "no iteration";
  const TraceEntry& last = run.first_and_last.back();
  const double gain = last.gain_m + last.gain_e;
  const bool has_likelihood = !std::isnan(last.log_likelihood);
  return fmt::format("{}iteration {}: {} {:.2f}{}{}, {}", start_text(restart), last.iteration,
                     has_likelihood ? "log p" : "ELBO", has_likelihood ? last.log_likelihood : last.elbo_e,
                     std::isnan(gain) ? "" : fmt::format(", gain {:.1e}", gain), pace(run, goes_on),
                     duration_text(seconds(Clock::now() - begun_)));
}

/// The time of a pass over the data, and how many are still to come of a start that goes on.
std::string Progress::pace(const Run& run, bool goes_on) const {
  const TraceEntry& last = run.first_and_last.back();
  const std::size_t passes = last.iteration - run.first_and_last.front().iteration;
  if (passes == 0) return "";
  const double pass = seconds(Clock::now() - run.first_entry) / static_cast<double>(passes);
  const std::string text = ", " + duration_text(pass) + " a pass";
  const auto left = static_cast<double>(max_iterations_ - std::min(max_iterations_, last.iteration));
  const auto expected = is_sampling_ ? std::optional(left) : run.forecast.remaining_iterations();
  if (!goes_on || !expected) return text;
  const double remaining = std::min(*expected, left);
  return text +
         fmt::format(", {}{:.0f} left ({})", is_sampling_ ? "" : "~", remaining, duration_text(remaining * pass));
}

void Progress::show(const std::string& line) {
  if (mode_ == Mode::live) {
    // A full line would wrap and could not be taken back; a terminal adds "^C" to it.
    constexpr std::size_t margin = 3;
    const std::size_t width = terminal_width(STDERR_FILENO);
    std::fprintf(stderr, "\r%s\x1b[K", line.substr(0, width - std::min(width, margin)).c_str());
    std::fflush(stderr);
  } else {
    std::fprintf(stderr, "%s\n", line.c_str());
  }
  shown_ = Clock::now();
}

bool Progress::due() {
  const auto interval = mode_ == Mode::live ? Clock::duration(live_interval) : Clock::duration(line_interval);
  return Clock::now() - shown_ >= interval;
}

}  // namespace mixfam::cli
