#include <mixfam/error.hpp>
#include <mixfam/mixture.hpp>

#include "data/reduce.hpp"
#include "family/data_check.hpp"
#include "family/native_types.hpp"
#include "family/require_family.hpp"
#include "model/check_weights.hpp"
#include "model/e_step.hpp"
#include "numerics/streams.hpp"

#include <algorithm>

namespace mixfam {

Mixture::Mixture(FamilyPtr family, std::vector<double> weights, ParameterTable parameters)
    : Mixture(std::move(family), std::move(weights), std::move(parameters), nullptr) {}

Mixture::Mixture(FamilyPtr family, std::vector<double> weights, ParameterTable parameters, const StepPtr& step)
    : family_(std::move(family)), weights_(std::move(weights)), parameters_(std::move(parameters)) {
  require(family_);
  check_weights(weights_);
  if (const auto reason = family_->parameters().mismatch(parameters_.schema()))
    throw Error(ErrorKind::data, "these are no parameters of '" + family_->spec() + "': " + *reason);
  if (parameters_.components() != weights_.size())
    throw Error(ErrorKind::data, "parameters of " + std::to_string(parameters_.components()) + " components, but " +
                                     std::to_string(weights_.size()) + " weights (there must be as many)");
  for (std::size_t k = 0; k < weights_.size(); ++k)
    if (const auto reason = family_->parameters().check(parameters_.row(k), step != nullptr))
      throw Error(ErrorKind::data, "component " + std::to_string(k) + ": " + *reason);
}

std::size_t Mixture::free_parameters() const { return components() - 1 + family_->free_parameters(components()); }

double Mixture::log_likelihood(Source& source) const {
  const DataCheck check = check_data(*family_, source);
  return e_step(EStepParameters::of(*this), source, {}).log_normaliser() + check.log_base;
}

std::vector<double> Mixture::log_density(Source& source) const {
  check_data(*family_, every_row(source));
  std::vector<double> result(source.rows());
  visit_blocks(every_row(source),
               [&, posterior = BlockPosterior(EStepParameters::of(*this))](const DataBlock& block) mutable {
                 posterior.compute(block, source);
                 const auto out = VectorView(result).part(block.first_row, block.x.rows);
                 std::copy_n(posterior.log_normaliser().begin(), block.x.rows, out.begin());
                 family_->add_log_base(block.x, out);
               });
  return result;
}

std::vector<double> Mixture::responsibilities(Source& source) const {
  check_data(*family_, every_row(source));
  std::vector<double> result(source.rows() * components());
  visit_blocks(native_rows(every_row(source), *family_),
               [&, posterior = BlockPosterior(EStepParameters::of(*this))](const DataBlock& block) mutable {
                 posterior.compute(block, source);
                 const auto R = posterior.responsibilities();
                 double* out = result.data() + block.first_row * components();
                 for (std::size_t n = 0; n < block.x.rows; ++n)
                   for (std::size_t k = 0; k < components(); ++k) *out++ = R(n, k);
               });
  return result;
}

std::vector<double> Mixture::sample(std::size_t rows, std::uint64_t seed) const {
  const std::size_t columns = family_->columns();
  std::vector<Family::Sampler> samplers;
  for (std::size_t k = 0; k < components(); ++k) samplers.push_back(family_->sampler(parameters_.row(k)));
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
