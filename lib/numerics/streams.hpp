#pragma once

#include <mixfam/random.hpp>

#include <cstdint>

namespace mixfam {

/// What random numbers are for: the last key of every stream, so that no two purposes share numbers under one seed.
enum class Stream : std::uint64_t { start, rows, assignment, parameters, weights, reseed, restart, look, split, gaps };

/// Keys besides the seed: an iteration, a restart, a component, a first row, or 0.
inline Random stream(Stream purpose, std::uint64_t seed, std::uint64_t first, std::uint64_t second = 0) {
  return Random{seed, first, second, static_cast<std::uint64_t>(purpose)};
}
inline Random stream(Stream purpose, std::uint64_t seed, std::uint64_t first, std::uint64_t second,
                     std::uint64_t third) {
  return Random{seed, first, second, third, static_cast<std::uint64_t>(purpose)};
}

}  // namespace mixfam
