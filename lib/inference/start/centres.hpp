#pragma once

#include <mixfam/random.hpp>

#include "inference/start/points.hpp"

#include <cstdint>
#include <vector>

/// Centres among points (K x dimensions, row-major), and groups: for each point the number of its centre.
namespace mixfam {

/// Greedy k-means++ (Arthur and Vassilvitskii 2007): of a few points drawn with probability proportional to weight
/// times squared distance, the one that lowers the sum of distances most. Goes on from `centres` up to `count`.
std::vector<double> spread_centres(const Points& points, const std::vector<double>& weights, std::size_t count,
                                   std::size_t threads, Random& random, std::vector<double> centres = {});

/// Points drawn by weight among those that differ from every centre so far.
std::vector<double> random_centres(const Points& points, const std::vector<double>& weights, std::size_t count,
                                   std::size_t threads, Random& random);

/// Steps of local search (Lattanzi and Sohler 2019): a point drawn as by k-means++ takes the place of the centre whose
/// loss matters least, if that lowers the sum of distances.
void search_locally(const Points& points, const std::vector<double>& weights, std::size_t steps, std::size_t threads,
                    Random& random, std::vector<double>& centres);

/// Iterations of Lloyd (1982), until no point changes its group or for `most` times; returns the groups. Points with a
/// label stay in the group of that number.
std::vector<std::size_t> lloyd(const Points& points, const std::vector<double>& weights, std::size_t most,
                               std::size_t threads, std::vector<double>& centres,
                               const std::vector<std::int32_t>& labels = {});

/// The means of the points of each label, numbered from 0 without gaps.
std::vector<double> means_of_labels(const Points& points, const std::vector<double>& weights,
                                    const std::vector<std::int32_t>& labels);

}  // namespace mixfam
