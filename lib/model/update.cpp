#include "model/update.hpp"

#include "model/partial_update.hpp"
#include "numerics/streams.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <set>
#include <utility>

namespace mixfam {

namespace {

/// A component without rows may lie anywhere after a draw. About an origin far from the prior's location the prior
/// would lose its digits; statistics of 0 are 0 about every origin, so that theirs can be there.
Statistics at_prior_where_empty(const Groups& groups, const Statistics& statistics, const Prior& prior) {
  Statistics result = statistics;
  const auto counts = statistics.counts();
  const bool has_empty = std::find(counts.begin(), counts.end(), 0.0) != counts.end();
  if (!has_empty || !prior.components) return result;
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const Family& family = groups.family(g);
    if (family.origin_size() == 0) continue;
    ParameterTable centre(family.parameters(), 1);
    std::vector<double> origin(family.origin_size());
    family.prior()->mean(prior.components->view(g), centre.view());
    family.origin(centre.row(0), origin);
    if (!std::all_of(origin.begin(), origin.end(), [](double value) { return std::isfinite(value); })) continue;
    for (std::size_t k = groups.first(g); k < groups.end(g); ++k)
      if (counts[k] == 0) std::copy(origin.begin(), origin.end(), result.origin(k).begin());
  }
  return result;
}

/// Calls estimate(g, result), which fills the parameters of a group, for each of them.
template <class Estimate>
UpdateResult each_group(const Groups& groups, Estimate estimate) {
  UpdateResult result;
  result.theta = groups.parameters();
  result.log_scale.resize(groups.components());
  for (std::size_t g = 0; g < groups.size(); ++g) {
    Estimates estimates = estimate(g, result);
    for (Degeneracy& one : estimates.degenerate)
      result.degenerate.push_back({groups.first(g) + one.component, std::move(one.reason)});
    result.steps.push_back(std::move(estimates.step));
  }
  return result;
}

UpdateResult point_estimates(const Groups& groups, const Statistics& statistics, const UpdateRule& rule) {
  Statistics posterior = with_prior(groups, statistics, rule.prior);
  if (!rule.frozen.parameters.empty()) hold_parameters(groups, rule.frozen, posterior);
  UpdateResult result = each_group(groups, [&](std::size_t g, UpdateResult& made) {
    return groups.family(g).mle(posterior.sums(g), posterior.origins(g), made.theta.view(g));
  });
  if (!rule.frozen.parameters.empty()) put_back_parameters(groups, rule.frozen, result);
  return result;
}

UpdateResult expectations(const Groups& groups, const Statistics& statistics, const UpdateRule& rule) {
  ParameterTable H = posterior_hyperparameters(groups, statistics, rule.prior);
  UpdateResult result = each_group(groups, [&](std::size_t g, UpdateResult& made) {
    const VectorView log_scale(made.log_scale.data() + groups.first(g), groups.components(g));
    return groups.family(g).prior()->expectation(std::as_const(H).view(g), made.theta.view(g), log_scale);
  });
  result.hyperparameters = std::move(H);
  return result;
}

UpdateResult draws(const Groups& groups, const Statistics& statistics, const UpdateRule& rule) {
  Random random = stream(Stream::parameters, rule.seed, rule.iteration);
  const ParameterTable H = posterior_hyperparameters(groups, statistics, rule.prior);
  return each_group(groups, [&](std::size_t g, UpdateResult& made) {
    return groups.family(g).prior()->sample(H.view(g), random, made.theta.view(g));
  });
}

UpdateResult estimate(const Groups& groups, const Statistics& statistics, const UpdateRule& rule) {
  switch (rule.update) {
    case Update::ml:
    case Update::map:
      break;
    case Update::vb:
      return expectations(groups, statistics, rule);
    case Update::sampled:
      return draws(groups, statistics, rule);
  }
  return point_estimates(groups, statistics, rule);
}

/// Components that no weight fits come before those that no parameters fit.
void update_weights(ConstVectorView counts, const UpdateRule& rule, UpdateResult& result) {
  const std::vector<double>& known = rule.frozen.weights;
  std::vector<Degeneracy> degenerate;
  switch (rule.update) {
    case Update::ml:
    case Update::map:
      result.weights = weights_mode(counts, rule.prior, known, degenerate);
      result.degenerate.insert(result.degenerate.begin(), std::make_move_iterator(degenerate.begin()),
                               std::make_move_iterator(degenerate.end()));
      break;
    case Update::vb:
      result.weights = weights_mean(counts, rule.prior, known);
      result.log_weights = expected_log_weights(counts, rule.prior, known);
      return;
    case Update::sampled: {
      Random random = stream(Stream::weights, rule.seed, rule.iteration);
      result.weights = sample_weights(counts, rule.prior, known, random);
    }
  }
  result.log_weights = log_weights(result.weights);
}

}  // namespace

UpdateRule update_rule(Update update, const Prior& prior, std::uint64_t seed) {
  return {update, update == Update::ml ? Prior{} : prior, seed, 0};
}

Statistics without(const Statistics& statistics, const Groups& groups, const std::set<std::size_t>& components) {
  Statistics left = groups.without(components).statistics();
  left.total_weight() = statistics.total_weight();
  std::size_t to = 0;
  for (std::size_t k = 0; k < statistics.components(); ++k) {
    if (components.count(k) != 0) continue;
    left.counts()[to] = statistics.counts()[k];
    std::copy(statistics.sum(k).begin(), statistics.sum(k).end(), left.sum(to).begin());
    std::copy(statistics.origin(k).begin(), statistics.origin(k).end(), left.origin(to).begin());
    ++to;
  }
  return left;
}

Statistics with_prior(const Groups& groups, const Statistics& statistics, const Prior& prior) {
  Statistics posterior = statistics;
  if (!prior.components) return posterior;
  for (std::size_t g = 0; g < groups.size(); ++g)
    groups.family(g).prior()->add_chi(prior.components->row(g), posterior.origins(g), posterior.sums(g));
  return posterior;
}

ParameterTable posterior_hyperparameters(const Groups& groups, const Statistics& statistics, const Prior& prior) {
  const Statistics posterior = with_prior(groups, at_prior_where_empty(groups, statistics, prior), prior);
  ParameterTable H = groups.hyperparameters();
  for (std::size_t g = 0; g < groups.size(); ++g)
    groups.family(g).prior()->from_chi(posterior.sums(g), posterior.origins(g), H.view(g));
  return H;
}

UpdateResult update(const Groups& groups, const Statistics& statistics, const UpdateRule& rule) {
  const std::set<std::size_t>& frozen = rule.frozen.components;
  UpdateResult result =
      frozen.empty() ? estimate(groups, statistics, rule)
                     : with_frozen_components(groups, rule,
                                              estimate(groups.without(frozen), without(statistics, groups, frozen),
                                                       without(rule, groups, frozen)));
  update_weights(statistics.counts(), rule, result);
  return result;
}

std::optional<UpdateResult> update_if_sound(const Groups& groups, const Statistics& statistics,
                                            const UpdateRule& rule) {
  for (const double count : statistics.counts())
    if (!(count > 0)) return std::nullopt;
  UpdateResult result = update(groups, statistics, rule);
  if (!result.degenerate.empty()) return std::nullopt;
  for (std::size_t k = 0; k < groups.components(); ++k)
    if (result.theta.schema(k).check(result.theta.row(k), result.steps[groups.group_of(k)] != nullptr))
      return std::nullopt;
  return result;
}

Mixture mixture_of(const Groups& groups, const UpdateResult& result) {
  return {groups, result.weights, result.theta, result.steps};
}

EStepParameters e_step_parameters(const Groups& groups, const UpdateResult& result) {
  EStepParameters parameters{groups, result.theta, result.log_weights, result.steps};
  for (std::size_t g = 0; g < groups.size(); ++g)
    if (!parameters.steps[g]) parameters.steps[g] = groups.family(g).step(result.theta.view(g));
  for (std::size_t k = 0; k < result.log_scale.size(); ++k) parameters.log_weights[k] += result.log_scale[k];
  return parameters;
}

namespace {

double log_prior(const EStepParameters& parameters, const ParameterTable& prior) {
  double sum = 0;
  for (std::size_t g = 0; g < parameters.groups.size(); ++g)
    sum += parameters.groups.family(g).prior()->log_density(prior.row(g), *parameters.steps[g]);
  return sum;
}

}  // namespace

double log_prior(const EStepParameters& parameters, const std::vector<double>& weights, const UpdateRule& rule) {
  double sum = rule.frozen.weights.empty() ? log_weights_prior(weights, rule.prior) : 0;
  if (!rule.prior.components) return sum;
  const std::set<std::size_t>& frozen = rule.frozen.components;
  if (frozen.empty()) return sum + log_prior(parameters, *rule.prior.components);
  return sum + log_prior(without(parameters, frozen), *without(rule, parameters.groups, frozen).prior.components);
}

}  // namespace mixfam
