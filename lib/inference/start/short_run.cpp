#include "inference/start/short_run.hpp"

#include <mixfam/error.hpp>

#include "data/reduce.hpp"
#include "family/pack_statistics.hpp"
#include "inference/state.hpp"
#include "model/weights.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

namespace mixfam {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// The origin of each group: the mean of those at its rows, whatever the family takes them from.
void set_mean_origins(const Family& family, const std::vector<std::size_t>& group, const Rows& rows,
                      MatrixView origins) {
  std::vector<double> counts(origins.rows());
  std::vector<double> origin(origins.columns());
  std::vector<const double*> row(family.columns());
  for_each_block(rows.source, [&](const DataBlock& block) {
    for (std::size_t n = 0; n < block.x.rows; ++n) {
      const std::size_t k = group[block.first_row + n];
      const double weight = block.weights ? block.weights[n] : 1;
      counts[k] += weight;
      for (std::size_t j = 0; j < row.size(); ++j) row[j] = block.x.column(j) + n;
      family.origin_at({row.data(), row.size(), 1}, origin);
      for (std::size_t i = 0; i < origin.size(); ++i) origins(k, i) += weight / counts[k] * (origin[i] - origins(k, i));
    }
    return true;
  });
}

Statistics partition_statistics(const Family& family, const std::vector<std::size_t>& group, std::size_t components,
                                const Rows& rows) {
  Statistics zero(components, family.statistic_size(), family.origin_size());
  if (family.origin_size() > 0) set_mean_origins(family, group, rows, zero.origins());
  const auto add = [&, workspace = Workspace()](const DataBlock& block, Statistics& leaf) mutable {
    Workspace::Frame frame(workspace);
    const auto R = MatrixView::column_major(frame.zeros(block.x.rows * components), block.x.rows, components);
    for (std::size_t n = 0; n < block.x.rows; ++n) {
      const double weight = block.weights ? block.weights[n] : 1;
      R(n, group[block.first_row + n]) = weight;
      leaf.counts()[group[block.first_row + n]] += weight;
      leaf.total_weight() += weight;
    }
    family.accumulate(block.x, R, leaf.origins(), leaf.sums(), workspace);
  };
  return reduce(rows, zero, add);
}

/// Adds pseudo-rows to each component: some distributed as all the data, the rest as all components together, each
/// about its own centre, so that no component is much narrower than the others for want of rows.
void add_pseudo_rows(const Family& family, const Statistics& total, double rows, double share_of_total,
                     Statistics& statistics) {
  std::vector<double> pooled(statistics.statistic_size());
  double count = 0;
  for (std::size_t k = 0; k < statistics.components(); ++k) {
    count += statistics.counts()[k];
    for (std::size_t p = 0; p < pooled.size(); ++p) pooled[p] += statistics.sums()(k, p);
  }
  for (std::size_t k = 0; k < statistics.components(); ++k) {
    std::vector<double> all(total.sums().row(0).begin(), total.sums().row(0).end());
    family.recentre(total.origins().row(0), statistics.origins().row(k), all);
    for (std::size_t p = 0; p < all.size(); ++p)
      statistics.sums()(k, p) +=
          rows * ((1 - share_of_total) * pooled[p] / count + share_of_total * all[p] / total.total_weight());
    statistics.counts()[k] += rows;
  }
}

/// Numbers of the values, the greatest first; of equal ones the first.
std::vector<std::size_t> falling(ConstVectorView values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return values[a] > values[b]; });
  return order;
}

/// Where the prior of the weights tells components apart, those with more rows take the places of more weight: for a
/// Dirichlet the order of the greatest evidence, and for sticks that of Kurihara, Welling and Teh (2007).
Statistics in_order_of_prior(const Statistics& statistics, const Prior& prior) {
  const std::size_t components = statistics.components();
  const std::vector<double> nothing(components);
  const std::vector<double> expected =
      weights_mean(nothing, prior, std::vector<double>(components, 1 / static_cast<double>(components)));
  if (std::equal(expected.begin() + 1, expected.end(), expected.begin())) return statistics;
  const std::vector<std::size_t> places = falling(expected);
  const std::vector<std::size_t> from = falling(statistics.counts());
  Statistics result = statistics;
  for (std::size_t i = 0; i < components; ++i) {
    result.counts()[places[i]] = statistics.counts()[from[i]];
    std::ranges::copy(statistics.sums().row(from[i]), result.sums().row(places[i]).begin());
    std::ranges::copy(statistics.origins().row(from[i]), result.origins().row(places[i]).begin());
  }
  return result;
}

Iterate updated(const FamilyPtr& family, const Statistics& before, const Statistics& total, const ShortRunRule& rule) {
  Statistics statistics = in_order_of_prior(before, rule.update.prior);
  add_pseudo_rows(*family, total, rule.pseudo_rows, rule.share_of_total, statistics);
  const std::vector<double> equal_weights(statistics.components(), 1 / static_cast<double>(statistics.components()));
  UpdateResult result = update(family, statistics, rule.update, equal_weights);
  if (!result.degenerate.empty())
    throw Error(ErrorKind::numerical,
                describe(result.degenerate, rule.data) + "; " + remedy(result.degenerate, *family, rule.update.prior));
  return {e_step_parameters(family, result),
          std::move(result.weights),
          std::move(result.hyperparameters),
          {statistics.counts().begin(), statistics.counts().end()}};
}

/// What EM raises: the log likelihood, the log posterior density or the variational bound.
double objective_of(const Iterate& at, const Statistics& statistics, const Prior& prior) {
  const double bound = statistics.expected_log_joint() + statistics.entropy();
  return at.hyperparameters ? bound - penalty_of(at.parameters, *at.hyperparameters, at.counts, prior).total()
                            : bound + log_prior(at.parameters, at.weights, prior);
}

Statistics e_step(const Iterate& at, const Rows& rows, const ShortRunRule& rule) {
  return e_step(at.parameters, rows, {rule.assignment, 1, 0, 0});
}

}  // namespace

ShortRun short_run(const FamilyPtr& family, const std::vector<std::size_t>& group, std::size_t components,
                   const Rows& some, const Rows& rows, const Statistics& total, const ShortRunRule& rule,
                   double least) {
  ShortRun run{updated(family, partition_statistics(*family, group, components, some), total, rule), -infinity};
  for (std::size_t left = rule.iterations; left-- > 0;) {
    const Statistics statistics = e_step(run.end, rows, rule);
    const double before = std::exchange(run.objective, objective_of(run.end, statistics, rule.update.prior));
    const double more = left > 0 ? static_cast<double>(left) * (run.objective - before) : 0;
    if (run.objective + more < least) break;
    run.end = updated(family, statistics, total, rule);
  }
  return run;
}

Mixture mixture_of(Iterate at) { return {at.parameters.family, std::move(at.weights), std::move(at.parameters.theta)}; }

Iterate em_step(const Iterate& at, const Rows& rows, const Statistics& total, const ShortRunRule& rule) {
  return updated(at.parameters.family, e_step(at, rows, rule), total, rule);
}

}  // namespace mixfam
