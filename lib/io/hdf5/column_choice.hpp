#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace mixfam::hdf5 {

/// Columns of a data set as `Hdf5Options` names them.
struct ColumnChoice {
  std::vector<std::string> columns;
  std::vector<std::string> except = {};

  /// Whether no column is named that is to be read.
  bool empty() const { return columns.empty(); }
};

/// Numbers of the wanted ones among `count` columns; all when none is named. Throws Error(data) for a column that is
/// not there, chosen twice, or of a name that several have, and when none is left.
std::vector<std::size_t> choose_columns(const ColumnChoice& wanted, const std::vector<std::string>& names,
                                        std::size_t count, const std::string& where);

}  // namespace mixfam::hdf5
