#include <mixfam/error.hpp>
#include <mixfam/initialize.hpp>

#include "data/blocks.hpp"
#include "family/total_statistics.hpp"
#include "inference/fit_checked.hpp"
#include "inference/start/centres.hpp"
#include "inference/start/clusters.hpp"
#include "inference/start/initialize_checked.hpp"
#include "inference/start/points.hpp"
#include "inference/start/row_sample.hpp"
#include "inference/start/short_run.hpp"
#include "model/update.hpp"
#include "numerics/streams.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <utility>

namespace mixfam {

namespace {

/// Rows that short runs see: enough for any start, whatever the size of the data.
constexpr std::size_t sample_rows = 32768;
/// Of wide rows fewer are drawn, as many as take so much with their features, but not too few for the components.
constexpr std::size_t sample_bytes = std::size_t{16} << 20;
constexpr std::size_t fewest_sample_rows = 1024;
constexpr std::size_t sample_rows_for_each_component = 32;

/// Of the sample, rows that centres are looked for among.
constexpr std::size_t fewest_searched_rows = 512;
constexpr std::size_t sampled_to_searched = 8;

constexpr double infinity = std::numeric_limits<double>::infinity();

constexpr std::size_t lloyd_iterations = 5;
/// Of few rows E-steps cost little, and a single one may rank runs wrongly.
constexpr std::size_t run_iterations = 1;
constexpr std::size_t run_iterations_of_few_rows = 5;
/// Variational Bayes sees in the bound which components are spare only when some rows have changed theirs.
constexpr std::size_t variational_iterations = 2;
constexpr std::size_t variational_iterations_of_few_rows = 10;

/// Each component gets D + 1 pseudo-rows, for which every covariance is regular, but not more than this share of what
/// rows there are for a component.
constexpr double most_pseudo_share = 0.25;
/// How many of the pseudo-rows are distributed as all the data, and not as the components about their centres: enough
/// for values that the rows at hand lack, and for components of rows that are the same.
constexpr double share_of_total = 1.0 / 16;

std::size_t most_sample_rows(const Family& family, std::size_t components) {
  const std::size_t row_bytes = (family.columns() + family.feature_size()) * sizeof(double);
  const std::size_t fewest = std::max(fewest_sample_rows, sample_rows_for_each_component * components);
  return std::clamp(sample_bytes / row_bytes, std::min(fewest, sample_rows), sample_rows);
}

std::size_t most_searched_rows(std::size_t sampled, std::size_t components) {
  return std::max({fewest_searched_rows, sample_rows_for_each_component * components, sampled / sampled_to_searched});
}

/// Labels by the order of the components that have some, and which component each then is; the others behind.
struct LabelOrder {
  std::vector<std::int32_t> labels;
  std::vector<std::size_t> components;
};

LabelOrder in_order(const std::vector<std::int32_t>& labels, std::size_t components) {
  std::vector<bool> labelled(components);
  for (const std::int32_t label : labels)
    if (label != unlabelled) labelled[static_cast<std::size_t>(label)] = true;
  LabelOrder order{labels, {}};
  for (std::size_t k = 0; k < components; ++k)
    if (labelled[k]) order.components.push_back(k);
  for (std::size_t k = 0; k < components; ++k)
    if (!labelled[k]) order.components.push_back(k);
  for (std::int32_t& label : order.labels)
    if (label != unlabelled)
      label = static_cast<std::int32_t>(std::ranges::find(order.components, static_cast<std::size_t>(label)) -
                                        order.components.begin());
  return order;
}

/// Each component that has labelled rows begins at their mean, and these rows stay with it.
std::vector<std::size_t> draw_labelled_clusters(const Points& points, const RowSample& sample, std::size_t components,
                                                std::size_t threads, Random& random) {
  const LabelOrder order = in_order(sample.labels, components);
  auto centres = spread_centres(points, sample.weights, components, threads, random,
                                means_of_labels(points, sample.weights, order.labels));
  auto cluster = lloyd(points, sample.weights, lloyd_iterations, threads, centres, order.labels);
  for (std::size_t& one : cluster) one = order.components[one];
  return cluster;
}

std::vector<std::size_t> draw_clusters(const Points& points, const std::vector<double>& weights, std::size_t components,
                                       const InitializeOptions& options, Random& random) {
  const std::size_t threads = options.threads;
  auto centres = options.start == Start::random_rows ? random_centres(points, weights, components, threads, random)
                                                     : spread_centres(points, weights, components, threads, random);
  search_locally(points, weights, components, threads, random, centres);
  return lloyd(points, weights, lloyd_iterations, threads, centres);
}

/// The clusters by the order of their first rows: equal for partitions that differ in nothing but their numbers.
std::vector<std::size_t> in_order_of_rows(const std::vector<std::size_t>& cluster, std::size_t clusters) {
  std::vector<std::size_t> number(clusters, clusters);
  std::size_t seen = 0;
  std::vector<std::size_t> result;
  result.reserve(cluster.size());
  for (const std::size_t c : cluster) {
    if (number[c] == clusters) number[c] = seen++;
    result.push_back(number[c]);
  }
  return result;
}

/// Variational Bayes begins with its own updates, all else with modes: a prior of the weights below 1 has none.
UpdateRule start_update(std::size_t components, const InitializeOptions& options) {
  UpdateRule rule{options.update == Update::vb ? Update::vb : Update::map, options.prior};
  if (options.equal_weights) rule.frozen.weights.assign(components, 1 / static_cast<double>(components));
  if (options.update == Update::vb) return rule;
  for (double& concentration : rule.prior.concentration) concentration = std::max(concentration, 1.0);
  return rule;
}

ShortRunRule short_run_rule(std::size_t columns, std::size_t components, std::size_t rows, bool few,
                            const InitializeOptions& options, const Source& data) {
  const double rows_each = static_cast<double>(rows) / static_cast<double>(components);
  const double pseudo_rows = std::min(static_cast<double>(columns + 1), most_pseudo_share * rows_each);
  ShortRunRule rule{start_update(components, options),
                    options.assignment == Assignment::hard ? Assignment::hard : Assignment::soft,
                    few ? run_iterations_of_few_rows : run_iterations,
                    pseudo_rows,
                    share_of_total,
                    data};
  // Components that overlap can lose their rows to each other: the bound decides how many of them are left.
  if (options.update == Update::vb) {
    rule.iterations = few ? variational_iterations_of_few_rows : variational_iterations;
    rule.pseudo_rows *= 2;
    rule.share_of_total = 1;
  }
  return rule;
}

/// Components without parameters begin with the weight 1/K, which no rows would give them.
Mixture with_weights_of_noise(const Mixture& mixture, const Groups& groups) {
  const double equal = 1 / static_cast<double>(groups.components());
  std::vector<double> weights = mixture.weights();
  double others = 0;
  double left = 1;
  for (std::size_t k = 0; k < weights.size(); ++k) {
    if (has_parameters(groups.family_of(k))) {
      others += weights[k];
    } else {
      weights[k] = equal;
      left -= equal;
    }
  }
  for (std::size_t k = 0; k < weights.size(); ++k)
    if (has_parameters(groups.family_of(k))) weights[k] *= left / others;
  return {groups, std::move(weights), mixture.parameters()};
}

Mixture without_rows(const Groups& groups) {
  const std::size_t components = groups.components();
  return {groups, std::vector<double>(components, 1 / static_cast<double>(components)), groups.parameters()};
}

}  // namespace

Mixture initialize_checked(const Groups& groups, Source& source, const InitializeOptions& options,
                           const Statistics& total) {
  const std::size_t clusters = components_with_parameters(groups);
  if (clusters == 0) return without_rows(groups);
  const Family& family = family_of_features(groups);
  Random random = stream(Stream::start, options.seed, options.restart);
  const RowSample sample = draw_sample(Rows(source, options.threads), most_sample_rows(family, clusters), random);
  const RowSample searched = thinned(sample, most_searched_rows(sample.rows(), clusters), random);
  MemorySource sample_source = sample.source();
  MemorySource searched_source = searched.source();
  // Clusters of several families are shared out by what each makes of them, labelled rows or not.
  const bool by_labels = groups.size() == 1 && !searched.labels.empty();
  ShortRunRule rule = short_run_rule(groups.columns(), groups.components(), searched.rows(),
                                     sample.rows() <= fewest_searched_rows, options, source);
  rule.keep_order = by_labels;
  const Points features = centred_features(family, searched);
  std::optional<ShortRun> best;
  std::vector<std::size_t> best_cluster(searched.rows());
  std::vector<std::vector<std::size_t>> tried;
  std::string failure;
  const auto try_metric = [&](const Points& points) {
    auto cluster = by_labels ? draw_labelled_clusters(points, searched, clusters, options.threads, random)
                             : draw_clusters(points, searched.weights, clusters, options, random);
    auto partition = in_order_of_rows(cluster, clusters);
    if (std::ranges::find(tried, partition) != tried.end()) return;
    tried.push_back(std::move(partition));
    try {
      ShortRun run = short_run(groups, cluster, Rows(searched_source, options.threads),
                               Rows(sample_source, options.threads), total, rule, best ? best->objective : -infinity);
      if (best && !(run.objective > best->objective)) return;
      best.emplace(std::move(run));
      best_cluster = std::move(cluster);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::numerical) throw;
      failure = error.what();
    }
  };
  try_metric(standardised(features, searched.weights));
  try_metric(features);
  try_metric(sphered_within(features, searched.weights, best_cluster, clusters));
  if (!best) throw Error(ErrorKind::numerical, source.name() + ": at the start, " + failure);
  const Mixture start =
      mixture_of(sample.all ? std::move(best->end) : em_step(best->end, Rows(source, options.threads), total, rule));
  return clusters < groups.components() && !options.equal_weights ? with_weights_of_noise(start, groups) : start;
}

Mixture initialize(const FamilyPtr& family, std::size_t components, Source& source, const InitializeOptions& options) {
  return initialize(Groups(family, components), source, options);
}

Mixture initialize(const Groups& groups, Source& source, const InitializeOptions& options) {
  FitOptions fit;
  fit.update = options.update;
  fit.prior = options.prior;
  const Rows rows(source, options.threads);
  check_input(groups, rows, fit);
  return initialize_checked(groups, source, options, total_statistics(groups, rows));
}

}  // namespace mixfam
