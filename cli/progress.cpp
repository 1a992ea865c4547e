#include "progress.hpp"

#include "text.hpp"

#include <fmt/format.h>

#include <sys/ioctl.h>
#include <unistd.h>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace mixfam::cli {

namespace {

constexpr auto live_interval = std::chrono::milliseconds(100);
constexpr auto line_interval = std::chrono::seconds(5);

std::size_t terminal_width() {
  winsize size = {};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

}  // namespace

Progress::Progress(std::size_t restarts, bool quiet) : mode_(choose_mode(quiet)), restarts_(restarts) {}

Progress::~Progress() { end(); }

Progress::Mode Progress::choose_mode(bool quiet) {
  if (quiet) return Mode::silent;
  const char* no_color = std::getenv("NO_COLOR");
  const char* terminal = std::getenv("TERM");
  const bool plain =
      (no_color != nullptr && *no_color != '\0') || terminal == nullptr || std::strcmp(terminal, "dumb") == 0;
  return ::isatty(STDERR_FILENO) == 1 && !plain ? Mode::live : Mode::lines;
}

void Progress::begin(std::size_t restart) {
  finish_restart();
  restart_ = restart;
  running_ = true;
  has_entry_ = false;
}

void Progress::iteration(const TraceEntry& entry) {
  last_ = entry;
  has_entry_ = true;
  if (mode_ != Mode::silent && due()) show(state());
}

void Progress::end() {
  finish_restart();
  if (mode_ == Mode::live) std::fputs("\r\x1b[K", stderr);
  mode_ = Mode::silent;
}

std::string Progress::state() const {
  const std::string start =
      restarts_ > 1 ? fmt::format("start {} ({} of {}), ", restart_, restart_ + 1, restarts_) : "";
  if (!has_entry_) return start + "no iteration";
  const double gain = last_.gain_m + last_.gain_e;
  const bool has_likelihood = !std::isnan(last_.log_likelihood);
  return fmt::format("{}iteration {}: {} {}{}", start, last_.iteration, has_likelihood ? "log likelihood" : "ELBO",
                     format_nats(has_likelihood ? last_.log_likelihood : last_.elbo_e),
                     std::isnan(gain) ? "" : ", gain " + format_small(gain));
}

void Progress::finish_restart() {
  if (running_ && mode_ == Mode::lines) show(state());
  running_ = false;
}

void Progress::show(const std::string& line) {
  if (mode_ == Mode::live) {
    // One short of the width: a full line would wrap and could not be taken back.
    std::fprintf(stderr, "\r%s\x1b[K", line.substr(0, terminal_width() - 1).c_str());
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
