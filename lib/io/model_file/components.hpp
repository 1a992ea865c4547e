#pragma once

#include "io/model_file/image.hpp"
#include "io/model_file/reader.hpp"

#include <mixfam/mixture.hpp>

#include <cstddef>
#include <string>

namespace mixfam::model_file {

/// The fields of a table as data sets of a group, corrections only where there are some.
void put_table(Image& image, const std::string& group, const ParameterTable& table);
/// Throws Error(data) where a field is missing or of another shape.
ParameterTable read_table(const Reader& reader, const std::string& group, const Family& family, const Schema& schema,
                          std::size_t components);

/// `/weights` and `/components`.
void put_mixture(Image& image, const Mixture& mixture);
/// Throws Error(data).
Mixture read_mixture(const Reader& reader, const FamilyPtr& family);

}  // namespace mixfam::model_file
