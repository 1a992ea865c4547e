#include "fit_options.hpp"

#include "weights_names.hpp"

#include <mixfam/error.hpp>

#include <charconv>
#include <string>

namespace mixfam::cli {

namespace {

void require(bool holds, const std::string& message) {
  if (!holds) throw Error(ErrorKind::usage, message);
}

void check_meaning(const FitRequest& request, const FitOptions& options) {
  require(!request.prior || request.update != Update::ml, "--prior has no meaning with --update ml");
  require(!request.weights || request.update != Update::ml || *request.weights == fixed_weights_name,
          "--weights has a meaning with --update ml only as --weights fixed");
  require(request.weights != to_string(WeightsPrior::stick_breaking) || request.update == Update::vb,
          "--weights stick-breaking has a meaning with --update vb only");
  require(!request.tolerance || !is_sampling(options),
          "--tolerance has no meaning where something is sampled: there is no limit to come near to; use "
          "--max-iterations");
  require(!request.temperature || request.assignment == Assignment::soft,
          "--temperature has a meaning with --assign soft only");
  require(!request.cooling || request.temperature, "--cooling has no meaning without --temperature");
  require(!request.part || request.split, "--part has no meaning without --split");
  require(!request.forgetting || request.batch_rows, "--forgetting has no meaning without --batch-rows");
  require(!request.merge_rows || request.assignment != Assignment::sampled,
          "--merge-rows has no meaning with --assign sampled: the copies of a row would share one draw");
  require(!request.merge_rows || !request.batch_rows,
          "--merge-rows has no meaning with --batch-rows: the batches would not be those of the data");
  const bool accelerated = request.accelerate != Acceleration::none;
  require(!accelerated || request.assignment == Assignment::soft, "--accelerate has a meaning with --assign soft only");
  require(!accelerated || request.update != Update::sampled, "--accelerate has no meaning with --update sampled");
  require(!accelerated || !request.temperature,
          "--accelerate has no meaning with --temperature, which changes the map from step to step");
  require(!accelerated || !request.batch_rows,
          "--accelerate has no meaning with --batch-rows: it extrapolates updates of the whole data");
  require(!request.keep_saddle || request.starts_from_file(),
          "--keep-saddle has a meaning with --start FILE only: a saddle that a drawn start leads to is left");
  require(request.freeze.empty() || request.starts_from_file(),
          "--freeze keeps parameters of a start file; give one with --start");
  require(!request.freeze_weights || request.weights.value_or(fixed_weights_name) == fixed_weights_name,
          "--freeze-weights leaves nothing for --weights " + request.weights.value_or("") + " to be a prior of");
  require(!request.batch_rows || !request.verify,
          "--verify has no meaning with --batch-rows: there is no M-step from the whole data to check");
}

/// Numbers are those of components, all else names parameters.
Freeze freeze_of(const FitRequest& request) {
  Freeze freeze;
  freeze.weights = request.freeze_weights || request.weights == fixed_weights_name;
  for (const std::string& what : request.freeze) {
    std::size_t component = 0;
    const auto [end, error] = std::from_chars(what.data(), what.data() + what.size(), component);
    if (error == std::errc() && end == what.data() + what.size()) {
      freeze.components.push_back(component);
    } else {
      freeze.parameters.push_back(what);
    }
  }
  return freeze;
}

}  // namespace

bool is_sampling(const FitOptions& options) {
  return options.update == Update::sampled || options.assignment == Assignment::sampled;
}

FitOptions fit_options(const FitRequest& request) {
  FitOptions options;
  options.update = request.update;
  options.assignment = request.assignment;
  check_meaning(request, options);
  options.tolerance = request.tolerance.value_or(options.tolerance);
  options.max_iterations =
      request.max_iterations.value_or(is_sampling(options) ? sampling_iterations : options.max_iterations);
  options.temperature = request.temperature.value_or(options.temperature);
  options.cooling = request.cooling.value_or(options.cooling);
  options.batch_rows = request.batch_rows.value_or(options.batch_rows);
  options.forgetting = request.forgetting.value_or(options.forgetting);
  options.degenerate = request.degenerate.value_or(options.degenerate);
  options.accelerate = request.accelerate;
  options.seed = request.seed;
  options.keep_saddle = request.keep_saddle;
  options.freeze = freeze_of(request);
  options.verify = request.verify;
  options.threads = request.threads;
  return options;
}

}  // namespace mixfam::cli
