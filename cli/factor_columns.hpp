#pragma once

#include <mixfam/family.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace mixfam::cli {

/// The columns of the data that a field of the family's parameters or hyperparameters is about, by the field's full
/// name.
std::vector<std::size_t> field_columns(const Family& family, const std::string& field);

}  // namespace mixfam::cli
