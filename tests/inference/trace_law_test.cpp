#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "catch.hpp"
#include "laws.hpp"
#include "support.hpp"

// The law of the trace, over generated data of every family, by every method, from starts with and without nearly
// empty components: each line has finite terms of the size of the data, and its sums are what their names say.
// Guilty, if it breaks: an update that is not the maximum of its own statistics, a logarithm that was cut off where
// there is mass, or an E-step whose sums and densities differ.

namespace mixfam {
namespace {

/// What the trace promises of itself, relative to its sums.
constexpr double promised = 1e-12;

/// Nats that one value of one row may come to. Generated rows have some tens; a logarithm that was cut off 1e300.
constexpr double most_nats = 1e4;

struct Model {
  const char* spec;
  std::size_t columns;
  /// A component that begins with next to no rows can close in on few of them in one step: its statistics about where
  /// it was, and its densities, then have few digits in common, short of being degenerate. What is known by both agrees
  /// to 1e-12 only where it begins with rows.
  bool may_collapse = false;
  /// Missing cells of columns that go together are drawn where rows are: then nothing is a bound, and signs are open.
  bool draws_gaps = false;
};

constexpr Model models[] = {
    {"bernoulli", 8},
    {"binomial:trials=10", 4},
    {"geometric", 4},
    {"categorical:categories=4", 4},
    {"multinomial:trials=12", 5},
    {"poisson", 4},
    {"exponential", 3},
    {"gamma", 2, true},
    {"log_normal", 2, true},
    {"gaussian", 3, true, true},
    {"gaussian:covariance=diagonal", 3, true},
    {"gaussian:covariance=spherical", 3, true, true},
    {"gaussian:covariance=tied", 3, false, true},
    {"bernoulli(0,1,2,3,4,5) * poisson(6) * gaussian(7,8)", 9, true, true},
    {"binomial:trials=3(0) * geometric(1) * categorical:categories=3(2,3) * exponential(4)", 5},
};

struct Method {
  const char* name;
  void (*configure)(FitOptions&);
};

constexpr Method methods[] = {
    {"ml", [](FitOptions&) {}},
    {"ml hard", [](FitOptions& options) { options.assignment = Assignment::hard; }},
    {"ml annealed", [](FitOptions& options) { options.temperature = 10; }},
    {"ml squarem", [](FitOptions& options) { options.accelerate = Acceleration::squarem; }},
    {"ml anderson", [](FitOptions& options) { options.accelerate = Acceleration::anderson; }},
    {"ml sampled assignment",
     [](FitOptions& options) {
       options.assignment = Assignment::sampled;
       options.max_iterations = 50;
     }},
    {"ml drop", [](FitOptions& options) { options.degenerate = DegeneratePolicy::drop; }},
    {"ml keep", [](FitOptions& options) { options.degenerate = DegeneratePolicy::keep; }},
    {"ml reseed", [](FitOptions& options) { options.degenerate = DegeneratePolicy::reseed; }},
    {"map", [](FitOptions& options) { options.update = Update::map; }},
    {"map hard",
     [](FitOptions& options) {
       options.update = Update::map;
       options.assignment = Assignment::hard;
     }},
    {"map annealed",
     [](FitOptions& options) {
       options.update = Update::map;
       options.temperature = 10;
     }},
    {"map anderson",
     [](FitOptions& options) {
       options.update = Update::map;
       options.accelerate = Acceleration::anderson;
     }},
    {"vb", [](FitOptions& options) { options.update = Update::vb; }},
    {"vb annealed",
     [](FitOptions& options) {
       options.update = Update::vb;
       options.temperature = 10;
     }},
    {"vb squarem",
     [](FitOptions& options) {
       options.update = Update::vb;
       options.accelerate = Acceleration::squarem;
     }},
    {"sampled",
     [](FitOptions& options) {
       options.update = Update::sampled;
       options.assignment = Assignment::sampled;
       options.max_iterations = 50;
     }},
};

/// Often near 0 or near 1, as the columns of binary tables are.
double random_probability(Random& random) {
  const double p = std::pow(random.uniform(), 3);
  return random.below(2) == 0 ? p : 1 - p;
}

/// Values of a field in a typical component.
std::vector<double> random_field(const Field& field, Random& random) {
  if (field.domain == Domain::covariance && field.form == MatrixForm::dense)
    return random_covariance(random, field.dimension);
  std::vector<double> values;
  while (values.size() < field.size()) {
    switch (field.domain) {
      case Domain::correction:
        values.push_back(0);
        break;
      case Domain::real:
        values.push_back(2 * random.normal());
        break;
      case Domain::positive:
      case Domain::nonnegative:
      case Domain::covariance:
      case Domain::scatter:
        values.push_back(log_uniform(random, 0.2, 10));
        break;
      case Domain::probability:
        values.push_back(random_probability(random));
        break;
      case Domain::probabilities:
        for (const double p : random_probabilities(random, field.shape.back())) values.push_back(p);
        break;
    }
  }
  return values;
}

Table random_table(const FamilyPtr& family, std::size_t components, std::size_t rows, Random& random) {
  std::vector<std::vector<double>> parameters(components);
  for (auto& row : parameters)
    for (const Field& field : family->parameters().fields())
      if (field.is_shown())
        for (const double value : random_field(field, random)) row.push_back(value);
  const Mixture truth(family, random_probabilities(random, components), parameter_table(*family, parameters));
  return {family->columns(), truth.sample(rows, random())};
}

/// The start of least weight in its last component.
Mixture with_last_weight(const Mixture& start, double weight) {
  std::vector<double> weights = start.weights();
  const double others = 1 - weights.back();
  for (double& w : weights) w *= (1 - weight) / others;
  weights.back() = weight;
  return {start.family_ptr(), weights, start.parameters()};
}

/// Whether components began anew on the way to an entry, so that there was no M-step.
bool begins_anew(const TraceEntry& entry) {
  return std::any_of(entry.events.begin(), entry.events.end(), [](const std::string& event) {
    return event.find("reseeded") == 0 || event.find("dropped") == 0;
  });
}

/// Whether a quantity has no value in an entry: that of the M-step at a start, and those of vb, or of points,
/// elsewhere.
bool may_be_nan(const TraceQuantity& quantity, bool is_updated, bool is_vb) {
  const std::string name = quantity.name;
  if (name == "log_likelihood") return is_vb;
  if (name.find("expected_log_") == 0 || name == "kl_weights") return !is_vb;
  const bool is_of_update = name == "elbo_m" || name == "kl" || name == "residual" || name.find("gain_") == 0;
  return is_of_update && !is_updated;
}

/// What a trace of a fit can be held to.
struct Claims {
  bool is_conditioned;   ///< two ways to one number have all digits
  bool is_bound = true;  ///< ELBO is one, and no estimate of one
};

/// The first law that a line of the trace breaks.
std::optional<std::string> broken_law(const FitResult& result, std::size_t t, const FitOptions& options, double columns,
                                      const Claims& claims) {
  const TraceEntry& entry = result.trace[t];
  const bool is_vb = options.update == Update::vb;
  const bool is_updated = t > 0 && !begins_anew(entry);
  std::ostringstream text;
  text.precision(17);
  text << "iteration " << t << ": ";
  const auto law = [&](const std::string& what, double value) {
    text << what << ": " << value;
    return text.str();
  };

  for (const TraceQuantity& quantity : trace_quantities()) {
    const double value = entry.*quantity.value;
    if (std::isnan(value) && may_be_nan(quantity, is_updated, is_vb)) continue;
    if (!(std::abs(value) <= most_nats * columns * result.total_weight)) return law(quantity.name, value);
  }
  for (const double value : entry.kl_components)
    if (!(value >= -promised * result.total_weight) || !std::isfinite(value)) return law("kl of a component", value);
  for (const std::string& event : entry.events)
    if (claims.is_conditioned && event.find("self-check") == 0) return event;

  const double scale = std::max({std::abs(entry.q), std::abs(entry.objective), result.total_weight});
  const auto differs = [&](double a, double b) { return !(std::abs(a - b) <= promised * scale); };
  double kl_posterior = is_vb ? entry.kl_weights : 0;
  for (const double value : entry.kl_components) kl_posterior += value;
  if (differs(entry.q + entry.entropy - kl_posterior, entry.elbo_e)) return law("elbo_e", entry.elbo_e);
  if (differs(entry.elbo_e + entry.log_prior, entry.objective)) return law("objective", entry.objective);
  if (!is_updated) return std::nullopt;
  const bool is_exact = options.assignment == Assignment::soft && entry.temperature == 1;
  if (is_exact && differs(entry.elbo_m + entry.kl, is_vb ? entry.elbo_e : entry.log_likelihood))
    return law("elbo_m + kl", entry.elbo_m + entry.kl);
  if (!claims.is_conditioned) return std::nullopt;
  if (!(entry.residual <= promised * scale)) return law("residual", entry.residual);
  if (!claims.is_bound) return std::nullopt;
  if (!(entry.kl >= -promised * scale)) return law("kl", entry.kl);
  const bool is_maximal = options.update != Update::sampled && !entry.accelerated && entry.events.empty();
  if (is_maximal && !(entry.gain_m >= -promised * scale)) return law("gain_m", entry.gain_m);
  return std::nullopt;
}

struct Tally {
  std::size_t fits = 0;
  std::size_t broken = 0;
  std::string first;
};

FitOptions options_of(const Method& method, const Prior& prior) {
  FitOptions options;
  options.verify = true;
  options.max_iterations = 300;
  options.threads = 1;
  method.configure(options);
  if (options.update != Update::ml) options.prior = prior;
  return options;
}

void check_fit(const Mixture& start, Source& source, const FitOptions& options, const Claims& claims,
               const std::string& where, Tally& tally) {
  const FitResult result = fit(start, source, options);
  ++tally.fits;
  for (std::size_t t = 0; t < result.trace.size(); ++t) {
    const auto law = broken_law(result, t, options, static_cast<double>(start.family().columns()), claims);
    if (!law) continue;
    ++tally.broken;
    if (tally.first.empty()) tally.first = where + ", " + *law;
    return;
  }
}

/// Takes cells out at random, and all of some rows. Rows of the multinomial are there or not: a part of one has no
/// density without the rest.
void punch_gaps(Table& table, bool whole_rows, Random& random) {
  for (std::size_t n = 0; n < table.rows(); ++n) {
    const bool all = random.uniform() < 0.05;
    for (std::size_t j = 0; j < table.columns; ++j)
      if (all || (!whole_rows && random.uniform() < 0.2))
        table.values[n * table.columns + j] = std::numeric_limits<double>::quiet_NaN();
  }
}

/// All methods over generated data of one family.
Tally check_traces(const Model& model, std::size_t tables, std::uint64_t seed, bool with_gaps = false) {
  const FamilyPtr family = Registry::builtin().make(model.spec, model.columns);
  Tally tally;
  for (std::size_t i = 0; i < tables; ++i) {
    Random random{seed, i};
    const std::size_t components = random.below(2) == 0 ? 3 : 5;
    Table table = random_table(family, components, with_gaps ? 600 : 200, random);
    if (with_gaps) punch_gaps(table, family->name() == "multinomial", random);
    auto source = table.source();
    if (with_gaps) source.allow_gaps();
    const bool has_prior = family->prior();
    const std::vector<double> least_weights =
        with_gaps ? std::vector<double>{0, 1e-100} : std::vector<double>{0, 1e-12, 1e-100, 1e-250};
    const Prior prior = has_prior ? default_prior(family, components, source) : Prior{};
    for (const Method& method : methods) {
      FitOptions options = options_of(method, prior);
      if (with_gaps) options.max_iterations = std::min<std::size_t>(options.max_iterations, 60);
      if (options.update != Update::ml && !has_prior) continue;
      const Mixture start =
          initialize(family, components, source,
                     {Start::kmeans_plus_plus, i, 0, options.prior, 1, options.assignment, options.update});
      for (const double least : least_weights) {
        std::ostringstream where;
        where << "table " << i << ", K = " << components << ", least weight " << least << ", " << method.name;
        check_fit(least == 0 ? start : with_last_weight(start, least), source, options,
                  {least == 0 || !model.may_collapse,
                   !with_gaps || !model.draws_gaps || options.assignment != Assignment::sampled},
                  where.str(), tally);
      }
    }
  }
  return tally;
}

}  // namespace

TEST_CASE("trace: its law", "[trace][laws]") {
  for (const Model& model : models) {
    const Tally tally = check_traces(model, 1, 20260101);
    INFO(model.spec << ": " << tally.broken << " of " << tally.fits << " fits; the first: " << tally.first);
    CHECK(tally.fits > 0);
    CHECK(tally.broken == 0);
  }
}

TEST_CASE("trace: its law with gaps", "[trace][laws][gaps]") {
  for (const Model& model : models) {
    const Tally tally = check_traces(model, 1, 20260103, true);
    INFO(model.spec << ": " << tally.broken << " of " << tally.fits << " fits; the first: " << tally.first);
    CHECK(tally.fits > 0);
    CHECK(tally.broken == 0);
  }
}

TEST_CASE("trace: a prior that takes away exactly what is left of a value ends the fit", "[trace][degenerate]") {
  // Beta(0.5, 0.5) takes half a success away, and half a row is one: p would be 0, and the row have no density.
  const FamilyPtr family = Registry::builtin().make("bernoulli", 1);
  const Table table{1, {1, 0, 0}};
  const std::vector<double> weights{0.5, 1, 1};
  auto source = table.source(weights);
  FitOptions options;
  options.update = Update::map;
  options.prior.components = ParameterTable(family->prior()->hyperparameters(), 1);
  for (double& h : options.prior.components->row(0)) h = 0.5;
  const FitResult result = fit({family, {1}, parameter_table(*family, {{0.3}})}, source, options);
  CHECK(result.verdict == Verdict::degenerate);
  CHECK(result.message.find("takes away all that is left of a value") != std::string::npos);
  CHECK(result.mixture.parameters().row(0)[0] == 0.3);
  for (const TraceEntry& entry : result.trace) CHECK(std::abs(entry.objective) < most_nats);
}

TEST_CASE("trace: its law over many tables", "[trace][laws][slow]") {
  for (const Model& model : models) {
    if (model.may_collapse) continue;
    DYNAMIC_SECTION(model.spec) {
      const Tally tally = check_traces(model, 40, 20260102);
      INFO(tally.broken << " of " << tally.fits << " fits; the first: " << tally.first);
      CHECK(tally.broken == 0);
    }
  }
}

}  // namespace mixfam
