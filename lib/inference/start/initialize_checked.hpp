#pragma once

#include <mixfam/initialize.hpp>
#include <mixfam/statistics.hpp>

namespace mixfam {

/// `initialize` for data, prior and number of components that were checked before, and the statistics of all rows.
Mixture initialize_checked(const FamilyPtr& family, std::size_t components, Source& source,
                           const InitializeOptions& options, const Statistics& total);

}  // namespace mixfam
