#include "interrupt.hpp"

#include <csignal>

namespace mixfam::cli {

namespace {

volatile std::sig_atomic_t flag = 0;

}  // namespace

void catch_interrupt() {
  struct sigaction action = {};
  action.sa_handler = [](int) { flag = 1; };
  // Reset: the second signal finds the default action. Restart: reading and writing files is not disturbed.
  action.sa_flags = static_cast<int>(SA_RESETHAND | SA_RESTART);
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
}

bool interrupted() { return flag != 0; }

}  // namespace mixfam::cli
