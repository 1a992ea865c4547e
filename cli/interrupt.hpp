#pragma once

#include <string>

namespace mixfam::cli {

/// From here on the first SIGINT, SIGTERM or SIGHUP is acknowledged on standard error and kept for
/// `interrupting_signal`; a second one of them ends the program. One that the caller ignores (nohup) stays ignored.
/// `intention`: what happens next, in words that live on: "finishing this iteration".
void catch_interrupts(const char* intention);

/// The number of the signal that came; 0 when none did.
int interrupting_signal();

/// "SIGINT".
std::string signal_name(int signal);

}  // namespace mixfam::cli
