#include "model/partial_update.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace mixfam {

namespace {

using Components = std::set<std::size_t>;

template <class Values>
Values without(const Values& values, const Components& components) {
  Values left;
  for (std::size_t k = 0; k < values.size(); ++k)
    if (components.count(k) == 0) left.push_back(values[k]);
  return left;
}

/// Rows of the components that are left, into a table of as many.
ParameterTable without(const ParameterTable& table, const Components& components, ParameterTable left) {
  std::size_t to = 0;
  for (std::size_t k = 0; k < table.components(); ++k)
    if (components.count(k) == 0) std::ranges::copy(table.row(k), left.row(to++).begin());
  return left;
}

/// Groups that lose all their components.
Components lost_groups(const Groups& groups, const Components& components) {
  Components lost;
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const auto begin = components.lower_bound(groups.first(g));
    const auto end = components.lower_bound(groups.end(g));
    if (static_cast<std::size_t>(std::distance(begin, end)) == groups.components(g)) lost.insert(g);
  }
  return lost;
}

Prior without(const Prior& prior, const Groups& groups, const Components& components) {
  Prior left = prior;
  if (prior.concentration.size() > 1) left.concentration = without(prior.concentration, components);
  if (prior.components)
    left.components = without(*prior.components, lost_groups(groups, components),
                              groups.without(components).singles().hyperparameters());
  return left;
}

Frozen without(const Frozen& frozen, const Groups& groups, const Components& components) {
  Frozen left;
  left.weights = without(frozen.weights, components);
  const double sum = std::accumulate(left.weights.begin(), left.weights.end(), 0.0);
  for (double& weight : left.weights) weight /= sum;
  left.parameters = frozen.parameters;
  for (std::size_t k = 0, to = 0; k < groups.components(); ++k) {
    if (components.count(k) != 0) continue;
    if (frozen.components.count(k) != 0) left.components.insert(to);
    ++to;
  }
  if (frozen.theta.components() > 0)
    left.theta = without(frozen.theta, components, groups.without(components).parameters());
  return left;
}

}  // namespace

UpdateRule without(const UpdateRule& rule, const Groups& groups, const std::set<std::size_t>& components) {
  return {rule.update, without(rule.prior, groups, components), rule.seed, rule.iteration,
          without(rule.frozen, groups, components)};
}

EStepParameters without(const EStepParameters& parameters, const std::set<std::size_t>& components) {
  EStepParameters left{parameters.groups.without(components), {}, without(parameters.log_weights, components), {}};
  left.theta = without(parameters.theta, components, left.groups.parameters());
  left.steps = steps_at(left.groups, left.theta);
  return left;
}

UpdateResult with_frozen_components(const Groups& groups, const UpdateRule& rule, UpdateResult others) {
  const Components& frozen = rule.frozen.components;
  UpdateResult result;
  result.theta = groups.parameters();
  result.log_scale.resize(groups.components());
  result.steps.resize(groups.size());
  if (others.hyperparameters) result.hyperparameters = groups.hyperparameters();
  std::vector<std::size_t> places;  // of the others
  for (std::size_t k = 0; k < groups.components(); ++k) {
    const std::size_t from = places.size();
    const bool is_frozen = frozen.count(k) != 0;
    std::ranges::copy(is_frozen ? rule.frozen.theta.row(k) : std::as_const(others.theta).row(from),
                      result.theta.row(k).begin());
    if (result.hyperparameters)
      std::ranges::copy(
          is_frozen ? rule.prior.components->row(groups.group_of(k)) : std::as_const(*others.hyperparameters).row(from),
          result.hyperparameters->row(k).begin());
    if (is_frozen) continue;
    result.log_scale[k] = others.log_scale[from];
    places.push_back(k);
  }
  for (Degeneracy& one : others.degenerate) result.degenerate.push_back({places[one.component], std::move(one.reason)});
  const Components lost = lost_groups(groups, frozen);
  for (std::size_t g = 0, from = 0; g < groups.size(); ++g) {
    if (lost.count(g) != 0) continue;
    const auto first_frozen = frozen.lower_bound(groups.first(g));
    const bool has_frozen = first_frozen != frozen.end() && *first_frozen < groups.end(g);
    if (!has_frozen) result.steps[g] = std::move(others.steps[from]);
    ++from;
  }
  return result;
}

void hold_parameters(const Groups& groups, const Frozen& frozen, Statistics& statistics) {
  for (std::size_t k = 0; k < groups.components(); ++k)
    for (const std::string& name : frozen.parameters)
      if (const Family& family = groups.family_of(k); family.parameters().find(name))
        family.hold(name, frozen.theta.row(k), std::as_const(statistics).origin(k), statistics.sum(k));
}

void put_back_parameters(const Groups& groups, const Frozen& frozen, UpdateResult& result) {
  for (std::size_t k = 0; k < groups.components(); ++k)
    for (const std::string& name : frozen.parameters)
      if (groups.family_of(k).parameters().find(name))
        std::ranges::copy(frozen.theta.field(k, name), result.theta.field(k, name).begin());
  std::fill(result.steps.begin(), result.steps.end(), nullptr);
}

}  // namespace mixfam
