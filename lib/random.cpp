#include <mixfam/random.hpp>

#include <boost/random/exponential_distribution.hpp>
#include <boost/random/gamma_distribution.hpp>
#include <boost/random/normal_distribution.hpp>
#include <boost/random/uniform_01.hpp>
#include <boost/random/uniform_int_distribution.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace mixfam {

Random::Random(std::initializer_list<std::uint64_t> keys) {
  std::vector<std::uint32_t> words;
  for (const std::uint64_t key : keys) {
    words.push_back(static_cast<std::uint32_t>(key));
    words.push_back(static_cast<std::uint32_t>(key >> 32));
  }
  std::seed_seq sequence(words.begin(), words.end());
  engine_.seed(sequence);
}

double Random::uniform() { return boost::random::uniform_01<double>()(engine_); }

std::size_t Random::below(std::size_t n) {
  return boost::random::uniform_int_distribution<std::size_t>(0, n - 1)(engine_);
}

double Random::normal() { return boost::random::normal_distribution<double>()(engine_); }

double Random::exponential(double rate) { return boost::random::exponential_distribution<double>(rate)(engine_); }

double Random::gamma(double shape, double rate) {
  return boost::random::gamma_distribution<double>(shape, 1 / rate)(engine_);
}

/// The share of one gamma variate in two, by logarithms: for small a and b both underflow. Gamma(a) is distributed as
/// Gamma(a + 1) U^(1/a). Draws stay inside (0, 1).
double Random::beta(double a, double b) {
  const auto log_gamma_variate = [this](double shape) {
    return std::log(gamma(shape + 1, 1)) - exponential(1) / shape;
  };
  const double log_a = log_gamma_variate(a);
  const double log_b = log_gamma_variate(b);
  using Limits = std::numeric_limits<double>;
  return std::clamp(1 / (1 + std::exp(log_b - log_a)), Limits::min(), 1 - Limits::epsilon() / 2);
}

std::size_t Random::categorical(ConstVectorView weights) {
  double total = 0;
  for (const double weight : weights) total += weight;
  double left = uniform() * total;
  std::size_t last = 0;
  for (std::size_t k = 0; k < weights.size(); ++k) {
    if (!(weights[k] > 0)) continue;
    if (left < weights[k]) return k;
    left -= weights[k];
    last = k;
  }
  return last;
}

}  // namespace mixfam
