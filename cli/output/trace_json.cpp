#include "output/trace_json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>

namespace mixfam::cli {

nlohmann::ordered_json trace_json(const Trace& trace) {
  const bool verified =
      std::any_of(trace.begin(), trace.end(), [](const TraceEntry& entry) { return !std::isnan(entry.residual); });
  const bool accelerated =
      std::any_of(trace.begin(), trace.end(), [](const TraceEntry& entry) { return entry.accelerated; });
  auto entries = nlohmann::ordered_json::array();
  for (const TraceEntry& entry : trace) {
    nlohmann::ordered_json json = {{"iteration", entry.iteration},
                                   {"log_likelihood", entry.log_likelihood},
                                   {"log_prior", entry.log_prior},
                                   {"objective", entry.objective},
                                   {"q", entry.q},
                                   {"entropy", entry.entropy},
                                   {"elbo_e", entry.elbo_e},
                                   {"elbo_m", entry.elbo_m},
                                   {"kl", entry.kl},
                                   {"gain_m", entry.gain_m},
                                   {"gain_e", entry.gain_e},
                                   {"temperature", entry.temperature},
                                   {"counts", entry.counts},
                                   {"events", entry.events}};
    if (accelerated) json["accelerated"] = entry.accelerated;
    if (verified) json["residual"] = entry.residual;
    if (!std::isnan(entry.expected_log_x)) {
      json["expected_log_x"] = entry.expected_log_x;
      json["expected_log_z"] = entry.expected_log_z;
      json["kl_weights"] = entry.kl_weights;
      json["kl_components"] = entry.kl_components;
    }
    entries.push_back(std::move(json));
  }
  return entries;
}

}  // namespace mixfam::cli
