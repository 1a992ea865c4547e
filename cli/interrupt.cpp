#include "interrupt.hpp"

#include <unistd.h>
#include <cerrno>
#include <csignal>
#include <cstring>

namespace mixfam::cli {

namespace {

struct Caught {
  int signal;
  const char* name;
  bool handled = false;
};

Caught caught[] = {{SIGINT, "SIGINT"}, {SIGTERM, "SIGTERM"}, {SIGHUP, "SIGHUP"}};

volatile std::sig_atomic_t received = 0;
volatile std::sig_atomic_t on_terminal = 0;
pid_t catcher = 0;
const char* next_step = "";

void say(const char* text) { (void)!::write(STDERR_FILENO, text, std::strlen(text)); }

void acknowledge(int signal) {
  // A terminal shows a line of progress, and ^C in it.
  if (on_terminal != 0) say("\n");
  say("mixfam: ");
  for (const Caught& one : caught)
    if (one.signal == signal) say(one.name);
  say(": ");
  say(next_step);
  say("; another signal ends the program\n");
}

/// Calls only what may be called while anything else is interrupted (POSIX, async-signal-safe).
void on_signal(int signal) {
  const int number = errno;
  for (const Caught& one : caught)
    if (one.handled) std::signal(one.signal, SIG_DFL);
  // A child that tries a file out shares the terminal, but has nothing to save and nothing to say.
  if (::getpid() == catcher) {
    received = signal;
    acknowledge(signal);
  }
  errno = number;
}

}  // namespace

void catch_interrupts(const char* intention) {
  next_step = intention;
  on_terminal = ::isatty(STDERR_FILENO);
  catcher = ::getpid();
  struct sigaction action = {};
  action.sa_handler = on_signal;
  // Reading and writing files is not disturbed.
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  for (const Caught& one : caught) sigaddset(&action.sa_mask, one.signal);
  for (Caught& one : caught) {
    struct sigaction old = {};
    sigaction(one.signal, nullptr, &old);
    one.handled = old.sa_handler != SIG_IGN;
    if (one.handled) sigaction(one.signal, &action, nullptr);
  }
}

int interrupting_signal() { return received; }

std::string signal_name(int signal) {
  for (const Caught& one : caught)
    if (one.signal == signal) return one.name;
  return "a signal";
}

}  // namespace mixfam::cli
