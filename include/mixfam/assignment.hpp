#pragma once

namespace mixfam {

/// How densities become responsibilities.
enum class Assignment {
  soft,     ///< q(z) = p(z | x, theta): EM (Dempster, Laird, Rubin 1977)
  hard,     ///< q(z) = the most probable component: classification EM (Celeux and Govaert 1992)
  sampled,  ///< q(z) = a component drawn from p(z | x, theta): stochastic EM; Gibbs with Update::sampled
};

}  // namespace mixfam
