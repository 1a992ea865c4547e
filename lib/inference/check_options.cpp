#include "inference/fit_checked.hpp"

#include <mixfam/error.hpp>

#include "inference/freezing.hpp"
#include "inference/start/clusters.hpp"

#include <string>

namespace mixfam {

namespace {

void check_proper_prior(const Groups& groups, const FitOptions& options) {
  const std::string method = std::string("`update = ") + to_string(options.update) + "`";
  if (const Family* family = groups.find_without_prior())
    throw Error(ErrorKind::usage,
                "'" + family->spec() + "' has no conjugate prior, which " + method + " needs; use `update = ml`");
  if (!options.prior.components)
    throw Error(ErrorKind::usage, method + " needs a prior on the parameters; use the default prior");
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const auto h = options.prior.components->row(g);
    if (!groups.family(g).prior()->log_partition(ConstMatrixView::row_major(h.data(), 1, h.size())))
      throw Error(ErrorKind::usage,
                  method + " needs a proper prior, but that on the parameters has no finite integral");
  }
}

}  // namespace

void check_options(const Groups& groups, const FitOptions& options) {
  const auto require = [](bool holds, const std::string& what) {
    if (!holds) throw Error(ErrorKind::usage, what);
  };
  require(groups.components() > 0, "a mixture needs at least one component");
  require(options.tolerance >= 0, "tolerance is " + std::to_string(options.tolerance) + " (must be >= 0)");
  require(options.temperature >= 1, "temperature is " + std::to_string(options.temperature) + " (must be >= 1)");
  require(options.cooling > 0 && options.cooling < 1,
          "cooling is " + std::to_string(options.cooling) + " (must be between 0 and 1)");
  require(options.temperature == 1 || options.assignment == Assignment::soft,
          "a `temperature` needs `assignment = soft`: a hard or sampled one has none");
  const bool accelerated = options.accelerate != Acceleration::none;
  const std::string method = std::string("`accelerate = ") + to_string(options.accelerate) + "`";
  require(!accelerated || (options.assignment == Assignment::soft && options.update != Update::sampled),
          method +
              " needs `assignment = soft` and an update of ml, map or vb: hard or sampled steps have no limit that one "
              "could extrapolate to");
  require(!accelerated || options.temperature == 1,
          method + " cannot be combined with a `temperature`, which changes the map in each step");
  require(!accelerated || options.batch_rows == 0, method + " needs updates of the whole data; leave out `batch_rows`");
  require(!options.keep_saddle ||
              (options.assignment == Assignment::soft && options.update != Update::sampled && options.tolerance > 0),
          "`keep_saddle` needs `assignment = soft`, an update of ml, map or vb, and a `tolerance` above 0: other fits "
          "are not asked whether they rest at a saddle");
  require(options.forgetting > 0.5 && options.forgetting <= 1,
          "forgetting is " + std::to_string(options.forgetting) + " (must be in (0.5, 1])");
  require(options.prior.weights != WeightsPrior::stick_breaking || options.update == Update::vb,
          "stick-breaking weights are for `update = vb`");
  if (const Family* family = groups.find_without_prior())
    require(options.update == Update::ml || !options.prior.components,
            "'" + family->spec() + "' has no conjugate prior; use `update = ml`");
  check_prior(groups, options.prior);
  check_freeze(groups, options.update, options.freeze);
  if (options.update == Update::vb || options.update == Update::sampled) check_proper_prior(groups, options);
}

DataCheck check_input(const Groups& groups, const Rows& rows, const FitOptions& options) {
  check_options(groups, options);
  const DataCheck check = check_data(groups, rows);
  check_distinct_rows(components_with_parameters(groups), rows);
  return check;
}

}  // namespace mixfam
