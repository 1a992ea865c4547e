#include <mixfam/error.hpp>
#include <mixfam/statistics.hpp>

#include <algorithm>
#include <cmath>
#include <string>

namespace mixfam {

namespace {

std::string shape_of(const Statistics& s) {
  return std::to_string(s.components()) + " components, " + std::to_string(s.statistic_size()) + " statistics and " +
         std::to_string(s.origin_size()) + " coordinates of the origin";
}

bool same(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

}  // namespace

Statistics::Statistics(std::size_t components, std::size_t statistic_size, std::size_t origin_size)
    : components_(components),
      statistic_size_(statistic_size),
      origin_size_(origin_size),
      buffer_(scalars + components + components * statistic_size),
      origins_(components * origin_size) {}

Statistics::Statistics(std::size_t statistic_size, ConstMatrixView origins, ConstVectorView buffer)
    : Statistics(origins.rows(), statistic_size, origins.columns()) {
  if (buffer.size() != buffer_.size())
    throw Error(ErrorKind::usage, "a buffer of " + std::to_string(buffer.size()) + " numbers for statistics of " +
                                      shape_of(*this) + " (there must be " + std::to_string(buffer_.size()) + ")");
  std::copy(buffer.begin(), buffer.end(), buffer_.begin());
  for (std::size_t k = 0; k < components_; ++k)
    for (std::size_t i = 0; i < origin_size_; ++i) this->origins()(k, i) = origins(k, i);
}

void Statistics::clear() { std::fill(buffer_.begin(), buffer_.end(), 0.0); }

Statistics& Statistics::operator+=(const Statistics& other) {
  if (components_ != other.components_ || statistic_size_ != other.statistic_size_ ||
      origin_size_ != other.origin_size_)
    throw Error(ErrorKind::usage,
                "statistics of different shapes cannot be added: " + shape_of(*this) + ", but " + shape_of(other));
  for (std::size_t i = 0; i < origins_.size(); ++i)
    if (!same(origins_[i], other.origins_[i]))
      throw Error(ErrorKind::usage, "statistics about different origins cannot be added: component " +
                                        std::to_string(i / origin_size_) + " has " + std::to_string(origins_[i]) +
                                        " and " + std::to_string(other.origins_[i]));
  for (std::size_t i = 0; i < buffer_.size(); ++i) buffer_[i] += other.buffer_[i];
  return *this;
}

}  // namespace mixfam
