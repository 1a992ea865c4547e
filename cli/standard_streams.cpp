#include "standard_streams.hpp"

#include <mixfam/error.hpp>

#include <fcntl.h>
#include <unistd.h>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>

namespace mixfam::cli {

void prepare_standard_streams() {
  std::signal(SIGPIPE, SIG_IGN);
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    // The lowest free number is the one just found closed. Standard output is opened for reading, so that writing
    // fails.
    if (::fcntl(stream, F_GETFD) == -1) (void)::open("/dev/null", stream == STDERR_FILENO ? O_WRONLY : O_RDONLY);
  }
}

void print(const std::string& result) {
  std::size_t written = 0;
  while (written < result.size()) {
    const ssize_t count = ::write(STDOUT_FILENO, result.data() + written, result.size() - written);
    if (count >= 0) {
      written += static_cast<std::size_t>(count);
    } else if (errno != EINTR) {
      throw Error(ErrorKind::write, std::string("cannot write to standard output: ") + std::strerror(errno));
    }
  }
}

void complain(const std::string& message) { std::fprintf(stderr, "mixfam: %s\n", message.c_str()); }

}  // namespace mixfam::cli
