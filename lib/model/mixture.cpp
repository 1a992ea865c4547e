#include <mixfam/error.hpp>
#include <mixfam/mixture.hpp>

#include "family/data_check.hpp"
#include "family/native_types.hpp"
#include "family/require_family.hpp"
#include "model/check_weights.hpp"
#include "model/e_step.hpp"
#include "numerics/streams.hpp"

namespace mixfam {

Mixture::Mixture(FamilyPtr family, std::vector<double> weights, ParameterTable parameters)
    : family_(std::move(family)), weights_(std::move(weights)), parameters_(std::move(parameters)) {
  require(family_);
  check_weights(weights_);
  if (const auto reason = family_->parameters().mismatch(parameters_.schema()))
    throw Error(ErrorKind::data, "these are no parameters of '" + family_->spec() + "': " + *reason);
  if (parameters_.components() != weights_.size())
    throw Error(ErrorKind::data, "parameters of " + std::to_string(parameters_.components()) + " components, but " +
                                     std::to_string(weights_.size()) + " weights (there must be as many)");
  for (std::size_t k = 0; k < weights_.size(); ++k)
    if (const auto reason = family_->parameters().check(parameters_.row(k)))
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
  const auto parameters = EStepParameters::of(*this);
  visit_blocks(every_row(source), [&] {
    return [&, posterior = BlockPosterior(parameters)](const DataBlock& block) mutable {
      posterior.compute(block, source);
      const auto out = VectorView(result).part(block.first_row, block.x.rows);
      for (std::size_t n = 0; n < block.x.rows; ++n) out[n] = posterior.log_normaliser()[n];
      family_->add_log_base(block.x, out);
    };
  });
  return result;
}

std::vector<double> Mixture::responsibilities(Source& source) const {
  check_data(*family_, every_row(source));
  std::vector<double> result(source.rows() * components());
  const auto parameters = EStepParameters::of(*this);
  visit_blocks(every_row(source, native_types(*family_)), [&] {
    return [&, posterior = BlockPosterior(parameters)](const DataBlock& block) mutable {
      posterior.compute(block, source);
      const auto R = posterior.responsibilities();
      for (std::size_t n = 0; n < block.x.rows; ++n)
        for (std::size_t k = 0; k < components(); ++k) result[(block.first_row + n) * components() + k] = R(n, k);
    };
  });
  return result;
}

std::vector<double> Mixture::sample(std::size_t rows, std::uint64_t seed) const {
  const std::size_t columns = family_->columns();
  std::vector<double> result(rows * columns);
  for (std::size_t n = 0; n < rows; ++n) {
    Random random = stream(Stream::rows, seed, n);
    const std::size_t k = random.categorical(weights_);
    family_->sample(parameters_.row(k), random, VectorView(result).part(n * columns, columns));
  }
  return result;
}

}  // namespace mixfam
