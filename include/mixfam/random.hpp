#pragma once

#include <mixfam/export.hpp>
#include <mixfam/matrix_view.hpp>

#include <cstdint>
#include <initializer_list>
#include <random>

namespace mixfam {

/// A stream of random numbers named by keys: the same keys give the same numbers on every machine,
/// whatever other streams are in use. Distributions are Boost.Random's, whose output is fixed too.
class MIXFAM_API Random {
 public:
  using result_type = std::mt19937_64::result_type;

  explicit Random(std::initializer_list<std::uint64_t> keys);

  static constexpr result_type min() { return std::mt19937_64::min(); }
  static constexpr result_type max() { return std::mt19937_64::max(); }
  result_type operator()() { return engine_(); }

  double uniform();                  ///< on [0, 1)
  std::size_t below(std::size_t n);  ///< integer on 0 .. n-1
  double normal();                   ///< mean 0, variance 1
  double exponential(double rate);
  /// The logarithm of a variate of Gamma(shape, 1), finite for every shape > 0.
  double log_gamma_variate(double shape);
  /// On (0, infinity): the variates of a small shape that doubles cannot hold are the nearest that they can.
  double gamma(double shape, double rate);
  double beta(double a, double b);
  /// p ~ Dirichlet(concentration), with no p_k below the least normal number.
  void dirichlet(ConstVectorView concentration, VectorView p);
  /// Index k with probability proportional to `weights[k]` >= 0.
  std::size_t categorical(ConstVectorView weights);

 private:
  std::mt19937_64 engine_;
};

}  // namespace mixfam
