#pragma once

#include <mixfam/fit.hpp>

#include "family/data_check.hpp"

namespace mixfam {

/// Throws Error(usage) for options that contradict each other or the families.
void check_options(const Groups& groups, const FitOptions& options);

/// All that a fit is checked for before its start. Throws Error(usage) or Error(data).
DataCheck check_input(const Groups& groups, const Rows& rows, const FitOptions& options);

/// `fit` for data and options that were checked before, from one of several starts.
FitResult fit_checked(const Mixture& start, Source& source, const FitOptions& options, const DataCheck& check,
                      std::size_t restart);

}  // namespace mixfam
