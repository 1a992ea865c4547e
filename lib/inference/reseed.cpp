#include "inference/reseed.hpp"

#include "data/reduce.hpp"
#include "family/one_row.hpp"
#include "family/total_statistics.hpp"
#include "model/partial_update.hpp"
#include "model/weights.hpp"
#include "numerics/streams.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
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

/// The row with the least waiting time among exponential ones of the rates w_n: each is that with probability
/// proportional to its weight (Efraimidis and Spirakis 2006), whoever holds which rows.
struct FirstToArrive {
  double time = std::numeric_limits<double>::infinity();
  std::vector<double> row;

  FirstToArrive& operator+=(const FirstToArrive& other) {
    if (other.time < time) *this = other;
    return *this;
  }
};

void pack(const FirstToArrive& first, std::vector<double>& message) {
  message.push_back(first.time);
  message.insert(message.end(), first.row.begin(), first.row.end());
}
void unpack(ConstVectorView numbers, FirstToArrive& first) {
  first = {numbers[0], {numbers.begin() + 1, numbers.end()}};
}

/// A row drawn with probability proportional to its weight.
std::vector<double> draw_row(const Rows& rows, const UpdateRule& rule, std::size_t component) {
  const auto add = [&](const DataBlock& block, FirstToArrive& leaf) {
    Random random = stream(Stream::reseed, rule.seed, rule.iteration, component, block.first_row);
    for (std::size_t n = 0; n < block.x.rows; ++n) {
      const double rate = block.weights ? block.weights[n] : 1;
      const double time = rate > 0 ? random.exponential(rate) : leaf.time;
      if (!(time < leaf.time)) continue;
      leaf = {time, {}};
      for (std::size_t j = 0; j < block.x.column_count; ++j) leaf.row.push_back(block.x.column(j)[n]);
    }
  };
  return reduce(rows, FirstToArrive{}, add).row;
}

/// `rows` rows, of which half are distributed as all the data, but moved to the given row, and half are copies of it.
/// `total`: of all the data, for the family.
std::vector<double> statistics_at_row(const Family& family, ConstVectorView total, double total_weight,
                                      ConstVectorView row, ConstVectorView origin, double rows) {
  std::vector<double> s(family.statistic_size());
  family.statistic(OneRow(row).block(), origin, MatrixView::column_major(s.data(), 1, s.size()));
  for (std::size_t p = 0; p < s.size(); ++p) s[p] = 0.5 * rows * (s[p] + total[p] / total_weight);
  return s;
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
  std::fill(result.steps.begin(), result.steps.end(), nullptr);
}

}  // namespace

bool Repairer::repair(UpdateResult& result, Groups& groups, Statistics& statistics, UpdateRule& rule,
                      const State* before) {
  switch (policy_) {
    case DegeneratePolicy::error:
      break;
    case DegeneratePolicy::reseed:
      return reseed(result, groups, statistics, rule);
    case DegeneratePolicy::drop:
      return drop(result, groups, statistics, rule);
    case DegeneratePolicy::keep:
      if (before == nullptr) break;
      note("kept", result.degenerate);
      keep(result, rule.prior, *before);
      return true;
  }
  return false;
}

bool Repairer::reseed(UpdateResult& result, const Groups& groups, Statistics& statistics, const UpdateRule& rule) {
  const auto components = components_of(result.degenerate);
  reseeds_ += components.size();
  if (reseeds_ > reseeds_per_component * statistics.components()) return false;
  const Statistics total = total_statistics(groups, rows_);
  const double rows = total.total_weight() / static_cast<double>(statistics.components());
  for (const std::size_t k : components) {
    const Family& family = groups.family_of(k);
    const auto row = draw_row(rows_, rule, k);
    auto origin = origin_at_row(family, row);
    for (std::size_t i = 0; i < origin.size(); ++i)
      if (std::isnan(origin[i])) origin[i] = total.origin(groups.group_of(k))[i];  // the row has a gap there
    const auto s = statistics_at_row(family, total.sum(groups.group_of(k)), total.total_weight(), row, origin, rows);
    std::copy(origin.begin(), origin.end(), statistics.origin(k).begin());
    std::copy(s.begin(), s.end(), statistics.sum(k).begin());
    statistics.counts()[k] = rows;
  }
  note("reseeded", result.degenerate);
  result = update(groups, statistics, rule);
  return result.degenerate.empty();
}

bool Repairer::drop(UpdateResult& result, Groups& groups, Statistics& statistics, UpdateRule& rule) {
  while (!result.degenerate.empty()) {
    const auto components = components_of(result.degenerate);
    if (components.size() == statistics.components()) return false;
    note("dropped", result.degenerate);
    statistics = without(statistics, groups, components);
    rule = without(rule, groups, components);
    groups = groups.without(components);
    const std::vector<double>& known = rule.frozen.weights;
    if (!std::all_of(known.begin(), known.end(), [](double weight) { return std::isfinite(weight); })) return false;
    result = update(groups, statistics, rule);
  }
  return true;
}

void Repairer::note(const std::string& what, const std::vector<Degeneracy>& degenerate) {
  std::string event = what + ": " + describe(degenerate, rows_.source);
  if (std::find(events_.begin(), events_.end(), event) == events_.end()) events_.push_back(std::move(event));
}

}  // namespace mixfam
