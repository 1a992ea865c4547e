#pragma once

#include <mixfam/groups.hpp>

#include <string>
#include <vector>

namespace mixfam::cli {

/// One value of a column of categories.
struct Category {
  double code;
  std::string label;  ///< empty where none is known

  std::string text() const;
};

/// What the columns of the data, and their values, are called.
struct ColumnLabels {
  std::vector<std::string> names;                 ///< D
  std::vector<std::vector<Category>> categories;  ///< D; empty for a column that no family sees as categories
};

/// `labels` as those of a Source.
ColumnLabels column_labels(const Groups& groups, std::vector<std::string> names,
                           const std::vector<std::vector<std::string>>& labels);

/// The columns of the data that a field of the family's parameters or hyperparameters is about.
std::vector<std::size_t> columns_of(const Field& field, const Family& family);

/// What entry i along the last axis of a field is called: its category, else its number.
std::string value_name(const std::vector<Category>& categories, std::size_t i);

}  // namespace mixfam::cli
