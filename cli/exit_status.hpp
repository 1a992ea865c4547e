#pragma once

#include <mixfam/error.hpp>

#include <csignal>

namespace mixfam::cli {

/// What the program tells its caller; listed in `mixfam --help`.
enum class ExitStatus : int {
  done = 0,
  internal = 1,
  usage = 2,
  data = 3,
  numerical = 5,
  write = 6,
  // 128 + the signal, as shells report it.
  hung_up = 129,
  interrupted = 130,
  terminated = 143,
};

inline ExitStatus exit_status(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::usage:
      return ExitStatus::usage;
    case ErrorKind::data:
      return ExitStatus::data;
    case ErrorKind::numerical:
      return ExitStatus::numerical;
    case ErrorKind::write:
      return ExitStatus::write;
  }
  return ExitStatus::internal;
}

inline ExitStatus status_of_signal(int signal) {
  switch (signal) {
    case SIGHUP:
      return ExitStatus::hung_up;
    case SIGTERM:
      return ExitStatus::terminated;
    default:
      return ExitStatus::interrupted;
  }
}

}  // namespace mixfam::cli
