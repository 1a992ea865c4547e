#pragma once

#include <mixfam/export.hpp>

#include <string>
#include <vector>

namespace mixfam {

/// Everything known about the parameters theta_t after t updates. q_t is the assignment made by the E-step at theta_t;
/// entry 0 belongs to the start, which no update of the fit produced: its fields of the M-step are NaN.
///
/// With point parameters (`ml`, `map`, `sampled`):
///
///     log p(X | theta_t) = elbo_m + kl,            elbo_m = ELBO(q_{t-1}, theta_t)
///     elbo_e = ELBO(q_t, theta_t) = q + entropy    (= log_likelihood when the assignment is soft)
///
/// With `vb` there is a posterior q(theta) in place of a point: log p(X | theta) has no value (NaN), and
///
///     elbo_e = expected_log_x + expected_log_z + entropy - kl_weights - sum_k kl_components[k]
struct TraceEntry {
  std::size_t iteration = 0;          ///< updates since the start: t, but for rejected extrapolations
  bool accelerated = false;           ///< theta_t was extrapolated, or left a saddle: not the M-step of q_{t-1}
  double log_likelihood = 0;          ///< log p(X | theta_t), weighted
  double log_prior = 0;               ///< log p(theta_t); 0 without a prior
  double objective = 0;               ///< what the method increases: elbo_e + log_prior
  double q = 0;                       ///< Q = E_{q_t}[log p(X, Z | theta_t)]
  double entropy = 0;                 ///< H(q_t)
  double elbo_e = 0;                  ///< ELBO after the E-step
  double elbo_m = 0;                  ///< ELBO after the M-step, before the E-step
  double kl = 0;                      ///< KL(q_{t-1} || p(Z | X, theta_t)), after the M-step
  double gain_m = 0;                  ///< of the M-step that made theta_t, log prior included
  double gain_e = 0;                  ///< of the E-step at theta_t: elbo_e - elbo_m
  double residual = 0;                ///< with verify: |log p - (ELBO + KL by its definition)|; else NaN
  double temperature = 1;             ///< of the assignment
  double expected_log_x = 0;          ///< vb: E[log p(X | Z, theta)]; else NaN
  double expected_log_z = 0;          ///< vb: E[log p(Z | w)]; else NaN
  double kl_weights = 0;              ///< vb: KL(q(w) || p(w)); else NaN
  std::vector<double> kl_components;  ///< vb: KL(q(theta_k) || p(theta_k)); tied parameters in equal shares
  std::vector<double> counts;         ///< N_k under q_t
  std::vector<std::string> events;    ///< what happened on the way to theta_t
};

using Trace = std::vector<TraceEntry>;

/// A number of an entry, under the name that files and reports give it.
struct TraceQuantity {
  const char* name;
  double TraceEntry::*value;
};
/// All of them, in the order of the struct.
MIXFAM_API const std::vector<TraceQuantity>& trace_quantities();

}  // namespace mixfam
