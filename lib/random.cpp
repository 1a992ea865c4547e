#include <mixfam/random.hpp>

#include <boost/random/beta_distribution.hpp>
#include <boost/random/exponential_distribution.hpp>
#include <boost/random/gamma_distribution.hpp>
#include <boost/random/normal_distribution.hpp>
#include <boost/random/uniform_01.hpp>
#include <boost/random/uniform_int_distribution.hpp>

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

double Random::beta(double a, double b) { return boost::random::beta_distribution<double>(a, b)(engine_); }

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
