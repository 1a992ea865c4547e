#include "inference/start/centres.hpp"

#include <mixfam/exponential_family.hpp>

#include <mixfam/source.hpp>

#include "data/blocks.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace mixfam {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
/// For fewer a thread costs more than it gains.
constexpr std::size_t least_points = 1024;

/// Draws indices with probability proportional to values >= 0 that are not all 0: first a run of them, then one of it.
class Draw {
 public:
  explicit Draw(std::vector<double> values) : values_(std::move(values)) {
    static const std::vector<double> ones(block_rows, 1);
    for (std::size_t n = 0; n < values_.size(); n += block_rows)
      sums_.push_back(detail::dot(values_.data() + n, ones.data(), std::min(block_rows, values_.size() - n)));
    for (const double sum : sums_) total_ += sum;
  }
  double total() const { return total_; }
  std::size_t operator()(Random& random) const {
    const std::size_t first = random.categorical(sums_) * block_rows;
    return first +
           random.categorical(ConstVectorView(values_).part(first, std::min(block_rows, values_.size() - first)));
  }

 private:
  std::vector<double> values_;
  std::vector<double> sums_;
  double total_ = 0;
};

/// Squared distances of all points to the centres, centre after centre.
std::vector<double> distances_to(const Points& points, const std::vector<double>& centres, std::size_t threads) {
  std::vector<double> result(points.rows() * (centres.size() / points.dimensions()));
  for_each_part(points.rows(), threads, least_points, [&](std::size_t begin, std::size_t end) {
    for (std::size_t n = begin; n < end; n += block_rows)
      points.squared_distances(n, std::min(block_rows, end - n), centres, result.data() + n, points.rows());
  });
  return result;
}

/// The two nearest centres of each point.
class Nearest {
 public:
  Nearest(const Points& points, const std::vector<double>& weights)
      : points_(points), weights_(weights), first_(points.rows(), {0, infinity}), second_(first_) {}

  /// Takes one centre more, given the distances to it.
  void add(std::size_t centre, const double* distances) {
    for (std::size_t n = 0; n < first_.size(); ++n) insert(n, {centre, distances[n]});
  }
  /// Takes another point for one of the centres, which are given with it.
  void replace(std::size_t centre, const double* distances, const std::vector<double>& centres) {
    const std::size_t d = points_.dimensions();
    for (std::size_t n = 0; n < first_.size(); ++n) {
      if (first_[n].centre != centre && second_[n].centre != centre) {
        insert(n, {centre, distances[n]});
        continue;
      }
      first_[n] = second_[n] = {0, infinity};
      for (std::size_t k = 0; k < centres.size() / d; ++k)
        insert(n, {k, points_.squared_distance(n, centres.data() + k * d)});
    }
  }

  /// Weight times squared distance to the nearest centre.
  std::vector<double> weighted() const {
    std::vector<double> result(first_.size());
    for (std::size_t n = 0; n < result.size(); ++n) result[n] = weights_[n] * first_[n].distance;
    return result;
  }
  /// The sum of those if there were a centre more at these distances.
  double sum_with(const double* distances) const {
    std::vector<double> least(first_.size());
    for (std::size_t n = 0; n < least.size(); ++n) least[n] = std::min(first_[n].distance, distances[n]);
    return detail::dot(weights_.data(), least.data(), least.size());
  }
  /// What each centre is then worth: by how much the sum would rise without it.
  std::vector<double> worth_with(const double* distances, std::size_t count) const {
    std::vector<double> worth(count);
    for (std::size_t n = 0; n < first_.size(); ++n)
      worth[first_[n].centre] +=
          weights_[n] * (std::min(second_[n].distance, distances[n]) - std::min(first_[n].distance, distances[n]));
    return worth;
  }
  std::vector<std::size_t> group() const {
    std::vector<std::size_t> result(first_.size());
    for (std::size_t n = 0; n < result.size(); ++n) result[n] = first_[n].centre;
    return result;
  }

 private:
  struct Centre {
    std::size_t centre;
    double distance;
  };

  void insert(std::size_t n, Centre one) {
    const Centre first = first_[n];
    const Centre second = second_[n];
    const bool nearest = one.distance < first.distance;
    first_[n] = nearest ? one : first;
    second_[n] = nearest ? first : one.distance < second.distance ? one : second;
  }

  const Points& points_;
  const std::vector<double>& weights_;
  std::vector<Centre> first_;
  std::vector<Centre> second_;
};

void append(std::vector<double>& centres, const std::vector<double>& point) {
  centres.insert(centres.end(), point.begin(), point.end());
}

/// Where all distances are 0, points equal a centre already and any will do.
Draw draw_far(const Nearest& nearest, const std::vector<double>& weights) {
  Draw draw(nearest.weighted());
  return draw.total() > 0 ? draw : Draw(weights);
}

/// The nearest centre of each point.
std::vector<std::size_t> nearest_centres(const Points& points, const std::vector<double>& centres,
                                         std::size_t threads) {
  const std::size_t count = centres.size() / points.dimensions();
  std::vector<std::size_t> group(points.rows());
  for_each_part(points.rows(), threads, least_points, [&](std::size_t begin, std::size_t end) {
    std::vector<double> distances(block_stride * count);
    double least[block_rows];
    double nearest[block_rows];  // numbers of centres as doubles, for vectors of one width
    for (std::size_t first = begin; first < end; first += block_rows) {
      const std::size_t rows = std::min(block_rows, end - first);
      points.squared_distances(first, rows, centres, distances.data(), block_stride);
      std::fill_n(least, rows, infinity);
      std::fill_n(nearest, rows, 0.0);
      for (std::size_t k = 0; k < count; ++k) {
        const double* d = distances.data() + k * block_stride;
        const auto number = static_cast<double>(k);
        for (std::size_t n = 0; n < rows; ++n) {
          nearest[n] = d[n] < least[n] ? number : nearest[n];
          least[n] = std::min(least[n], d[n]);
        }
      }
      for (std::size_t n = 0; n < rows; ++n) group[first + n] = static_cast<std::size_t>(nearest[n]);
    }
  });
  return group;
}

/// The means of groups, K x dimensions; an empty group keeps its centre.
void move_to_means(const Points& points, const std::vector<double>& weights, const std::vector<std::size_t>& group,
                   std::vector<double>& centres) {
  const std::size_t d = points.dimensions();
  std::vector<double> counts(centres.size() / d);
  std::vector<double> sums(centres.size());
  std::vector<double> missing(centres.size());
  points.for_each_gap([&](std::size_t n, std::size_t j) { missing[group[n] * d + j] += weights[n]; });
  std::vector<const double*> x(d);
  for (std::size_t j = 0; j < d; ++j) x[j] = points.coordinate(j).data();
  for (std::size_t n = 0; n < points.rows(); ++n) {
    const double weight = weights[n];
    double* sum = sums.data() + group[n] * d;
    counts[group[n]] += weight;
    for (std::size_t j = 0; j < d; ++j) sum[j] += weight * x[j][n];
  }
  for (std::size_t k = 0; k < counts.size(); ++k)
    for (std::size_t j = 0; j < d; ++j)
      if (const double count = counts[k] - missing[k * d + j]; count > 0) centres[k * d + j] = sums[k * d + j] / count;
}

}  // namespace

std::vector<double> spread_centres(const Points& points, const std::vector<double>& weights, std::size_t count,
                                   std::size_t threads, Random& random, std::vector<double> centres) {
  const std::size_t trials = 2 + static_cast<std::size_t>(std::log(static_cast<double>(count)));
  Nearest nearest(points, weights);
  if (centres.empty()) centres = points.point(Draw(weights)(random));
  const std::size_t given = centres.size() / points.dimensions();
  const std::vector<double> to_given = distances_to(points, centres, threads);
  for (std::size_t k = 0; k < given; ++k) nearest.add(k, to_given.data() + k * points.rows());
  for (std::size_t k = given; k < count; ++k) {
    const Draw draw = draw_far(nearest, weights);
    std::vector<double> candidates;
    for (std::size_t trial = 0; trial < trials; ++trial) append(candidates, points.point(draw(random)));
    const std::vector<double> distances = distances_to(points, candidates, threads);
    std::size_t best = 0;
    double least = infinity;
    for (std::size_t trial = 0; trial < trials; ++trial) {
      const double sum = nearest.sum_with(distances.data() + trial * points.rows());
      if (sum < least) best = trial;
      least = std::min(least, sum);
    }
    const auto chosen = candidates.begin() + static_cast<std::ptrdiff_t>(best * points.dimensions());
    centres.insert(centres.end(), chosen, chosen + static_cast<std::ptrdiff_t>(points.dimensions()));
    nearest.add(k, distances.data() + best * points.rows());
  }
  return centres;
}

std::vector<double> random_centres(const Points& points, const std::vector<double>& weights, std::size_t count,
                                   std::size_t threads, Random& random) {
  std::vector<double> candidates = weights;
  std::vector<double> centres;
  for (std::size_t k = 0; k < count; ++k) {
    const Draw draw(candidates);
    const std::vector<double> point = points.point((draw.total() > 0 ? draw : Draw(weights))(random));
    append(centres, point);
    const std::vector<double> distances = distances_to(points, point, threads);
    for (std::size_t n = 0; n < candidates.size(); ++n)
      if (distances[n] == 0) candidates[n] = 0;
  }
  return centres;
}

void search_locally(const Points& points, const std::vector<double>& weights, std::size_t steps, std::size_t threads,
                    Random& random, std::vector<double>& centres) {
  const std::size_t count = centres.size() / points.dimensions();
  Nearest nearest(points, weights);
  const std::vector<double> all = distances_to(points, centres, threads);
  for (std::size_t k = 0; k < count; ++k) nearest.add(k, all.data() + k * points.rows());
  for (std::size_t step = 0; step < steps; ++step) {
    const Draw draw(nearest.weighted());
    if (!(draw.total() > 0)) return;
    const std::vector<double> candidate = points.point(draw(random));
    const std::vector<double> distances = distances_to(points, candidate, threads);
    const std::vector<double> worth = nearest.worth_with(distances.data(), count);
    const auto least = std::min_element(worth.begin(), worth.end());
    if (!(nearest.sum_with(distances.data()) + *least < draw.total())) continue;
    const auto k = static_cast<std::size_t>(least - worth.begin());
    std::copy(candidate.begin(), candidate.end(),
              centres.begin() + static_cast<std::ptrdiff_t>(k * points.dimensions()));
    nearest.replace(k, distances.data(), centres);
  }
}

std::vector<std::size_t> lloyd(const Points& points, const std::vector<double>& weights, std::size_t most,
                               std::size_t threads, std::vector<double>& centres,
                               const std::vector<std::int32_t>& labels) {
  const auto assign = [&] {
    std::vector<std::size_t> group = nearest_centres(points, centres, threads);
    for (std::size_t n = 0; n < labels.size(); ++n)
      if (labels[n] != unlabelled) group[n] = static_cast<std::size_t>(labels[n]);
    return group;
  };
  std::vector<std::size_t> group = assign();
  for (std::size_t i = 0; i < most; ++i) {
    move_to_means(points, weights, group, centres);
    std::vector<std::size_t> next = assign();
    if (next == group) break;
    group = std::move(next);
  }
  return group;
}

std::vector<double> means_of_labels(const Points& points, const std::vector<double>& weights,
                                    const std::vector<std::int32_t>& labels) {
  const std::size_t count = 1 + static_cast<std::size_t>(*std::ranges::max_element(labels));
  std::vector<double> of_labelled = weights;
  std::vector<std::size_t> group(labels.size());
  for (std::size_t n = 0; n < labels.size(); ++n) {
    if (labels[n] == unlabelled) {
      of_labelled[n] = 0;
    } else {
      group[n] = static_cast<std::size_t>(labels[n]);
    }
  }
  std::vector<double> centres(count * points.dimensions());
  move_to_means(points, of_labelled, group, centres);
  return centres;
}

}  // namespace mixfam
