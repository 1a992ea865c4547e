#pragma once

#include "io/model_file/image.hpp"
#include "io/model_file/reader.hpp"

#include <mixfam/mixture.hpp>

#include <cstddef>
#include <string>

namespace mixfam::model_file {

/// The fields of a table as data sets of a group, corrections only where there are some; those of several groups of
/// components one level further down, by the number of the group.
void put_table(Image& image, const std::string& group, const ParameterTable& table);
/// Throws Error(data) where a field is missing or of another shape.
/// `table`: one of the shape that is needed.
ParameterTable read_table(const Reader& reader, const std::string& group, const Groups& groups, ParameterTable table);

/// `/weights` and `/components`.
void put_mixture(Image& image, const Mixture& mixture);
/// Throws Error(data).
Mixture read_mixture(const Reader& reader, const Groups& groups);

/// The length of `/weights`. Throws Error(data).
std::size_t read_components(const Reader& reader);

}  // namespace mixfam::model_file
