#pragma once

#include "column_summary.hpp"

#include <string>
#include <vector>

namespace mixfam::cli {

/// `data`: what the data set is called, "ages.h5:/X".
std::string columns_report(const std::string& data, const std::vector<ColumnSummary>& columns);
std::string columns_json(const std::string& data, const std::vector<ColumnSummary>& columns);

}  // namespace mixfam::cli
