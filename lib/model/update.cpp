#include "model/update.hpp"

#include "numerics/streams.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace mixfam {

namespace {

void take(Estimates estimates, UpdateResult& result) {
  result.degenerate.insert(result.degenerate.end(), std::make_move_iterator(estimates.degenerate.begin()),
                           std::make_move_iterator(estimates.degenerate.end()));
  result.step = std::move(estimates.step);
}

UpdateResult point_update(const FamilyPtr& family, const Statistics& statistics, const UpdateRule& rule,
                          const std::vector<double>& weights_before) {
  UpdateResult result;
  result.weights = weights_mode(statistics.counts(), rule.prior, weights_before, result.degenerate);
  const Statistics posterior = with_prior(*family, statistics, rule.prior);
  result.theta = ParameterTable(family->parameters(), statistics.components());
  take(family->mle(posterior.sums(), posterior.origins(), result.theta.view()), result);
  result.log_weights = log_weights(result.weights);
  result.log_scale.resize(result.weights.size());
  return result;
}

UpdateResult variational_update(const FamilyPtr& family, const Statistics& statistics, const UpdateRule& rule,
                                const std::vector<double>& weights_before) {
  UpdateResult result;
  result.hyperparameters = posterior_hyperparameters(*family, statistics, rule.prior);
  result.theta = ParameterTable(family->parameters(), statistics.components());
  result.log_scale.resize(statistics.components());
  take(family->prior()->expectation(result.hyperparameters->view(), result.theta.view(), result.log_scale), result);
  result.weights = weights_mean(statistics.counts(), rule.prior, weights_before);
  result.log_weights = expected_log_weights(statistics.counts(), rule.prior, weights_before);
  return result;
}

UpdateResult sampled_update(const FamilyPtr& family, const Statistics& statistics, const UpdateRule& rule,
                            const std::vector<double>& weights_before) {
  UpdateResult result;
  Random parameters = stream(Stream::parameters, rule.seed, rule.iteration);
  Random weights = stream(Stream::weights, rule.seed, rule.iteration);
  result.theta = ParameterTable(family->parameters(), statistics.components());
  take(family->prior()->sample(posterior_hyperparameters(*family, statistics, rule.prior).view(), parameters,
                               result.theta.view()),
       result);
  result.weights = sample_weights(statistics.counts(), rule.prior, weights_before, weights);
  result.log_weights = log_weights(result.weights);
  result.log_scale.resize(result.weights.size());
  return result;
}

/// A component without rows may lie anywhere after a draw. About an origin far from the prior's location the prior
/// would lose its digits; statistics of 0 are 0 about every origin, so that theirs can be there.
Statistics at_prior_where_empty(const Family& family, const Statistics& statistics, const Prior& prior) {
  Statistics result = statistics;
  const auto counts = statistics.counts();
  const bool has_empty = std::find(counts.begin(), counts.end(), 0.0) != counts.end();
  if (!has_empty || !prior.components || family.origin_size() == 0) return result;
  ParameterTable centre(family.parameters(), 1);
  std::vector<double> origin(family.origin_size());
  family.prior()->mean(prior.components->view(), centre.view());
  family.origin(centre.row(0), origin);
  if (!std::all_of(origin.begin(), origin.end(), [](double value) { return std::isfinite(value); })) return result;
  for (std::size_t k = 0; k < result.components(); ++k)
    if (result.counts()[k] == 0) std::copy(origin.begin(), origin.end(), result.origins().row(k).begin());
  return result;
}

}  // namespace

UpdateRule update_rule(Update update, const Prior& prior, std::uint64_t seed) {
  UpdateRule rule{update, prior, seed, 0};
  if (update == Update::ml) {
    rule.prior = Prior{};
    if (prior.weights == WeightsPrior::fixed) rule.prior.weights = WeightsPrior::fixed;
  }
  return rule;
}

Statistics with_prior(const Family& family, const Statistics& statistics, const Prior& prior) {
  Statistics posterior = statistics;
  if (prior.components) family.prior()->add_chi(prior.components->row(0), posterior.origins(), posterior.sums());
  return posterior;
}

ParameterTable posterior_hyperparameters(const Family& family, const Statistics& statistics, const Prior& prior) {
  const Statistics posterior = with_prior(family, at_prior_where_empty(family, statistics, prior), prior);
  ParameterTable H(family.prior()->hyperparameters(), statistics.components());
  family.prior()->from_chi(posterior.sums(), posterior.origins(), H.view());
  return H;
}

UpdateResult update(const FamilyPtr& family, const Statistics& statistics, const UpdateRule& rule,
                    const std::vector<double>& weights_before) {
  switch (rule.update) {
    case Update::ml:
    case Update::map:
      break;
    case Update::vb:
      return variational_update(family, statistics, rule, weights_before);
    case Update::sampled:
      return sampled_update(family, statistics, rule, weights_before);
  }
  return point_update(family, statistics, rule, weights_before);
}

std::optional<UpdateResult> update_if_sound(const FamilyPtr& family, const Statistics& statistics,
                                            const UpdateRule& rule, const std::vector<double>& weights_before) {
  for (const double count : statistics.counts())
    if (!(count > 0)) return std::nullopt;
  UpdateResult result = update(family, statistics, rule, weights_before);
  if (!result.degenerate.empty()) return std::nullopt;
  for (std::size_t k = 0; k < result.theta.components(); ++k)
    if (result.theta.schema().check(result.theta.row(k), result.step != nullptr)) return std::nullopt;
  return result;
}

Mixture mixture_of(const FamilyPtr& family, const UpdateResult& result) {
  return {family, result.weights, result.theta, result.step};
}

EStepParameters e_step_parameters(const FamilyPtr& family, const UpdateResult& result) {
  EStepParameters parameters{family, result.theta, result.log_weights,
                             result.step ? result.step : family->step(result.theta.view())};
  for (std::size_t k = 0; k < result.log_scale.size(); ++k) parameters.log_weights[k] += result.log_scale[k];
  return parameters;
}

double log_prior(const EStepParameters& parameters, const std::vector<double>& weights, const Prior& prior) {
  double sum = log_weights_prior(weights, prior);
  if (prior.components) sum += parameters.family->prior()->log_density(prior.components->row(0), *parameters.step);
  return sum;
}

}  // namespace mixfam
