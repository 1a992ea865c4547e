#pragma once

#include <mixfam/initialize.hpp>

namespace mixfam {

/// `initialize` for data, prior and number of components that were checked before.
Mixture initialize_checked(const FamilyPtr& family, std::size_t components, Source& source,
                           const InitializeOptions& options);

}  // namespace mixfam
