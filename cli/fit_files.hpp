#pragma once

#include "commands.hpp"
#include "fit_data.hpp"

namespace mixfam::cli {

/// What can be said about the files of a fit before any is read: no file is written twice, none is written that is
/// read, and those to be written can be. Throws Error(usage) and Error(write).
void check_files(const FitRequest& request);

/// A result must not take the place of what it was made from: of a file that the rows come from. Throws Error(usage).
void check_files_of_data(const FitRequest& request, const FitData& data);

}  // namespace mixfam::cli
