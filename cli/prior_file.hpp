#pragma once

#include <mixfam/groups.hpp>
#include <mixfam/prior.hpp>

#include <optional>
#include <string>

namespace mixfam::cli {

struct PriorFile {
  Prior prior;
  bool fixed_weights;  ///< the file says so
};

/// The prior of `--prior FILE.json`:
///
///     {"weights": {"prior": name, "concentration": a}, "components": {hyperparameter: value, ..}}
///
/// or the hyperparameters alone. The concentration is one number or one for each component. A number stands for every
/// entry of an array and, in a matrix, for the diagonal; those of a product stand in an object named after the factor;
/// what is left out is flat. Of several groups of components each has such an object, in an array. `weights`: the prior
/// of the weights where the command line names one; the file must not name another. Throws Error(data) when the file
/// cannot be read or is not JSON, Error(usage) for names and shapes that do not fit.
PriorFile read_prior(const std::string& file, const Groups& groups, const std::optional<std::string>& weights);

}  // namespace mixfam::cli
