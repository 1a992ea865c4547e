#include <mixfam/trace.hpp>

namespace mixfam {

const std::vector<TraceQuantity>& trace_quantities() {
  static const std::vector<TraceQuantity> quantities = {
      {"log_likelihood", &TraceEntry::log_likelihood},
      {"log_prior", &TraceEntry::log_prior},
      {"objective", &TraceEntry::objective},
      {"q", &TraceEntry::q},
      {"entropy", &TraceEntry::entropy},
      {"elbo_e", &TraceEntry::elbo_e},
      {"elbo_m", &TraceEntry::elbo_m},
      {"kl", &TraceEntry::kl},
      {"gain_m", &TraceEntry::gain_m},
      {"gain_e", &TraceEntry::gain_e},
      {"residual", &TraceEntry::residual},
      {"temperature", &TraceEntry::temperature},
      {"expected_log_x", &TraceEntry::expected_log_x},
      {"expected_log_z", &TraceEntry::expected_log_z},
      {"kl_weights", &TraceEntry::kl_weights},
  };
  return quantities;
}

}  // namespace mixfam
