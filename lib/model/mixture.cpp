#include <mixfam/error.hpp>
#include <mixfam/mixture.hpp>

#include "data/reduce.hpp"
#include "family/data_check.hpp"
#include "family/native_types.hpp"
#include "model/check_weights.hpp"
#include "model/e_step.hpp"
#include "numerics/plural.hpp"
#include "numerics/streams.hpp"

#include <algorithm>

namespace mixfam {

Mixture::Mixture(FamilyPtr family, std::vector<double> weights, ParameterTable parameters)
    : Mixture(Groups(std::move(family), weights.size()), weights, std::move(parameters), {}) {}

Mixture::Mixture(Groups groups, std::vector<double> weights, ParameterTable parameters)
    : Mixture(std::move(groups), std::move(weights), std::move(parameters), {}) {}

Mixture::Mixture(Groups groups, std::vector<double> weights, ParameterTable parameters,
                 const std::vector<StepPtr>& steps)
    : groups_(std::move(groups)), weights_(std::move(weights)), parameters_(std::move(parameters)) {
  check_weights(weights_);
  if (groups_.components() != weights_.size())
    throw Error(ErrorKind::data, "'" + groups_.spec() + "' has " + plural(groups_.components(), "component") +
                                     ", but there are weights of " + plural(weights_.size(), "component") +
                                     " (there must be as many)");
  if (parameters_.components() != weights_.size())
    throw Error(ErrorKind::data, "parameters of " + plural(parameters_.components(), "component") + ", but " +
                                     plural(weights_.size(), "weight") + " (there must be as many)");
  for (std::size_t k = 0; k < weights_.size(); ++k) {
    const std::size_t g = groups_.group_of(k);
    const Schema& schema = groups_.family(g).parameters();
    if (k == groups_.first(g))
      if (const auto reason = schema.mismatch(parameters_.schema(k)))
        throw Error(ErrorKind::data, "these are no parameters of '" + groups_.family(g).spec() + "': " + *reason);
    if (const auto reason = schema.check(parameters_.row(k), !steps.empty() && steps[g] != nullptr))
      throw Error(ErrorKind::data, "component " + std::to_string(k) + ": " + *reason);
  }
}

const FamilyPtr& Mixture::family_ptr() const {
  if (groups_.size() != 1)
    throw Error(ErrorKind::usage, "the components of '" + groups_.spec() + "' have no one family; ask for `groups`");
  return groups_.family_ptr(0);
}

std::size_t Mixture::free_parameters() const { return components() - 1 + groups_.free_parameters(); }

double Mixture::log_likelihood(Source& source) const {
  const DataCheck check = check_data(groups_, source);
  return e_step(EStepParameters::of(*this), source, {}).log_normaliser() + check.log_base;
}

std::vector<double> Mixture::log_density(Source& source) const {
  check_data(groups_, every_row(source));
  std::vector<double> result(source.rows());
  visit_blocks(every_row(source),
               [&, assignment = BlockAssignment(EStepParameters::of(*this))](const DataBlock& block) mutable {
                 assignment.compute(block, source);
                 const auto out = VectorView(result).part(block.first_row, block.x.rows);
                 std::copy_n(assignment.log_normaliser().begin(), block.x.rows, out.begin());
                 if (groups_.size() == 1) groups_.family(0).add_log_base(block.x, out);
               });
  return result;
}

std::vector<double> Mixture::responsibilities(Source& source) const {
  check_data(groups_, every_row(source));
  std::vector<double> result(source.rows() * components());
  visit_blocks(native_rows(every_row(source), groups_),
               [&, assignment = BlockAssignment(EStepParameters::of(*this))](const DataBlock& block) mutable {
                 assignment.compute(block, source);
                 const auto R = assignment.responsibilities();
                 double* out = result.data() + block.first_row * components();
                 for (std::size_t n = 0; n < block.x.rows; ++n)
                   for (std::size_t k = 0; k < components(); ++k) *out++ = R(n, k);
               });
  return result;
}

std::vector<double> Mixture::sample(std::size_t rows, std::uint64_t seed) const {
  const std::size_t columns = groups_.columns();
  std::vector<Family::Sampler> samplers;
  for (std::size_t k = 0; k < components(); ++k) samplers.push_back(groups_.family_of(k).sampler(parameters_.row(k)));
  std::vector<double> result(rows * columns);
  for_each_part(leaves_of(rows), 0, 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t leaf = begin; leaf < end; ++leaf) {
      Random random = stream(Stream::rows, seed, leaf);
      for (std::size_t n = leaf * leaf_rows; n < std::min((leaf + 1) * leaf_rows, rows); ++n)
        samplers[random.categorical(weights_)](random, VectorView(result).part(n * columns, columns));
    }
  });
  return result;
}

}  // namespace mixfam
