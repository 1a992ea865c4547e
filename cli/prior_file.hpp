#pragma once

#include <mixfam/family.hpp>
#include <mixfam/prior.hpp>

#include <string>

namespace mixfam::cli {

/// The prior of `--prior FILE.json`:
///
///     {"weights": {"concentration": a}, "components": {hyperparameter: value, ..}}
///
/// or the hyperparameters alone. A number stands for every entry of an array and, in a matrix, for the diagonal; those
/// of a product stand in an object named after the factor; what is left out is flat.
/// Throws Error(data) when the file cannot be read or is not JSON, Error(usage) for names and shapes that do not fit.
Prior read_prior(const std::string& file, const Family& family);

}  // namespace mixfam::cli
