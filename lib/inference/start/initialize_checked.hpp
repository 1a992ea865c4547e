#pragma once

#include <mixfam/initialize.hpp>
#include <mixfam/statistics.hpp>

namespace mixfam {

/// `initialize` for data, prior and number of components that were checked before, and the statistics of all rows, for
/// each group as one component.
Mixture initialize_checked(const Groups& groups, Source& source, const InitializeOptions& options,
                           const Statistics& total);

}  // namespace mixfam
