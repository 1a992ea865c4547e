#pragma once

#include <mixfam/export.hpp>
#include <mixfam/mixture.hpp>

#include <cstdint>
#include <vector>

namespace mixfam {

/// A value and its standard error, which is 0 where the value is no Monte Carlo mean but known.
struct Estimate {
  double value = 0;
  double standard_error = 0;
};

/// KL(p_j || p_k) = <c_j - c_k, E_j[t]> between all components, K x K row-major, in nats; infinity where component j
/// has mass that component k gives probability 0. Throws Error(usage) where there are several groups.
MIXFAM_API std::vector<double> component_divergences(const Mixture& mixture);
/// The same of any groups: those between components of different families by draws.
MIXFAM_API std::vector<Estimate> component_divergences(const Mixture& mixture, std::size_t draws, std::uint64_t seed);

/// How far components are mistaken for each other: E[p(z = k | x)] for x drawn from component j, K x K row-major; the
/// diagonal is 1 where nothing overlaps.
MIXFAM_API std::vector<Estimate> overlap(const Mixture& mixture, std::size_t draws, std::uint64_t seed);

/// KL(p || q) = E_p[log p(x) - log q(x)] of two mixtures over the same columns, in nats: in closed form where each is a
/// single component of the same family (Wainwright and Jordan 2008, section 5.2.2), else by draws from p. Infinity,
/// with the standard error 0, where q gives probability 0 to mass of p; of mixtures as far as a draw shows it. Throws
/// Error(usage) when the families model different numbers of columns or fewer than 2 draws are to be made.
MIXFAM_API Estimate divergence(const Mixture& p, const Mixture& q, std::size_t draws, std::uint64_t seed);

}  // namespace mixfam
