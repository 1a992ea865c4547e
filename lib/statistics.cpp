#include <mixfam/statistics.hpp>

#include <algorithm>

namespace mixfam {

Statistics::Statistics(std::size_t components, std::size_t statistic_size, std::size_t origin_size)
    : components_(components),
      statistic_size_(statistic_size),
      origin_size_(origin_size),
      buffer_(scalars + components + components * statistic_size),
      origins_(components * origin_size) {}

void Statistics::clear() { std::fill(buffer_.begin(), buffer_.end(), 0.0); }

Statistics& Statistics::operator+=(const Statistics& other) {
  for (std::size_t i = 0; i < buffer_.size(); ++i) buffer_[i] += other.buffer_[i];
  return *this;
}

}  // namespace mixfam
