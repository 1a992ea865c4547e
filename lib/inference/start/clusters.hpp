#pragma once

#include <mixfam/groups.hpp>
#include <mixfam/statistics.hpp>

#include "data/blocks.hpp"

#include <cstddef>
#include <vector>

/// From clusters of rows to components of one or several families.
namespace mixfam {

/// Whether rows can tell the family anything.
inline bool has_parameters(const Family& family) { return family.parameters().size() > 0; }
/// As many clusters are looked for.
std::size_t components_with_parameters(const Groups& groups);
/// The first family that has parameters: its features are those that clusters are looked for in.
const Family& family_of_features(const Groups& groups);

/// The statistics of a start: each component has those of a cluster. `cluster`: for each row its number, below
/// components_with_parameters.
///
/// Where there are several families the clusters are shared out by the log likelihood that the rows of a cluster have
/// under the estimate of each family: again and again the cluster is assigned whose best family, among those with a
/// component left, leads the second best by most. A component without parameters gets the share 1/K of the rows.
Statistics cluster_statistics(const Groups& groups, const std::vector<std::size_t>& cluster, const Rows& rows);

}  // namespace mixfam
