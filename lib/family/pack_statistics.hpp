#pragma once

#include <mixfam/statistics.hpp>

#include <vector>

namespace mixfam {

/// Statistics as a value of `reduce`: origins are those of the zero.
inline void pack(const Statistics& statistics, std::vector<double>& message) {
  const ConstVectorView buffer = statistics.buffer();
  message.insert(message.end(), buffer.begin(), buffer.end());
}
inline void unpack(ConstVectorView numbers, Statistics& statistics) { statistics.set_buffer(numbers); }

}  // namespace mixfam
