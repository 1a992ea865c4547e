#include <mixfam/error.hpp>
#include <mixfam/initialize.hpp>

#include "blocks.hpp"
#include "data_check.hpp"
#include "initialize_checked.hpp"
#include "require_family.hpp"
#include "streams.hpp"
#include "total_statistics.hpp"
#include "update.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace mixfam {

namespace {

/// Rows that centres are drawn from: enough for any start, whatever the size of the data.
constexpr std::size_t sample_rows = 32768;
/// Of wide rows fewer are drawn, as many as take so much with their features, but not too few for the components.
constexpr std::size_t sample_bytes = std::size_t{16} << 20;
constexpr std::size_t fewest_sample_rows = 1024;
constexpr std::size_t fewest_sample_rows_for_each_component = 32;

std::size_t most_sample_rows(const Family& family, std::size_t components) {
  const std::size_t row_bytes = (family.columns() + family.feature_size()) * sizeof(double);
  const std::size_t fewest = std::max(fewest_sample_rows, fewest_sample_rows_for_each_component * components);
  return std::clamp(sample_bytes / row_bytes, std::min(fewest, sample_rows), sample_rows);
}

/// Rows of data with their features, row-major.
struct RowSample {
  std::size_t columns = 0;
  std::size_t features = 0;
  std::vector<double> values;
  std::vector<double> feature_values;
  std::vector<double> weights;

  std::size_t rows() const { return weights.size(); }
  ConstVectorView row(std::size_t n) const { return ConstVectorView(values).part(n * columns, columns); }
  ConstVectorView feature_row(std::size_t n) const {
    return ConstVectorView(feature_values).part(n * features, features);
  }
};

/// Numbers of rows, one drawn from each of equal strata; all rows when they are few.
std::vector<std::size_t> draw_rows(std::size_t rows, std::size_t most, Random& random) {
  const std::size_t count = std::min(rows, most);
  std::vector<std::size_t> result(count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t first = i * rows / count;
    const std::size_t last = (i + 1) * rows / count;
    result[i] = last - first > 1 ? first + random.below(last - first) : first;
  }
  return result;
}

RowSample gather(const Family& family, Source& source, const std::vector<std::size_t>& rows) {
  RowSample sample;
  sample.columns = source.columns();
  sample.features = family.feature_size();
  sample.values.reserve(rows.size() * sample.columns);
  sample.feature_values.reserve(rows.size() * sample.features);
  sample.weights.reserve(rows.size());
  std::vector<double> buffer(block_rows * sample.features);
  auto next = rows.begin();
  for_each_block(source, [&](const DataBlock& block) {
    const auto F = MatrixView::column_major(buffer.data(), block.x.rows, sample.features);
    bool computed = false;
    for (; next != rows.end() && *next < block.first_row + block.x.rows; ++next) {
      const std::size_t n = *next - block.first_row;
      const double weight = block.weights ? block.weights[n] : 1;
      if (!(weight > 0)) continue;
      if (!computed) family.features(block.x, F);
      computed = true;
      sample.weights.push_back(weight);
      for (std::size_t j = 0; j < sample.columns; ++j) sample.values.push_back(block.x.column(j)[n]);
      for (std::size_t f = 0; f < sample.features; ++f) sample.feature_values.push_back(F(n, f));
    }
    return next != rows.end();
  });
  return sample;
}

/// 1 / variance of each feature over the sample; 0 for a constant one.
std::vector<double> feature_scales(const RowSample& sample) {
  std::vector<double> scales(sample.features);
  for (std::size_t f = 0; f < sample.features; ++f) {
    const double shift = sample.feature_row(0)[f];
    double weight = 0;
    double sum = 0;
    for (std::size_t n = 0; n < sample.rows(); ++n) {
      weight += sample.weights[n];
      sum += sample.weights[n] * (sample.feature_row(n)[f] - shift);
    }
    const double mean = shift + sum / weight;
    double squares = 0;
    for (std::size_t n = 0; n < sample.rows(); ++n) {
      const double residual = sample.feature_row(n)[f] - mean;
      squares += sample.weights[n] * residual * residual;
    }
    scales[f] = squares > 0 ? weight / squares : 0;
  }
  return scales;
}

double squared_distance(ConstVectorView a, ConstVectorView b, const std::vector<double>& scales) {
  double sum = 0;
  for (std::size_t f = 0; f < scales.size(); ++f) sum += scales[f] * (a[f] - b[f]) * (a[f] - b[f]);
  return sum;
}

/// Weighted squared distance of each sampled row to the nearest centre.
class NearestDistances {
 public:
  NearestDistances(const RowSample& sample, const std::vector<double>& scales, std::size_t threads)
      : sample_(sample), scales_(scales), threads_(threads), values_(sample.weights) {}

  /// The distances if the row became a centre too.
  std::vector<double> with(std::size_t centre) const {
    std::vector<double> result(values_.size());
    for_each_part(result.size(), threads_, [&](std::size_t begin, std::size_t end) {
      for (std::size_t n = begin; n < end; ++n) {
        const double d =
            sample_.weights[n] * squared_distance(sample_.feature_row(n), sample_.feature_row(centre), scales_);
        result[n] = first_ ? d : std::min(values_[n], d);
      }
    });
    return result;
  }
  void set(std::vector<double> values) {
    values_ = std::move(values);
    first_ = false;
  }
  /// Before the first centre: the row weights.
  const std::vector<double>& values() const { return values_; }

 private:
  const RowSample& sample_;
  const std::vector<double>& scales_;
  std::size_t threads_;
  std::vector<double> values_;
  bool first_ = true;
};

double sum_of(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum;
}

/// Greedy k-means++: of a few rows drawn with probability proportional to the squared distance, the one that lowers
/// the sum of distances most. Where all distances are 0, rows equal a centre already and any row will do.
std::vector<std::size_t> spread_centres(const RowSample& sample, const std::vector<double>& scales,
                                        std::size_t components, std::size_t threads, Random& random) {
  const std::size_t trials = 2 + static_cast<std::size_t>(std::log(static_cast<double>(components)));
  NearestDistances nearest(sample, scales, threads);
  std::vector<std::size_t> centres;
  while (centres.size() < components) {
    std::size_t best = 0;
    double best_sum = std::numeric_limits<double>::infinity();
    std::vector<double> best_distances;
    for (std::size_t trial = 0; trial < (centres.empty() ? 1 : trials); ++trial) {
      const std::size_t candidate = random.categorical(nearest.values());
      auto distances = nearest.with(candidate);
      const double sum = sum_of(distances);
      if (sum < best_sum) {
        best = candidate;
        best_sum = sum;
        best_distances = std::move(distances);
      }
    }
    centres.push_back(best);
    nearest.set(std::move(best_distances));
  }
  return centres;
}

/// Rows drawn uniformly among those whose features differ from every centre so far.
std::vector<std::size_t> random_centres(const RowSample& sample, const std::vector<double>& scales,
                                        std::size_t components, Random& random) {
  std::vector<double> candidates = sample.weights;
  std::vector<std::size_t> centres;
  while (centres.size() < components) {
    centres.push_back(random.categorical(candidates));
    for (std::size_t n = 0; n < sample.rows(); ++n)
      if (squared_distance(sample.feature_row(n), sample.feature_row(centres.back()), scales) == 0) candidates[n] = 0;
  }
  return centres;
}

/// Statistics of the partition of all rows by their nearest centre.
Statistics nearest_centre_statistics(const Family& family, const Rows& rows, const RowSample& sample,
                                     const std::vector<std::size_t>& centres, const std::vector<double>& scales) {
  Statistics zero(centres.size(), family.statistic_size(), family.origin_size());
  for (std::size_t k = 0; k < centres.size(); ++k) {
    const auto origin = origin_at_row(family, sample.row(centres[k]));
    std::copy(origin.begin(), origin.end(), zero.origins().row(k).begin());
  }
  const auto add = [&](const DataBlock& block, Statistics& leaf) {
    std::vector<double> features(block.x.rows * sample.features);
    std::vector<double> responsibilities(block.x.rows * centres.size());
    std::vector<double> feature_row(sample.features);
    const auto F = MatrixView::column_major(features.data(), block.x.rows, sample.features);
    const auto R = MatrixView::column_major(responsibilities.data(), block.x.rows, centres.size());
    family.features(block.x, F);
    for (std::size_t n = 0; n < block.x.rows; ++n) {
      for (std::size_t f = 0; f < feature_row.size(); ++f) feature_row[f] = F(n, f);
      std::size_t best = 0;
      double least = std::numeric_limits<double>::infinity();
      for (std::size_t k = 0; k < centres.size(); ++k) {
        const double distance = squared_distance(feature_row, sample.feature_row(centres[k]), scales);
        if (distance < least) {
          least = distance;
          best = k;
        }
      }
      const double weight = block.weights ? block.weights[n] : 1;
      R(n, best) = weight;
      leaf.counts()[best] += weight;
      leaf.total_weight() += weight;
    }
    family.accumulate(block.x, R, leaf.origins(), leaf.sums());
  };
  return sum_over_blocks(rows, zero, [&add] { return add; });
}

/// Adds `rows` pseudo-rows distributed as all the data to each component.
void add_pseudo_rows(const Family& family, const Statistics& total, double rows, Statistics& statistics) {
  const double scale = rows / total.total_weight();
  for (std::size_t k = 0; k < statistics.components(); ++k) {
    std::vector<double> share(total.sums().row(0).begin(), total.sums().row(0).end());
    family.recentre(total.origins().row(0), statistics.origins().row(k), share);
    for (std::size_t p = 0; p < share.size(); ++p) statistics.sums()(k, p) += scale * share[p];
    statistics.counts()[k] += rows;
  }
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

Mixture start_mixture(const FamilyPtr& family, const Statistics& statistics, const Prior& prior, const Source& source) {
  const std::vector<double> equal_weights(statistics.components(), 1 / static_cast<double>(statistics.components()));
  UpdateResult result = update(family, statistics, {Update::map, prior}, equal_weights);
  if (!result.degenerate.empty())
    throw Error(ErrorKind::numerical, source.name() + ": at the start, " + describe(result.degenerate, source) + "; " +
                                          remedy(*family, prior));
  return {family, std::move(result.weights), std::move(result.theta)};
}

}  // namespace

Mixture initialize_checked(const FamilyPtr& family, std::size_t components, Source& source,
                           const InitializeOptions& options, const Statistics& total) {
  Random random = stream(Stream::start, options.seed, options.restart);
  const RowSample sample =
      gather(*family, source, draw_rows(source.rows(), most_sample_rows(*family, components), random));
  const auto scales = feature_scales(sample);
  const auto centres = options.start == Start::kmeans_plus_plus
                           ? spread_centres(sample, scales, components, options.threads, random)
                           : random_centres(sample, scales, components, random);
  Statistics statistics = nearest_centre_statistics(*family, Rows(source, options.threads), sample, centres, scales);
  add_pseudo_rows(*family, total, static_cast<double>(family->columns() + 1), statistics);
  return start_mixture(family, statistics, start_prior(options.prior), source);
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
