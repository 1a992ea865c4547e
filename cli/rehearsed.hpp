#pragma once

#include <mixfam/hdf5.hpp>

#include <string>

namespace mixfam::cli {

/// What `reading` returns, after it has been tried out in a child process.
template <class Reading>
auto rehearsed(const std::string& file, Reading reading) {
  rehearse_hdf5(file, [&] {
    reading();
    return std::string();
  });
  return reading();
}

}  // namespace mixfam::cli
