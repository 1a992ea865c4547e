#pragma once

#include <mixfam/error.hpp>
#include <mixfam/fit.hpp>

#include <string>

namespace mixfam::benchmark {

/// Sets the number of threads, where this version of the library has them.
template <class Options>
void set_threads(Options& options, std::size_t threads) {
  if constexpr (requires { options.threads; }) options.threads = threads;
}

/// `name`: "none", "squarem" or "anderson". Throws Error(usage) for a name that this version of the library lacks.
template <class Options>
void set_acceleration(Options& options, const std::string& name) {
  if (name == "none") return;
  if constexpr (requires { options.accelerate; }) {
    using Acceleration = decltype(options.accelerate);
    if (name == "squarem") {
      options.accelerate = Acceleration::squarem;
      return;
    }
    if (name == "anderson") {
      options.accelerate = Acceleration::anderson;
      return;
    }
  }
  throw Error(ErrorKind::usage, "--accelerate " + name + " is unknown to this version of the library");
}

}  // namespace mixfam::benchmark
