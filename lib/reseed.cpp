#include "reseed.hpp"

#include <mixfam/error.hpp>

#include "blocks.hpp"
#include "streams.hpp"
#include "total_statistics.hpp"

#include <algorithm>
#include <numeric>
#include <set>

namespace mixfam {

namespace {

std::set<std::size_t> components_of(const std::vector<Degeneracy>& degenerate) {
  std::set<std::size_t> components;
  for (const Degeneracy& one : degenerate) components.insert(one.component);
  return components;
}

/// Weights may be negative where the prior took more than there was.
void renew_weights(UpdateResult& result) {
  double total = 0;
  for (double& weight : result.weights) total += weight = std::max(weight, 0.0);
  for (double& weight : result.weights) weight /= total;
  result.log_weights = log_weights(result.weights);
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

/// D + 1 pseudo-rows as wide as all the data, moved to the row, and as many copies of the row itself.
std::vector<double> statistics_at_row(const Family& family, const Statistics& total, ConstVectorView row,
                                      ConstVectorView origin) {
  std::vector<const double*> columns;
  for (const double& value : row) columns.push_back(&value);
  std::vector<double> s(family.statistic_size());
  family.statistic({columns.data(), columns.size(), 1}, origin, MatrixView::column_major(s.data(), 1, s.size()));
  const double pseudo_rows = static_cast<double>(family.columns() + 1);
  for (std::size_t p = 0; p < s.size(); ++p) s[p] = pseudo_rows * (s[p] + total.sums()(0, p) / total.total_weight());
  return s;
}

}  // namespace

void reseed(UpdateResult& result, const Family& family, Source& source, const UpdateRule& rule) {
  const Statistics total = total_statistics(family, source);
  const auto components = components_of(result.degenerate);
  for (const std::size_t k : components) {
    Random random = stream(Stream::reseed, rule.seed, rule.iteration, k);
    const auto row = draw_row(source, total.total_weight(), random);
    const auto origin = origin_at_row(family, row);
    const auto s = statistics_at_row(family, total, row, origin);
    const auto theta = result.theta.row(k);
    const auto failed = family.mle(ConstMatrixView::row_major(s.data(), 1, s.size()),
                                   ConstMatrixView::row_major(origin.data(), 1, origin.size()),
                                   MatrixView::row_major(theta.data(), 1, theta.size()));
    if (!failed.empty())
      throw Error(ErrorKind::numerical,
                  "component " + std::to_string(k) + " cannot begin anew: " + failed.front().reason);
    result.weights[k] = 1 / static_cast<double>(result.weights.size());
  }
  renew_weights(result);
}

bool drop(UpdateResult& result, Prior& prior) {
  const auto components = components_of(result.degenerate);
  const std::size_t left = result.weights.size() - components.size();
  if (left == 0) return false;
  ParameterTable theta(result.theta.schema(), left);
  std::vector<double> weights;
  std::vector<double> concentration;
  for (std::size_t k = 0; k < result.weights.size(); ++k) {
    if (components.count(k) != 0) continue;
    const auto row = result.theta.row(k);
    std::copy(row.begin(), row.end(), theta.row(weights.size()).begin());
    weights.push_back(result.weights[k]);
    if (prior.concentration.size() > 1) concentration.push_back(prior.concentration[k]);
  }
  if (prior.concentration.size() > 1) prior.concentration = concentration;
  result.theta = std::move(theta);
  result.weights = std::move(weights);
  result.log_scale.resize(left);
  renew_weights(result);
  return true;
}

void keep(UpdateResult& result, const Mixture& before) {
  for (const std::size_t k : components_of(result.degenerate)) {
    const auto row = before.parameters().row(k);
    std::copy(row.begin(), row.end(), result.theta.row(k).begin());
  }
  renew_weights(result);
}

}  // namespace mixfam
