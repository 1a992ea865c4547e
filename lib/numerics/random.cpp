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

namespace {

constexpr double least_normal = std::numeric_limits<double>::min();
constexpr double greatest = std::numeric_limits<double>::max();
constexpr double lowest = std::numeric_limits<double>::lowest();

}  // namespace

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

/// Gamma(a) is distributed as Gamma(a + 1) U^(1/a) (Marsaglia and Tsang 2000, section 6): for small a the product
/// underflows, and so does the quotient of two such variates, where sums of their logarithms do not.
double Random::log_gamma_variate(double shape) {
  const double log_next = std::log(boost::random::gamma_distribution<double>(shape + 1)(engine_));
  return log_next + std::max(-exponential(1) / shape, lowest);
}

double Random::gamma(double shape, double rate) {
  return std::clamp(std::exp(log_gamma_variate(shape) - std::log(rate)), least_normal, greatest);
}

/// The share of one gamma variate in two. Draws stay inside (0, 1).
double Random::beta(double a, double b) {
  const double log_a = log_gamma_variate(a);
  const double log_b = log_gamma_variate(b);
  return std::clamp(1 / (1 + std::exp(log_b - log_a)), least_normal, 1 - std::numeric_limits<double>::epsilon() / 2);
}

/// Normalised gamma variates (Devroye 1986, section XI.4.1). A p_k of 0 would have a logarithm that no sum may meet.
void Random::dirichlet(ConstVectorView concentration, VectorView p) {
  for (std::size_t k = 0; k < p.size(); ++k) p[k] = log_gamma_variate(concentration[k]);
  const double most = *std::max_element(p.begin(), p.end());
  double sum = 0;
  for (double& value : p) sum += value = std::exp(value - most);
  for (double& value : p) value = std::max(value / sum, least_normal);
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
