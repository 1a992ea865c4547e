#include "catch.hpp"

#include <mixfam/mixfam.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "laws.hpp"
#include "support.hpp"
#include "tolerance.hpp"

// Components that no parameters fit: what each policy does about them in every method, with whole data and in batches,
// on the way and at the start.

namespace mixfam {
namespace {

constexpr DegeneratePolicy policies[] = {DegeneratePolicy::error, DegeneratePolicy::reseed, DegeneratePolicy::drop,
                                         DegeneratePolicy::keep};
constexpr Update updates[] = {Update::ml, Update::map, Update::vb, Update::sampled};
constexpr Assignment assignments[] = {Assignment::soft, Assignment::hard, Assignment::sampled};

FamilyPtr family_of(const std::string& spec, std::size_t columns) { return Registry::builtin().make(spec, columns); }

bool all_finite(ConstVectorView values) {
  return std::all_of(values.begin(), values.end(), [](double value) { return std::isfinite(value); });
}

std::string events_of(const FitResult& result) {
  std::string text;
  for (const TraceEntry& entry : result.trace)
    for (const std::string& event : entry.events) text += event + "\n";
  return text;
}

/// Objectives of 1e14 nats occur beside collapsed components; a logarithm that was cut off, log 0, comes to 1e300.
constexpr double most_nats = 1e250;

/// What every result promises, degenerate or not.
void check_result(const FitResult& result) {
  const Mixture& mixture = result.mixture;
  CHECK(!result.message.empty());
  CHECK(all_finite(mixture.weights()));
  for (std::size_t k = 0; k < mixture.components(); ++k) CHECK(all_finite(mixture.parameters().row(k)));
  for (const TraceEntry& entry : result.trace) CHECK(std::abs(entry.objective) < most_nats);
  CHECK(std::isfinite(result.log_likelihood()));
  CHECK(result.trace.back().counts.size() == mixture.components());
  if (!result.posterior) return;
  const ParameterTable& H = result.posterior->hyperparameters;
  CHECK(H.components() == mixture.components());
  for (std::size_t k = 0; k < H.components(); ++k) CHECK(all_finite(H.row(k)));
  const auto log_partition = mixture.family().prior()->log_partition(H.view());
  CHECK((log_partition && std::isfinite(*log_partition)));
}

/// Three equal rows far from 200 others: a component that starts there collapses onto them.
Table spike_and_normal() {
  Table table{1, {100, 100, 100}};
  Random random{9};
  for (std::size_t n = 0; n < 200; ++n) table.values.push_back(random.normal());
  return table;
}

/// Responsibilities of two components, of which the second has the three equal rows.
std::vector<double> spike_apart(const Table& table) {
  std::vector<double> R(2 * table.rows());
  for (std::size_t n = 0; n < table.rows(); ++n) R[2 * n + (n < 3 ? 1 : 0)] = 1;
  return R;
}

struct Hostile {
  std::string name;
  Table table;
};

std::vector<Hostile> hostile_data() {
  Random random{3};
  std::vector<Hostile> all;
  Table constant{2, {}}, collinear{2, {}}, duplicates{2, {}}, few{2, {}}, usual{2, {}};
  for (std::size_t n = 0; n < 40; ++n) {
    const double x = random.normal();
    constant.values.insert(constant.values.end(), {x, 7});
    collinear.values.insert(collinear.values.end(), {x, 3 * x + 1});
    const double place = static_cast<double>(n % 3);
    duplicates.values.insert(duplicates.values.end(), {place, 10 - place});
    usual.values.insert(usual.values.end(), {x, random.normal()});
  }
  for (std::size_t n = 0; n < 3; ++n) few.values.insert(few.values.end(), {random.normal(), random.normal()});
  all.push_back({"constant column", constant});
  all.push_back({"collinear columns", collinear});
  all.push_back({"three distinct rows", duplicates});
  all.push_back({"as many rows as components", few});
  all.push_back({"one row", {2, {0.5, 2}}});
  all.push_back({"usual", usual});
  return all;
}

}  // namespace

TEST_CASE("degenerate: every method ends with finite numbers or says why", "[degenerate]") {
  std::size_t combination = 0;
  for (const std::string spec :
       {"gaussian", "gaussian:covariance=tied", "gaussian:covariance=diagonal", "gaussian:covariance=spherical"})
    for (const auto& [name, table] : hostile_data())
      for (const std::size_t components : {1, 3})
        for (const Update update : updates)
          for (const Assignment assignment : assignments)
            for (const DegeneratePolicy policy : policies)
              for (const std::size_t batch_rows : {0, 16, 100})
                for (const double concentration : {2.0, 0.5}) {
                  if (combination++ % combination_stride != 0) continue;
                  const auto family = family_of(spec, 2);
                  auto source = table.source();
                  FitOptions options;
                  options.update = update;
                  options.assignment = assignment;
                  options.degenerate = policy;
                  options.batch_rows = batch_rows;
                  options.max_iterations = 12;
                  INFO(spec << ", " << name << ", " << components << " components, " << to_string(update) << ", "
                            << to_string(assignment) << ", " << to_string(policy) << ", batches of " << batch_rows
                            << ", concentration " << concentration);
                  try {
                    if (update != Update::ml) options.prior = default_prior(family, components, source);
                    options.prior.concentration = {concentration};
                    check_result(fit_restarts(family, components, source, {}, options).best);
                  } catch (const Error& error) {
                    CHECK(std::string(error.what()).size() > 10);
                  }
                }
}

TEST_CASE("degenerate: a posterior that takes more than there is ends batches with a verdict", "[degenerate]") {
  // Concentrations below 1 take half a row from each component, and batches leave some with less.
  Random random{4};
  Table table{2, {}};
  for (std::size_t n = 0; n < 272; ++n) {
    const double place = n % 3 == 0 ? 0 : 4;
    table.values.insert(table.values.end(), {place + random.normal(), place + random.normal()});
  }
  auto source = table.source();
  const auto family = family_of("gaussian", 2);
  FitOptions options;
  options.update = Update::map;
  options.prior.concentration = {0.5};
  options.prior.components = default_prior(family, 10, source).components;
  options.batch_rows = 16;
  options.max_iterations = 200;
  std::size_t degenerate = 0;
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    RestartsOptions restarts;
    restarts.seed = seed;
    for (const DegeneratePolicy policy : policies) {
      options.degenerate = policy;
      INFO("seed " << seed << ", " << to_string(policy));
      const FitResult result = fit_restarts(family, 10, source, restarts, options).best;
      check_result(result);
      degenerate += result.verdict == Verdict::degenerate;
    }
  }
  CHECK(degenerate > 0);
}

TEST_CASE("degenerate: a component that the prior leaves no weight keeps its own", "[degenerate]") {
  // Nothing is near -60, and the density of the weights has no bound where that component has the weight 0.
  const Table table = spike_and_normal();
  auto source = table.source();
  const auto family = family_of("gaussian", 1);
  const Mixture start(family, {0.7, 0.3}, parameter_table(*family, {{0, 1}, {-60, 1}}));
  FitOptions options;
  options.update = Update::map;
  options.degenerate = DegeneratePolicy::keep;
  options.prior.concentration = {0.5};
  options.prior.components = default_prior(family, 2, source).components;
  for (const std::size_t batch_rows : {0, 1, 50}) {
    INFO("batches of " << batch_rows);
    options.batch_rows = batch_rows;
    options.max_iterations = 30;
    const FitResult result = fit(start, source, options);
    CHECK(events_of(result).find("kept: component 1: no more rows are left to it than the prior") != std::string::npos);
    CHECK(close(result.mixture.weights()[1], 0.3, round_off(1000, 1)));
    CHECK(result.mixture.parameters().row(1)[0] == -60);
    check_result(result);
    if (batch_rows > 0) continue;
    for (std::size_t t = 1; t < result.trace.size(); ++t)
      CHECK(result.trace[t].objective >= result.trace[t - 1].objective - 1e-9);  // rounding of 203 rows
  }
}

TEST_CASE("degenerate: a start where the prior has no density begins with its update", "[degenerate]") {
  Random random{8};
  Table table{1, {}};
  for (std::size_t n = 0; n < 60; ++n) table.values.push_back(random.uniform() < 0.4 ? 1 : 0);
  auto source = table.source();
  const auto family = family_of("bernoulli", 1);
  const Mixture no_weight(family, {0, 1}, parameter_table(*family, {{0.3}, {0.6}}));
  const Mixture no_success(family, {0.5, 0.5}, parameter_table(*family, {{0}, {0.6}}));
  for (const Update update : {Update::map, Update::sampled})
    for (const double concentration : {2.0, 0.5})
      for (const Mixture& start : {no_weight, no_success})
        for (const DegeneratePolicy policy : policies) {
          INFO(to_string(update) << ", concentration " << concentration << ", " << to_string(policy) << ", weight "
                                 << start.weights()[0]);
          FitOptions options;
          options.update = update;
          options.degenerate = policy;
          options.max_iterations = 5;
          options.prior = default_prior(family, 2, source);
          options.prior.concentration = {concentration};
          const bool is_degenerate = update == Update::map && concentration < 1 && start.weights()[0] == 0;
          if (is_degenerate && (policy == DegeneratePolicy::error || policy == DegeneratePolicy::keep)) {
            CHECK(error_of([&] {
                    fit(start, source, options);
                  }).find("numerical: data: at the start, component 0: no more rows are left to it than the prior") ==
                  0);
          } else {
            check_result(fit(start, source, options));
          }
        }
}

TEST_CASE("degenerate: policies with whole data and in batches", "[degenerate]") {
  const Table table = spike_and_normal();
  auto source = table.source();
  const auto family = family_of("gaussian", 1);
  const Mixture start(family, {0.9, 0.1}, parameter_table(*family, {{0, 1}, {100, 1}}));
  for (const std::size_t batch_rows : {0, 50}) {
    INFO("batches of " << batch_rows);
    FitOptions options;
    options.batch_rows = batch_rows;
    options.max_iterations = 500;
    options.degenerate = DegeneratePolicy::error;
    FitResult result = fit(start, source, options);
    CHECK(result.verdict == Verdict::degenerate);
    CHECK(result.message.find("component 1") != std::string::npos);
    check_result(result);

    options.degenerate = DegeneratePolicy::drop;
    result = fit(start, source, options);
    CHECK(result.mixture.components() == 1);
    CHECK(events_of(result).find("dropped: component 1") != std::string::npos);
    check_result(result);

    options.degenerate = DegeneratePolicy::keep;
    result = fit(start, source, options);
    CHECK(result.mixture.parameters().row(1)[1] == 1);
    CHECK(events_of(result).find("kept: component 1") != std::string::npos);
    check_result(result);

    options.degenerate = DegeneratePolicy::reseed;
    result = fit(start, source, options);
    CHECK(events_of(result).find("reseeded: component 1") != std::string::npos);
    check_result(result);
  }
}

TEST_CASE("degenerate: a dropped component leaves the fit of the others", "[degenerate]") {
  // With one component left, its mean and variance are those of all the rows whatever came before; its concentration
  // is the one that belonged to it.
  const Table table = spike_and_normal();
  auto source = table.source();
  const auto family = family_of("gaussian", 1);
  const Mixture start(family, {0.9, 0.1}, parameter_table(*family, {{0, 1}, {100, 1}}));
  FitOptions options;
  options.update = Update::map;
  options.degenerate = DegeneratePolicy::drop;
  options.prior.concentration = {3, 0.2};
  options.prior.components = default_prior(family, 2, source).components;
  Table single{1, {table.values.begin() + 3, table.values.end()}};
  auto single_source = single.source();
  const FitResult result = fit(start, single_source, options);  // nothing is near 100: less than 0.8 rows
  REQUIRE(result.mixture.components() == 1);
  REQUIRE(result.posterior.has_value());
  CHECK(close(result.posterior->concentration[0], 203, round_off(1000, 203)));
}

TEST_CASE("degenerate: the policy holds for a start", "[degenerate]") {
  const Table table = spike_and_normal();
  auto source = table.source();
  const auto family = family_of("gaussian", 1);
  const std::vector<double> R = spike_apart(table);
  const auto responsibilities = ConstMatrixView::row_major(R.data(), table.rows(), 2);
  FitOptions options;
  for (const DegeneratePolicy policy : {DegeneratePolicy::error, DegeneratePolicy::keep}) {
    options.degenerate = policy;  // there is nothing yet to keep
    const std::string error = error_of([&] { fit_responsibilities(family, responsibilities, source, options); });
    CHECK(error.find("numerical: data: at the start, component 1") == 0);
  }
  options.degenerate = DegeneratePolicy::drop;
  const FitResult dropped = fit_responsibilities(family, responsibilities, source, options);
  CHECK(dropped.mixture.components() == 1);
  REQUIRE(!dropped.trace.front().events.empty());
  CHECK(dropped.trace.front().events[0].find("dropped: component 1") == 0);
  options.degenerate = DegeneratePolicy::reseed;
  const FitResult reseeded = fit_responsibilities(family, responsibilities, source, options);
  CHECK(reseeded.trace.front().events[0].find("reseeded: component 1") == 0);
  check_result(reseeded);
}

TEST_CASE("degenerate: a component begins anew with N/K rows, half of them at one place", "[degenerate]") {
  // The row that is drawn is the mean; the variance is half that of all the data.
  const Table table = spike_and_normal();
  auto source = table.source();
  const auto family = family_of("gaussian", 1);
  const std::vector<double> R = spike_apart(table);
  FitOptions options;
  options.degenerate = DegeneratePolicy::reseed;
  options.max_iterations = 0;
  const FitResult result =
      fit_responsibilities(family, ConstMatrixView::row_major(R.data(), table.rows(), 2), source, options);
  MonteCarlo all;
  for (const double x : table.values) all.add(x);
  const double rows = static_cast<double>(table.rows());
  const double variance = all.variance() * (rows - 1) / rows;
  const auto theta = result.mixture.parameters().row(1);
  CHECK(std::any_of(table.values.begin(), table.values.end(),
                    [&](double x) { return close(theta[0], x, round_off(10 * rows, std::sqrt(variance))); }));
  CHECK(close(theta[1], variance / 2, round_off(10 * rows, variance)));
  CHECK(close(result.mixture.weights()[1], (rows / 2) / (rows / 2 + 200), round_off(10, 1)));
}

}  // namespace mixfam
