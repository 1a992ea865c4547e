#include "output/terminal.hpp"

#include <sys/ioctl.h>

namespace mixfam::cli {

std::size_t terminal_width(int descriptor) {
  winsize size = {};
  if (::ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

}  // namespace mixfam::cli
