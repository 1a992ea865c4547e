#include "inference/reseed.hpp"

#include "family/total_statistics.hpp"
#include "model/weights.hpp"
#include "numerics/streams.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

namespace mixfam {

namespace {

/// Reseeding is given up after this many for each component.
constexpr std::size_t reseeds_per_component = 10;

std::set<std::size_t> components_of(const std::vector<Degeneracy>& degenerate) {
  std::set<std::size_t> components;
  for (const Degeneracy& one : degenerate) components.insert(one.component);
  return components;
}

/// A row drawn with probability proportional to its weight.
std::vector<double> draw_row(Source& source, double total_weight, Random& random) {
  std::vector<double> values(source.columns());
  double left = random.uniform() * total_weight;
  for_each_block(source, [&](const DataBlock& block) {
    for (std::size_t n = 0; n < block.x.rows; ++n) {
      const double weight = block.weights ? block.weights[n] : 1;
      if (weight == 0) continue;
      for (std::size_t j = 0; j < values.size(); ++j) values[j] = block.x.column(j)[n];
      if (left < weight) return false;
      left -= weight;
    }
    return true;
  });
  return values;
}

/// `rows` rows, of which half are distributed as all the data, but moved to the given row, and half are copies of it.
std::vector<double> statistics_at_row(const Family& family, const Statistics& total, ConstVectorView row,
                                      ConstVectorView origin, double rows) {
  std::vector<const double*> columns;
  for (const double& value : row) columns.push_back(&value);
  std::vector<double> s(family.statistic_size());
  family.statistic({columns.data(), columns.size(), 1}, origin, MatrixView::column_major(s.data(), 1, s.size()));
  for (std::size_t p = 0; p < s.size(); ++p) s[p] = 0.5 * rows * (s[p] + total.sums()(0, p) / total.total_weight());
  return s;
}

/// The components that are left, in their order.
template <class Values>
Values without(const Values& values, const std::set<std::size_t>& components) {
  Values left;
  for (std::size_t k = 0; k < values.size(); ++k)
    if (components.count(k) == 0) left.push_back(values[k]);
  return left;
}

Statistics without(const Statistics& statistics, const std::set<std::size_t>& components) {
  Statistics left(statistics.components() - components.size(), statistics.statistic_size(), statistics.origin_size());
  left.total_weight() = statistics.total_weight();
  for (std::size_t k = 0, to = 0; k < statistics.components(); ++k) {
    if (components.count(k) != 0) continue;
    left.counts()[to] = statistics.counts()[k];
    std::copy(statistics.sums().row(k).begin(), statistics.sums().row(k).end(), left.sums().row(to).begin());
    std::copy(statistics.origins().row(k).begin(), statistics.origins().row(k).end(), left.origins().row(to).begin());
    ++to;
  }
  return left;
}

/// Components that the prior leaves no weight keep theirs, and the others share the rest: the best that there is
/// without moving those, so that the objective does not fall.
std::vector<double> renewed_weights(std::vector<double> weights, const Prior& prior,
                                    const std::vector<double>& before) {
  const std::vector<double> alpha = concentrations(prior, weights.size());
  const auto is_left_none = [&](std::size_t k) { return !(weights[k] > 0) && alpha[k] < 1; };
  double kept = 0;
  double shared = 0;
  for (std::size_t k = 0; k < weights.size(); ++k)
    (is_left_none(k) ? kept : shared) += is_left_none(k) ? before[k] : weights[k];
  if (!(shared > 0)) return before;
  for (std::size_t k = 0; k < weights.size(); ++k)
    weights[k] = is_left_none(k) ? before[k] : weights[k] * (1 - kept) / shared;
  return weights;
}

/// Degenerate components have the parameters that they had.
void keep(UpdateResult& result, const Prior& prior, const State& before) {
  const auto copy = [](const ParameterTable& from, std::size_t k, ParameterTable& to) {
    std::copy(from.row(k).begin(), from.row(k).end(), to.row(k).begin());
  };
  for (const std::size_t k : components_of(result.degenerate)) {
    copy(before.parameters.theta, k, result.theta);
    if (result.hyperparameters) copy(*before.hyperparameters, k, *result.hyperparameters);
    result.log_scale[k] = before.parameters.log_weights[k] - before.log_weights[k];
  }
  if (!result.hyperparameters) {
    result.weights = renewed_weights(std::move(result.weights), prior, before.mixture.weights());
    result.log_weights = log_weights(result.weights);
  }
  result.degenerate.clear();
  result.step = nullptr;
}

}  // namespace

bool Repairer::repair(UpdateResult& result, const FamilyPtr& family, Statistics& statistics, UpdateRule& rule,
                      std::vector<double> weights, const State* before) {
  switch (policy_) {
    case DegeneratePolicy::error:
      break;
    case DegeneratePolicy::reseed:
      return reseed(result, family, statistics, rule, weights);
    case DegeneratePolicy::drop:
      return drop(result, family, statistics, rule, weights);
    case DegeneratePolicy::keep:
      if (before == nullptr) break;
      note("kept", result.degenerate);
      keep(result, rule.prior, *before);
      return true;
  }
  return false;
}

bool Repairer::reseed(UpdateResult& result, const FamilyPtr& family, Statistics& statistics, const UpdateRule& rule,
                      const std::vector<double>& weights) {
  const auto components = components_of(result.degenerate);
  reseeds_ += components.size();
  if (reseeds_ > reseeds_per_component * statistics.components()) return false;
  const Statistics total = total_statistics(*family, rows_);
  const double rows = total.total_weight() / static_cast<double>(statistics.components());
  for (const std::size_t k : components) {
    Random random = stream(Stream::reseed, rule.seed, rule.iteration, k);
    const auto row = draw_row(rows_.source, total.total_weight(), random);
    const auto origin = origin_at_row(*family, row);
    const auto s = statistics_at_row(*family, total, row, origin, rows);
    std::copy(origin.begin(), origin.end(), statistics.origins().row(k).begin());
    std::copy(s.begin(), s.end(), statistics.sums().row(k).begin());
    statistics.counts()[k] = rows;
  }
  note("reseeded", result.degenerate);
  result = update(family, statistics, rule, weights);
  return result.degenerate.empty();
}

bool Repairer::drop(UpdateResult& result, const FamilyPtr& family, Statistics& statistics, UpdateRule& rule,
                    std::vector<double>& weights) {
  while (!result.degenerate.empty()) {
    const auto components = components_of(result.degenerate);
    if (components.size() == statistics.components()) return false;
    note("dropped", result.degenerate);
    statistics = without(statistics, components);
    weights = without(weights, components);
    const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
    if (!(sum > 0)) return false;
    for (double& weight : weights) weight /= sum;
    if (rule.prior.concentration.size() > 1) rule.prior.concentration = without(rule.prior.concentration, components);
    result = update(family, statistics, rule, weights);
  }
  return true;
}

void Repairer::note(const std::string& what, const std::vector<Degeneracy>& degenerate) {
  std::string event = what + ": " + describe(degenerate, rows_.source);
  if (std::find(events_.begin(), events_.end(), event) == events_.end()) events_.push_back(std::move(event));
}

}  // namespace mixfam
