#pragma once

#include <mixfam/enum_names.hpp>

namespace mixfam {

/// How statistics become the parameters of the next E-step.
enum class Update {
  ml,       ///< maximum likelihood: c = mle(s)
  map,      ///< posterior mode: c = mle(chi + s)
  vb,       ///< variational Bayes: c = E[c(theta)] under chi + s (Bishop 2006, section 10.2)
  sampled,  ///< c(theta) with theta drawn from the posterior chi + s
};
template <>
struct EnumNames<Update> {
  static constexpr EnumName<Update> all[] = {
      {Update::ml, "ml"},
      {Update::map, "map"},
      {Update::vb, "vb"},
      {Update::sampled, "sampled"},
  };
};

}  // namespace mixfam
