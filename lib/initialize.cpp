#include <mixfam/error.hpp>
#include <mixfam/initialize.hpp>

#include "blocks.hpp"
#include "centres.hpp"
#include "data_check.hpp"
#include "initialize_checked.hpp"
#include "points.hpp"
#include "require_family.hpp"
#include "row_sample.hpp"
#include "short_run.hpp"
#include "streams.hpp"
#include "total_statistics.hpp"
#include "update.hpp"

#include <algorithm>
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

constexpr std::size_t lloyd_iterations = 5;
/// Of few rows E-steps cost little, and a single one may rank runs wrongly.
constexpr std::size_t run_iterations = 1;
constexpr std::size_t run_iterations_of_few_rows = 5;

/// Each component gets D + 1 pseudo-rows, for which every covariance is regular, but not more than this share of what
/// rows there are for a component.
constexpr double most_pseudo_share = 0.25;

std::size_t most_sample_rows(const Family& family, std::size_t components) {
  const std::size_t row_bytes = (family.columns() + family.feature_size()) * sizeof(double);
  const std::size_t fewest = std::max(fewest_sample_rows, sample_rows_for_each_component * components);
  return std::clamp(sample_bytes / row_bytes, std::min(fewest, sample_rows), sample_rows);
}

std::size_t most_searched_rows(std::size_t sampled, std::size_t components) {
  return std::max({fewest_searched_rows, sample_rows_for_each_component * components, sampled / sampled_to_searched});
}

std::vector<std::size_t> draw_groups(const Points& points, const std::vector<double>& weights, std::size_t components,
                                     const InitializeOptions& options, Random& random) {
  const std::size_t threads = options.threads;
  auto centres = options.start == Start::random_rows ? random_centres(points, weights, components, threads, random)
                                                     : spread_centres(points, weights, components, threads, random);
  search_locally(points, weights, components, threads, random, centres);
  return lloyd(points, weights, lloyd_iterations, threads, centres);
}

/// The prior of a point estimate: a stick-breaking prior has no part in the start.
Prior start_prior(const Prior& prior) {
  Prior result = prior;
  if (prior.weights == WeightsPrior::stick_breaking) {
    result.weights = WeightsPrior::dirichlet;
    result.concentration = {1};
  }
  for (double& concentration : result.concentration) concentration = std::max(concentration, 1.0);
  return result;
}

ShortRunRule short_run_rule(const Family& family, std::size_t components, std::size_t rows, bool few,
                            const InitializeOptions& options, const Source& data) {
  const double rows_each = static_cast<double>(rows) / static_cast<double>(components);
  return {{Update::map, start_prior(options.prior)},
          options.assignment == Assignment::hard ? Assignment::hard : Assignment::soft,
          few ? run_iterations_of_few_rows : run_iterations,
          std::min(static_cast<double>(family.columns() + 1), most_pseudo_share * rows_each),
          data};
}

}  // namespace

Mixture initialize_checked(const FamilyPtr& family, std::size_t components, Source& source,
                           const InitializeOptions& options, const Statistics& total) {
  Random random = stream(Stream::start, options.seed, options.restart);
  const RowSample sample = draw_sample(source, most_sample_rows(*family, components), options.threads, random);
  const RowSample searched = thinned(sample, most_searched_rows(sample.rows(), components), random);
  MemorySource sample_source = sample.source();
  MemorySource searched_source = searched.source();
  const ShortRunRule rule =
      short_run_rule(*family, components, searched.rows(), sample.rows() <= fewest_searched_rows, options, source);
  const Points features = centred_features(*family, searched);
  std::optional<ShortRun> best;
  std::vector<std::size_t> best_group(searched.rows());
  std::string failure;
  const auto try_metric = [&](const Points& points) {
    auto group = draw_groups(points, searched.weights, components, options, random);
    try {
      ShortRun run = short_run(family, group, components, Rows(searched_source, options.threads),
                               Rows(sample_source, options.threads), total, rule);
      if (best && !(run.objective > best->objective)) return;
      best.emplace(std::move(run));
      best_group = std::move(group);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::numerical) throw;
      failure = error.what();
    }
  };
  try_metric(standardised(features, searched.weights));
  try_metric(features);
  try_metric(sphered_within(features, searched.weights, best_group, components));
  if (!best) throw Error(ErrorKind::numerical, source.name() + ": at the start, " + failure);
  if (sample.all) return std::move(best->mixture);
  return em_step(best->mixture, Rows(source, options.threads), total, rule);
}

Mixture initialize(const FamilyPtr& family, std::size_t components, Source& source, const InitializeOptions& options) {
  require(family);
  if (components == 0) throw Error(ErrorKind::usage, "a mixture needs at least one component");
  check_prior(*family, components, options.prior);
  const Rows rows(source, options.threads);
  check_data(*family, rows);
  check_distinct_rows(components, source);
  return initialize_checked(family, components, source, options, total_statistics(*family, rows));
}

}  // namespace mixfam
