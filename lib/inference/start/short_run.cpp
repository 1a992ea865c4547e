#include "inference/start/short_run.hpp"

#include <mixfam/error.hpp>

#include "inference/start/clusters.hpp"
#include "inference/state.hpp"
#include "model/weights.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

namespace mixfam {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// Adds pseudo-rows to each component: some distributed as all the data, the rest as all components of its family
/// together, each about its own centre, so that no component is much narrower than the others for want of rows.
void add_pseudo_rows(const Groups& groups, const Statistics& total, double rows, double share_of_total,
                     Statistics& statistics) {
  for (std::size_t g = 0; g < groups.size(); ++g) {
    std::vector<double> pooled(statistics.statistic_size(g));
    double count = 0;
    for (std::size_t k = groups.first(g); k < groups.end(g); ++k) {
      count += statistics.counts()[k];
      for (std::size_t p = 0; p < pooled.size(); ++p) pooled[p] += statistics.sum(k)[p];
    }
    for (std::size_t k = groups.first(g); k < groups.end(g); ++k) {
      std::vector<double> all(total.sum(g).begin(), total.sum(g).end());
      groups.family(g).recentre(total.origin(g), std::as_const(statistics).origin(k), all);
      const double share = count > 0 ? share_of_total : 1;  // a family without rows has all the data to go by
      for (std::size_t p = 0; p < all.size(); ++p) {
        const double of_family = count > 0 ? (1 - share) * pooled[p] / count : 0;
        statistics.sum(k)[p] += rows * (of_family + share * all[p] / total.total_weight());
      }
      statistics.counts()[k] += rows;
    }
  }
}

/// Numbers of the values, the greatest first; of equal ones the first.
std::vector<std::size_t> falling(ConstVectorView values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return values[a] > values[b]; });
  return order;
}

/// Where the prior of the weights tells components of a family apart, those with more rows take the places of more
/// weight: for a Dirichlet the order of the greatest evidence, and for sticks that of Kurihara, Welling and Teh (2007).
Statistics in_order_of_prior(const Groups& groups, const Statistics& statistics, const UpdateRule& rule) {
  const std::vector<double> nothing(groups.components());
  const std::vector<double> expected = weights_mean(nothing, rule.prior, rule.frozen.weights);
  if (std::equal(expected.begin() + 1, expected.end(), expected.begin())) return statistics;
  Statistics result = statistics;
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const std::size_t first = groups.first(g);
    const std::size_t components = groups.components(g);
    const std::vector<std::size_t> places = falling(ConstVectorView(expected).part(first, components));
    const std::vector<std::size_t> from = falling(statistics.counts().part(first, components));
    for (std::size_t i = 0; i < components; ++i) {
      result.counts()[first + places[i]] = statistics.counts()[first + from[i]];
      std::ranges::copy(statistics.sum(first + from[i]), result.sum(first + places[i]).begin());
      std::ranges::copy(statistics.origin(first + from[i]), result.origin(first + places[i]).begin());
    }
  }
  return result;
}

Iterate updated(const Groups& groups, const Statistics& before, const Statistics& total, const ShortRunRule& rule) {
  Statistics statistics = rule.keep_order ? before : in_order_of_prior(groups, before, rule.update);
  add_pseudo_rows(groups, total, rule.pseudo_rows, rule.share_of_total, statistics);
  UpdateResult result = update(groups, statistics, rule.update);
  if (!result.degenerate.empty())
    throw Error(ErrorKind::numerical,
                describe(result.degenerate, rule.data) + "; " + remedy(result.degenerate, groups, rule.update.prior));
  return {e_step_parameters(groups, result),
          std::move(result.weights),
          std::move(result.hyperparameters),
          {statistics.counts().begin(), statistics.counts().end()}};
}

/// What EM raises: the log likelihood, the log posterior density or the variational bound.
double objective_of(const Iterate& at, const Statistics& statistics, const UpdateRule& rule) {
  const double bound = statistics.expected_log_joint() + statistics.entropy();
  return at.hyperparameters ? bound - penalty_of(at.parameters, *at.hyperparameters, at.counts, rule).total()
                            : bound + log_prior(at.parameters, at.weights, rule);
}

Statistics e_step(const Iterate& at, const Rows& rows, const ShortRunRule& rule) {
  return e_step(at.parameters, rows, {rule.assignment, 1, 0, 0});
}

}  // namespace

ShortRun short_run(const Groups& groups, const std::vector<std::size_t>& cluster, const Rows& some, const Rows& rows,
                   const Statistics& total, const ShortRunRule& rule, double least) {
  ShortRun run{updated(groups, cluster_statistics(groups, cluster, some), total, rule), -infinity};
  for (std::size_t left = rule.iterations; left-- > 0;) {
    const Statistics statistics = e_step(run.end, rows, rule);
    const double before = std::exchange(run.objective, objective_of(run.end, statistics, rule.update));
    const double more = left > 0 ? static_cast<double>(left) * (run.objective - before) : 0;
    if (run.objective + more < least) break;
    run.end = updated(groups, statistics, total, rule);
  }
  return run;
}

Mixture mixture_of(Iterate at) { return {at.parameters.groups, std::move(at.weights), std::move(at.parameters.theta)}; }

Iterate em_step(const Iterate& at, const Rows& rows, const Statistics& total, const ShortRunRule& rule) {
  return updated(at.parameters.groups, e_step(at, rows, rule), total, rule);
}

}  // namespace mixfam
