#include <mixfam/fit.hpp>

#include <cmath>

namespace mixfam {

double FitResult::aic() const { return -2 * log_likelihood() + 2 * static_cast<double>(free_parameters); }

double FitResult::bic() const {
  return -2 * log_likelihood() + static_cast<double>(free_parameters) * std::log(informative_weight);
}

double FitResult::icl() const {
  const TraceEntry& last = trace.back();
  const double log_joint = std::isnan(last.log_likelihood) ? log_likelihood() - last.entropy : last.q;
  return -2 * log_joint + static_cast<double>(free_parameters) * std::log(informative_weight);
}

}  // namespace mixfam
