#pragma once

#include "io/model_file/image.hpp"
#include "io/model_file/reader.hpp"

#include <mixfam/posterior.hpp>

#include <cstddef>
#include <optional>

namespace mixfam::model_file {

/// The group `/posterior`.
void put_posterior(Image& image, const Posterior& posterior);
/// Nothing where there is no such group. Throws Error(data).
std::optional<Posterior> read_posterior(const Reader& reader, const Groups& groups);

}  // namespace mixfam::model_file
