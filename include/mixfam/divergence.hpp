#pragma once

#include <mixfam/export.hpp>
#include <mixfam/mixture.hpp>

#include <cstdint>
#include <vector>

namespace mixfam {

/// A Monte Carlo mean with its standard error.
struct Estimate {
  double value = 0;
  double standard_error = 0;
};

/// KL(p_j || p_k) = <c_j - c_k, E_j[t]> between all components, K x K row-major, in nats.
MIXFAM_API std::vector<double> component_divergences(const Mixture& mixture);

/// How far components are mistaken for each other: E[p(z = k | x)] for x drawn from component j, K x K row-major; the
/// diagonal is 1 where nothing overlaps.
MIXFAM_API std::vector<Estimate> overlap(const Mixture& mixture, std::size_t draws, std::uint64_t seed);

/// KL(p || q) = E_p[log p(x) - log q(x)] of two mixtures over the same columns, by draws from p.
/// Throws Error(usage) when the families model different columns.
MIXFAM_API Estimate divergence(const Mixture& p, const Mixture& q, std::size_t draws, std::uint64_t seed);

}  // namespace mixfam
