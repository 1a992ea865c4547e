#pragma once

#include "io/hdf5/stored_rows.hpp"

#include <optional>
#include <string>
#include <vector>

namespace mixfam::hdf5 {

/// How the rows of a group are stored, by what AnnData, pandas and 10x Genomics write into it; `Form::columns` where
/// none of them wrote it.
Form group_form(hid_t group);
/// The data sets and groups within a group of this form that mean nothing alone.
std::vector<std::string> dependent_parts(hid_t group, Form form);
/// The table that a group of pandas consists of (format='table'), if it is one.
std::optional<std::string> pandas_table(hid_t group);

/// The columns of a data frame of AnnData in their order, and the name of its index; empty for other groups.
std::vector<std::string> frame_columns(hid_t group);
std::string frame_index(hid_t group);

/// The texts of a group; its parts have theirs. Throws Error(data) where it has no columns of equal length.
Texts group_texts(const OpenFile& file, const Handle& group, const std::string& path);

}  // namespace mixfam::hdf5
