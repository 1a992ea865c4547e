#pragma once

#include "catch.hpp"
#include "support.hpp"
#include "tolerance.hpp"

namespace mixfam {

/// The options of a verified fit, under the default prior where there is one.
inline FitOptions verified(const FamilyPtr& family, std::size_t components, Source& source, Update update) {
  FitOptions options;
  options.update = update;
  options.verify = true;
  if (update != Update::ml) options.prior = default_prior(family, components, source);
  return options;
}

/// A fit has converged, never fell, and its bound and divergence add up.
inline FitResult check_fit(FitResult result, const Family& family, Update update) {
  INFO(family.spec() << ", " << to_string(update) << ": " << result.message);
  CHECK(result.verdict == Verdict::converged);
  for (std::size_t i = 1; i < result.trace.size(); ++i) {
    const TraceEntry& entry = result.trace[i];
    const double scale = std::max(std::abs(entry.objective), std::abs(entry.q));
    INFO("iteration " << i);
    CHECK(entry.objective >= result.trace[i - 1].objective - 1e-12 * scale);
    CHECK(entry.residual <= 1e-12 * scale);
  }
  return result;
}

/// EM, MAP-EM or VB from the given start.
inline FitResult check_fit(const Mixture& start, Source& source, Update update) {
  return check_fit(fit(start, source, verified(start.family_ptr(), start.components(), source, update)), start.family(),
                   update);
}

/// The same from the better of two starts of the library's own.
inline FitResult check_fit(const FamilyPtr& family, std::size_t components, Source& source, Update update) {
  RestartsOptions restarts;
  restarts.restarts = 2;
  return check_fit(
      fit_restarts(family, components, source, restarts, verified(family, components, source, update)).best, *family,
      update);
}

}  // namespace mixfam
