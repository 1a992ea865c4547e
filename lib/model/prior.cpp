#include <mixfam/error.hpp>
#include <mixfam/prior.hpp>

#include "family/data_check.hpp"
#include "family/require_family.hpp"
#include "family/total_statistics.hpp"

#include <cmath>

namespace mixfam {

namespace {

constexpr double default_concentration = 2;

const ConjugatePrior& conjugate_prior_of(const Family& family) {
  if (const ConjugatePrior* prior = family.prior()) return *prior;
  throw Error(ErrorKind::usage, "'" + family.spec() + "' has no conjugate prior; use `update = ml`");
}

}  // namespace

Prior default_prior(const FamilyPtr& family, std::size_t components, Source& source) {
  require(family);
  const ConjugatePrior& conjugate = conjugate_prior_of(*family);
  check_data(*family, source);
  const Statistics total = total_statistics(*family, source);
  ParameterTable hyperparameters(conjugate.hyperparameters(), 1);
  conjugate.standard(total.sums().row(0), total.origins().row(0), components, hyperparameters.row(0));
  if (conjugate.hyperparameters().check(hyperparameters.row(0)))
    throw Error(ErrorKind::data,
                source.name() + ": sums of its values, or of their squares, are beyond what a double " +
                    "holds, so that '" + family->spec() + "' has no default prior; rescale the columns");
  return {WeightsPrior::dirichlet, {default_concentration}, hyperparameters};
}

ParameterTable flat_hyperparameters(const Family& family) {
  const ConjugatePrior& conjugate = conjugate_prior_of(family);
  ParameterTable hyperparameters(conjugate.hyperparameters(), 1);
  conjugate.flat(hyperparameters.row(0));
  return hyperparameters;
}

void check_prior(const Family& family, std::size_t components, const Prior& prior) {
  if (prior.concentration.size() != 1 && prior.concentration.size() != components)
    throw Error(ErrorKind::usage, "prior: " + std::to_string(prior.concentration.size()) +
                                      " concentrations of the weights for " + std::to_string(components) +
                                      " components (must be one, or one for each)");
  for (const double concentration : prior.concentration)
    if (!(concentration > 0) || !std::isfinite(concentration))
      throw Error(ErrorKind::usage, "prior: the concentration of the weights is " + std::to_string(concentration) +
                                        " (must be finite and > 0)");
  if (!prior.components) return;
  const ConjugatePrior& conjugate = conjugate_prior_of(family);
  const auto h = prior.components->row(0);
  if (h.size() != conjugate.hyperparameters().size())
    throw Error(ErrorKind::usage, "prior: " + std::to_string(h.size()) + " hyperparameter values for '" +
                                      family.spec() + "' (must be " +
                                      std::to_string(conjugate.hyperparameters().size()) + ")");
  if (const auto reason = conjugate.hyperparameters().mismatch(prior.components->schema()))
    throw Error(ErrorKind::usage, "prior: these are no hyperparameters of '" + family.spec() + "': " + *reason);
  if (const auto reason = conjugate.hyperparameters().check(h)) throw Error(ErrorKind::usage, "prior: " + *reason);
  if (const auto reason = conjugate.check(h)) throw Error(ErrorKind::usage, "prior: " + *reason);
  const auto log_normaliser = conjugate.log_partition(ConstMatrixView::row_major(h.data(), 1, h.size()));
  if (log_normaliser && !std::isfinite(*log_normaliser))
    throw Error(ErrorKind::usage,
                "prior: its normalising constant is beyond what a double holds; use less extreme hyperparameters");
}

}  // namespace mixfam
