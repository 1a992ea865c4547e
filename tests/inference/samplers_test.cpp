#include "catch.hpp"

#include <mixfam/mixfam.hpp>

#include <boost/math/distributions/chi_squared.hpp>

#include <cmath>
#include <iostream>
#include <string>
#include <vector>

#include "support.hpp"
#include "tolerance.hpp"

// Draws from posteriors against the priors that they must give back, for each family with a conjugate prior.

namespace mixfam {
namespace {

/// A family with rows that its default prior is scaled from.
struct SamplerCase {
  std::string spec;
  Table rows;
};

Table rows_of(std::size_t columns, double (*draw)(Random&)) {
  Random random{20260101};
  Table table{columns, {}};
  for (std::size_t i = 0; i < 200 * columns; ++i) table.values.push_back(draw(random));
  return table;
}

double normal_value(Random& random) { return 3 + 2 * random.normal(); }
double positive_value(Random& random) { return random.gamma(2, 1); }
double small_count(Random& random) { return static_cast<double>(random.below(5)); }
double binary_value(Random& random) { return static_cast<double>(random.below(2)); }

std::vector<SamplerCase> sampler_cases() {
  return {{"gaussian", rows_of(2, normal_value)},
          {"gaussian:covariance=diagonal", rows_of(2, normal_value)},
          {"gaussian:covariance=spherical", rows_of(2, normal_value)},
          {"gaussian:covariance=tied", rows_of(2, normal_value)},
          {"log_normal", rows_of(1, positive_value)},
          {"exponential", rows_of(2, positive_value)},
          {"poisson", rows_of(2, small_count)},
          {"geometric", rows_of(1, small_count)},
          {"bernoulli", rows_of(3, binary_value)},
          {"binomial:trials=5", rows_of(2, small_count)},
          {"categorical:categories=5", rows_of(2, small_count)},
          {"multinomial:trials=5", rows_of(3, small_count)},
          {"gaussian(0) * exponential(1)", rows_of(2, positive_value)}};
}

struct Model {
  FamilyPtr family;
  Prior prior;
};

Model make_model(const SamplerCase& one, std::size_t components) {
  const FamilyPtr family = Registry::builtin().make(one.spec, one.rows.columns);
  // Rows of a multinomial must have its number of trials: its default prior does not depend on them.
  Table rows = one.rows;
  if (one.spec.rfind("multinomial", 0) == 0) rows.values = {5, 0, 0, 1, 2, 2, 0, 3, 2};
  MemorySource source = rows.source();
  Prior prior = default_prior(family, components, source);
  return {family, prior};
}

/// K draws from the prior.
ParameterTable draw_parameters(const Model& model, std::size_t components, Random& random) {
  const auto h = model.prior.components->row(0);
  ParameterTable H(model.family->prior()->hyperparameters(), components);
  for (std::size_t k = 0; k < components; ++k) std::copy(h.begin(), h.end(), H.row(k).begin());
  ParameterTable theta(model.family->parameters(), components);
  model.family->prior()->sample(H.view(), random, theta.view());
  return theta;
}

std::vector<double> draw_weights(const Model& model, std::size_t components, Random& random) {
  std::vector<double> weights;
  double total = 0;
  for (std::size_t k = 0; k < components; ++k) {
    weights.push_back(random.gamma(model.prior.concentration.front(), 1));
    total += weights.back();
  }
  for (double& weight : weights) weight /= total;
  return weights;
}

/// The parameters that have a distribution of their own: a correction holds the last digits of another.
std::vector<std::size_t> shown_parameters(const Schema& schema) {
  std::vector<std::size_t> places;
  for (std::size_t f = 0; f < schema.fields().size(); ++f)
    for (std::size_t i = 0; schema.fields()[f].is_shown() && i < schema.fields()[f].size(); ++i)
      places.push_back(schema.offset(f) + i);
  return places;
}

/// A bounded function of a parameter, so that its mean exists under any prior.
double squashed(double value) { return value / (1 + std::abs(value)); }

}  // namespace

// Cook, Gelman and Rubin (2006); Talts et al. (2018): if theta comes from the prior and x from theta, the rank of theta
// among draws from the posterior of x is uniform. Guilty: sample, chi or from_chi of the prior, or sample of the
// family.
TEST_CASE("simulation-based calibration of the conjugate posteriors", "[slow]") {
  constexpr std::size_t simulations = 2000;
  constexpr std::size_t draws = 31;  // ranks 0 .. 31 in 16 bins
  constexpr std::size_t bins = 16;
  constexpr std::size_t rows = 10;
  constexpr double significance = 0.001;

  for (const SamplerCase& one : sampler_cases()) {
    const Model model = make_model(one, 1);
    const std::vector<std::size_t> places = shown_parameters(model.family->parameters());
    const std::size_t size = places.size();
    std::vector<std::vector<double>> histogram(size, std::vector<double>(bins));
    for (std::size_t simulation = 0; simulation < simulations; ++simulation) {
      Random random{1, simulation};
      const ParameterTable theta = draw_parameters(model, 1, random);
      const Mixture mixture(model.family, {1}, theta);
      Table table{model.family->columns(), mixture.sample(rows, 1'000'000 + simulation)};
      MemorySource source = table.source();
      FitOptions options;
      options.update = Update::sampled;
      options.prior = model.prior;
      options.max_iterations = 1;
      std::vector<std::size_t> rank(size);
      for (std::size_t draw = 0; draw < draws; ++draw) {
        options.seed = simulation * draws + draw;
        const std::vector<double> all_rows(rows, 1);
        const FitResult result =
            fit_responsibilities(model.family, ConstMatrixView::row_major(all_rows.data(), rows, 1), source, options);
        for (std::size_t i = 0; i < size; ++i)
          if (result.mixture.parameters().row(0)[places[i]] < theta.row(0)[places[i]]) ++rank[i];
      }
      for (std::size_t i = 0; i < size; ++i) ++histogram[i][rank[i] * bins / (draws + 1)];
    }
    double least = 1;
    for (std::size_t i = 0; i < size; ++i) {
      double statistic = 0;
      constexpr double expected = static_cast<double>(simulations) / bins;
      for (const double count : histogram[i]) statistic += (count - expected) * (count - expected) / expected;
      least = std::min(least, 1 - boost::math::cdf(boost::math::chi_squared(bins - 1), statistic));
    }
    std::cout << "calibration of " << one.spec << ": least p = " << least << " of " << size << " parameters\n";
    INFO(one.spec);
    CHECK(least > significance / static_cast<double>(size));
  }
}

// Geweke (2004), in the form whose replicates are independent: theta from the prior, x from theta, then sweeps of the
// Gibbs sampler given x leave theta distributed as the prior. Guilty: sampled updates or sampled assignments.
TEST_CASE("Gibbs sweeps leave the joint distribution as it is", "[slow]") {
  constexpr std::size_t replicates = 4000;
  constexpr std::size_t components = 2;
  constexpr std::size_t rows = 12;
  constexpr std::size_t sweeps = 2;

  for (const SamplerCase& one : sampler_cases()) {
    const Model model = make_model(one, components);
    const std::size_t size = model.family->parameters().size();
    std::vector<MonteCarlo> first(size + 1);
    std::vector<MonteCarlo> second(size + 1);
    for (std::size_t replicate = 0; replicate < replicates; ++replicate) {
      Random random{2, replicate};
      const ParameterTable theta = draw_parameters(model, components, random);
      const Mixture before(model.family, draw_weights(model, components, random), theta);
      Table table{model.family->columns(), before.sample(rows, 2'000'000 + replicate)};
      MemorySource source = table.source();
      FitOptions options;
      options.update = Update::sampled;
      options.assignment = Assignment::sampled;
      options.prior = model.prior;
      options.max_iterations = sweeps;
      options.seed = replicate;
      std::optional<FitResult> result;
      try {
        result = fit(before, source, options);
      } catch (const Error&) {  // fewer distinct rows than components: no sweep, theta stays
      }
      const Mixture& after = result ? result->mixture : before;
      for (std::size_t i = 0; i <= size; ++i) {
        const double old_value = i < size ? squashed(theta.row(0)[i]) : before.weights()[0];
        const double new_value = i < size ? squashed(after.parameters().row(0)[i]) : after.weights()[0];
        first[i].add(new_value - old_value);
        second[i].add(new_value * new_value - old_value * old_value);
      }
    }
    double greatest = 0;
    for (std::size_t i = 0; i <= size; ++i) {
      INFO(one.spec << ", parameter " << i);
      CHECK(close(first[i].mean(), 0, monte_carlo(first[i].standard_error())));
      CHECK(close(second[i].mean(), 0, monte_carlo(second[i].standard_error())));
      if (first[i].standard_error() > 0)
        greatest = std::max(greatest, std::abs(first[i].mean()) / first[i].standard_error());
    }
    std::cout << "Geweke test of " << one.spec << ": greatest |z| = " << greatest << "\n";
  }
}

}  // namespace mixfam
