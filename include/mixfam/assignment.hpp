#pragma once

#include <mixfam/enum_names.hpp>

namespace mixfam {

/// How densities become responsibilities.
enum class Assignment {
  soft,     ///< q(z) = p(z | x, theta): EM (Dempster, Laird, Rubin 1977)
  hard,     ///< q(z) = the most probable component: classification EM (Celeux and Govaert 1992)
  sampled,  ///< q(z) = a component drawn from p(z | x, theta): stochastic EM; Gibbs with Update::sampled
};
template <>
struct EnumNames<Assignment> {
  static constexpr EnumName<Assignment> all[] = {
      {Assignment::soft, "soft"},
      {Assignment::hard, "hard"},
      {Assignment::sampled, "sampled"},
  };
};

}  // namespace mixfam
