#pragma once

#include <mixfam/matrix_view.hpp>

#include "numerics/special.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <vector>

/// Dirichlet(a) on probabilities p of V categories, base measure dp_1 .. dp_{V-1}, for families with c_v = log p_v
/// (Bishop 2006, eq. 2.38):
///
///     chi_v = a_v - 1     log Z = sum_v log Gamma(a_v) - log Gamma(a)     a = sum_v a_v
namespace mixfam::dirichlet {

inline double total(ConstVectorView a) {
  double sum = 0;
  for (const double value : a) sum += value;
  return sum;
}

/// The probabilities that maximise sum_v counts_v log p_v, or why there are none.
inline std::optional<std::string> mode(ConstVectorView counts, VectorView p) {
  const double sum = total(counts);
  if (!(sum > 0)) return "no rows are left to it";
  for (std::size_t v = 0; v < counts.size(); ++v) {
    if (counts[v] < 0)
      return "the prior takes away more of category number " + std::to_string(v) +
             " than is left to it (its concentration is below 1)";
    p[v] = special::share(counts[v], sum);
  }
  return std::nullopt;
}

inline std::optional<double> log_partition(ConstVectorView a) {
  double sum = 0;
  for (const double value : a) {
    if (!(value > 0)) return std::nullopt;
    sum += special::log_gamma(value);
  }
  return sum - special::log_gamma(total(a));
}

/// E[log p_v] = digamma(a_v) - digamma(a) = log p*_v + s with probabilities p* that sum to 1 (Bishop 2006, eq. 10.66).
/// Fills p* and log p*, returns s. Where p*_v underflows, at a_v below about 1.4e-3, it is the least normal number.
inline double expectation(ConstVectorView a, VectorView p, VectorView log_p) {
  const double sum = total(a);
  const double shift = special::digamma_minus_log(sum);
  // E[log p_v] - log(a_v / sum) is small for large a_v: sum_v p_v = 1 + (what expm1 keeps all digits of).
  double excess = 0;
  double greatest = -std::numeric_limits<double>::infinity();
  for (std::size_t v = 0; v < a.size(); ++v) {
    const double correction = special::digamma_minus_log(a[v]) - shift;
    log_p[v] = std::log(a[v] / sum) + correction;
    excess += a[v] / sum * std::expm1(correction);
    greatest = std::max(greatest, log_p[v]);
  }
  double log_scale = std::log1p(excess);
  if (excess < -0.5) {
    double scaled = 0;
    for (const double value : log_p) scaled += std::exp(value - greatest);
    log_scale = greatest + std::log(scaled);
  }
  for (std::size_t v = 0; v < a.size(); ++v) {
    log_p[v] -= log_scale;
    p[v] = std::max(std::exp(log_p[v]), std::numeric_limits<double>::min());
  }
  return log_scale;
}

inline void mean(ConstVectorView a, VectorView p) {
  const double sum = total(a);
  for (std::size_t v = 0; v < a.size(); ++v) p[v] = a[v] / sum;
}

/// The marginal of p_v is Beta(a_v, a - a_v), where the difference is summed, so that it does not cancel.
inline void quantile(ConstVectorView a, double level, VectorView p) {
  double before = 0;
  for (std::size_t v = 0; v < a.size(); ++v) {
    p[v] = before;
    before += a[v];
  }
  double after = 0;
  for (std::size_t v = a.size(); v-- > 0;) {
    const double others = p[v] + after;
    after += a[v];
    p[v] = a.size() == 1            ? 1
           : a[v] > 0 && others > 0 ? special::beta_quantile(a[v], others, level)
                                    : std::numeric_limits<double>::quiet_NaN();
  }
}

}  // namespace mixfam::dirichlet
