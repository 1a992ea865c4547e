#include "inference/start/clusters.hpp"

#include <mixfam/exponential_family.hpp>

#include "data/reduce.hpp"
#include "family/pack_statistics.hpp"
#include "family/total_statistics.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

namespace mixfam {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// The origin of each cluster: the mean of those at its rows, whatever the family takes them from.
void set_mean_origins(const Family& family, const std::vector<std::size_t>& cluster, const Rows& rows,
                      MatrixView origins) {
  std::vector<double> first = origin_at_row(family, first_row(rows).values);
  for (double& value : first)
    if (std::isnan(value)) value = 0;  // its column is missing in all of these rows
  const std::size_t size = 2 * first.size();
  // For each cluster the sum of the origins at its rows about that at the first row, and the weights of those that have
  // one behind.
  const auto add = [&, origin = first, row = std::vector<const double*>()](const DataBlock& block,
                                                                           Totals& leaf) mutable {
    row.resize(block.x.column_count);
    for (std::size_t n = 0; n < block.x.rows; ++n) {
      const double weight = block.weights ? block.weights[n] : 1;
      for (std::size_t j = 0; j < row.size(); ++j) row[j] = block.x.column(j) + n;
      family.origin_at({row.data(), row.size(), 1}, origin);
      double* sums = leaf.values.data() + cluster[block.first_row + n] * size;
      for (std::size_t i = 0; i < first.size(); ++i) {
        if (std::isnan(origin[i])) continue;
        sums[i] += weight * (origin[i] - first[i]);
        sums[first.size() + i] += weight;
      }
    }
  };
  const Totals totals = reduce(rows, Totals{std::vector<double>(origins.rows() * size)}, add);
  for (std::size_t c = 0; c < origins.rows(); ++c) {
    const double* sums = totals.values.data() + c * size;
    for (std::size_t i = 0; i < first.size(); ++i) {
      const double weight = sums[first.size() + i];
      origins(c, i) = first[i] + (weight > 0 ? sums[i] / weight : 0);
    }
  }
}

/// Of each cluster, as a component of the family.
Statistics statistics_for(const FamilyPtr& family, const std::vector<std::size_t>& cluster, std::size_t clusters,
                          const Rows& rows) {
  Statistics zero = Groups(family, clusters).statistics();
  if (zero.origin_size() > 0) set_mean_origins(*family, cluster, rows, zero.origins());
  const auto add = [&, workspace = Workspace()](const DataBlock& block, Statistics& leaf) mutable {
    Workspace::Frame frame(workspace);
    const auto R = MatrixView::column_major(frame.zeros(block.x.rows * clusters), block.x.rows, clusters);
    for (std::size_t n = 0; n < block.x.rows; ++n) {
      const double weight = block.weights ? block.weights[n] : 1;
      R(n, cluster[block.first_row + n]) = weight;
      leaf.counts()[cluster[block.first_row + n]] += weight;
      leaf.total_weight() += weight;
    }
    family->accumulate(block.x, R, leaf.origins(), leaf.sums(), workspace);
  };
  return reduce(rows, zero, add);
}

/// sum log h of the rows of each cluster.
std::vector<double> log_base_of(const Family& family, const std::vector<std::size_t>& cluster, std::size_t clusters,
                                const Rows& rows) {
  const auto add = [&, log_h = std::vector<double>()](const DataBlock& block, Totals& leaf) mutable {
    log_h.assign(block.x.rows, 0);
    family.add_log_base(block.x, log_h);
    for (std::size_t n = 0; n < block.x.rows; ++n)
      if (const double weight = block.weights ? block.weights[n] : 1; weight > 0)
        leaf.values[cluster[block.first_row + n]] += weight * log_h[n];
  };
  return reduce(rows, Totals{std::vector<double>(clusters)}, add).values;
}

/// log p of the rows of each cluster under the family's estimate from them; minus infinity where there is none.
std::vector<double> log_likelihoods(const Family& family, const Statistics& statistics, std::vector<double> log_base) {
  std::vector<double> theta(family.parameters().size());
  std::vector<double> c(family.statistic_size());
  for (std::size_t i = 0; i < log_base.size(); ++i) {
    const auto sums = statistics.sums().row_range(i, 1);
    const auto origins = statistics.origins().row_range(i, 1);
    const auto row = MatrixView::row_major(theta.data(), 1, theta.size());
    if (!family.mle(sums, origins, row).degenerate.empty()) {
      log_base[i] = -infinity;
      continue;
    }
    family.coefficients(theta, statistics.origin(i), c);
    log_base[i] += detail::dot(statistics.sum(i).data(), c.data(), c.size());
  }
  return log_base;
}

/// The group with a place left where a cluster has the greatest log likelihood, and by how much that leads the second.
struct Claim {
  std::size_t group;
  double lead;
};

Claim claim_on(std::size_t cluster, const std::vector<std::vector<double>>& gain,
               const std::vector<std::size_t>& places) {
  std::size_t best = places.size();
  double second = -infinity;
  for (std::size_t g = 0; g < places.size(); ++g) {
    if (places[g] == 0) continue;
    const bool leads = best == places.size() || gain[g][cluster] > gain[best][cluster];
    if (best < places.size()) second = std::max(second, std::min(gain[g][cluster], gain[best][cluster]));
    if (leads) best = g;
  }
  return {best, gain[best][cluster] > second ? gain[best][cluster] - second : 0};
}

/// For each cluster the group that takes it; `gain[g][c]`: the log likelihood of the cluster there.
std::vector<std::size_t> share_out(const std::vector<std::vector<double>>& gain, std::vector<std::size_t> places,
                                   std::size_t clusters) {
  std::vector<std::optional<std::size_t>> taker(clusters);
  for (std::size_t round = 0; round < clusters; ++round) {
    std::size_t chosen = clusters;
    Claim strongest{0, -infinity};
    for (std::size_t c = 0; c < clusters; ++c) {
      if (taker[c]) continue;
      const Claim claim = claim_on(c, gain, places);
      if (chosen < clusters && !(claim.lead > strongest.lead)) continue;
      chosen = c;
      strongest = claim;
    }
    taker[chosen] = strongest.group;
    --places[strongest.group];
  }
  std::vector<std::size_t> groups;
  for (const auto& group : taker) groups.push_back(*group);
  return groups;
}

}  // namespace

std::size_t components_with_parameters(const Groups& groups) {
  std::size_t count = 0;
  for (std::size_t g = 0; g < groups.size(); ++g)
    if (has_parameters(groups.family(g))) count += groups.components(g);
  return count;
}

const Family& family_of_features(const Groups& groups) {
  for (std::size_t g = 0; g < groups.size(); ++g)
    if (has_parameters(groups.family(g))) return groups.family(g);
  return groups.family(0);
}

Statistics cluster_statistics(const Groups& groups, const std::vector<std::size_t>& cluster, const Rows& rows) {
  const std::size_t clusters = components_with_parameters(groups);
  if (groups.size() == 1) return statistics_for(groups.family_ptr(0), cluster, clusters, rows);
  std::vector<Statistics> of_group(groups.size());
  std::vector<std::vector<double>> gain(groups.size());
  std::vector<std::size_t> places(groups.size());
  for (std::size_t g = 0; g < groups.size(); ++g) {
    if (!has_parameters(groups.family(g))) continue;
    places[g] = groups.components(g);
    of_group[g] = statistics_for(groups.family_ptr(g), cluster, clusters, rows);
    gain[g] = log_likelihoods(groups.family(g), of_group[g], log_base_of(groups.family(g), cluster, clusters, rows));
  }
  const std::vector<std::size_t> taker = share_out(gain, places, clusters);
  Statistics result = groups.statistics();
  std::vector<std::size_t> next(groups.size());
  for (std::size_t g = 0; g < groups.size(); ++g) next[g] = groups.first(g);
  for (std::size_t c = 0; c < clusters; ++c) {
    const std::size_t g = taker[c];
    const std::size_t k = next[g]++;
    const Statistics& from = of_group[g];
    result.total_weight() += from.counts()[c];
    result.counts()[k] = from.counts()[c];
    std::ranges::copy(std::as_const(from).sum(c), result.sum(k).begin());
    std::ranges::copy(std::as_const(from).origin(c), result.origin(k).begin());
  }
  for (std::size_t g = 0; g < groups.size(); ++g)
    if (!has_parameters(groups.family(g)))
      for (std::size_t k = groups.first(g); k < groups.end(g); ++k)
        result.counts()[k] = result.total_weight() / static_cast<double>(clusters);
  return result;
}

}  // namespace mixfam
