#pragma once

namespace mixfam::cli {

/// From here on the first SIGINT only sets the flag that `interrupted` reads; a second one ends the program.
void catch_interrupt();
bool interrupted();

}  // namespace mixfam::cli
