#include <mixfam/error.hpp>
#include <mixfam/prior.hpp>

#include "family/data_check.hpp"
#include "family/total_statistics.hpp"
#include "numerics/plural.hpp"

#include <cmath>
#include <optional>
#include <string>

namespace mixfam {

namespace {

constexpr double default_concentration = 2;

void require_conjugate_prior(const Groups& groups) {
  if (const Family* family = groups.find_without_prior())
    throw Error(ErrorKind::usage, "'" + family->spec() + "' has no conjugate prior; use `update = ml`");
}

[[noreturn]] void refuse(const std::string& what) { throw Error(ErrorKind::usage, "prior: " + what); }

/// What is wrong with hyperparameters; nothing when all is right.
std::optional<std::string> find_fault(const Family& family, ConstVectorView h, const Schema& schema) {
  const ConjugatePrior& prior = *family.prior();
  if (h.size() != prior.hyperparameters().size())
    return std::to_string(h.size()) + " hyperparameter values for '" + family.spec() + "' (must be " +
           std::to_string(prior.hyperparameters().size()) + ")";
  if (const auto reason = prior.hyperparameters().mismatch(schema))
    return "these are no hyperparameters of '" + family.spec() + "': " + *reason;
  if (auto reason = prior.hyperparameters().check(h)) return reason;
  if (auto reason = prior.check(h)) return reason;
  const auto log_normaliser = prior.log_partition(ConstMatrixView::row_major(h.data(), 1, h.size()));
  if (log_normaliser && !std::isfinite(*log_normaliser))
    return "its normalising constant is beyond what a double holds; use less extreme hyperparameters";
  return std::nullopt;
}

}  // namespace

Prior default_prior(const FamilyPtr& family, std::size_t components, Source& source) {
  return default_prior(Groups(family, components), source);
}

Prior default_prior(const Groups& groups, Source& source) {
  require_conjugate_prior(groups);
  check_data(groups, source);
  const Statistics total = total_statistics(groups, source);
  ParameterTable hyperparameters = groups.singles().hyperparameters();
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const ConjugatePrior& prior = *groups.family(g).prior();
    prior.standard(total.sum(g), total.origin(g), groups.components(g), hyperparameters.row(g));
    if (prior.hyperparameters().check(hyperparameters.row(g)))
      throw Error(ErrorKind::data, source.name() + ": sums of its values, or of their squares, are beyond what a " +
                                       "double holds, so that '" + groups.family(g).spec() +
                                       "' has no default prior; rescale the columns");
  }
  return {WeightsPrior::dirichlet, {default_concentration}, hyperparameters};
}

ParameterTable flat_hyperparameters(const FamilyPtr& family) { return flat_hyperparameters(Groups(family, 1)); }

ParameterTable flat_hyperparameters(const Groups& groups) {
  require_conjugate_prior(groups);
  ParameterTable hyperparameters = groups.singles().hyperparameters();
  for (std::size_t g = 0; g < groups.size(); ++g) groups.family(g).prior()->flat(hyperparameters.row(g));
  return hyperparameters;
}

void check_prior(const Groups& groups, const Prior& prior) {
  const std::size_t components = groups.components();
  if (prior.concentration.size() != 1 && prior.concentration.size() != components)
    refuse(plural(prior.concentration.size(), "concentration") + " of the weights for " +
           plural(components, "component") + " (must be one, or one for each)");
  for (const double concentration : prior.concentration)
    if (!(concentration > 0) || !std::isfinite(concentration))
      refuse("the concentration of the weights is " + std::to_string(concentration) + " (must be finite and > 0)");
  if (!prior.components) return;
  require_conjugate_prior(groups);
  if (prior.components->components() != groups.size())
    refuse(std::to_string(prior.components->components()) + " rows of hyperparameters for '" + groups.spec() +
           "' (must be " + std::to_string(groups.size()) + ", one for each family)");
  for (std::size_t g = 0; g < groups.size(); ++g)
    if (const auto reason = find_fault(groups.family(g), prior.components->row(g), prior.components->schema(g)))
      refuse((groups.size() == 1 ? "" : "'" + groups.family(g).spec() + "': ") + *reason);
}

}  // namespace mixfam
