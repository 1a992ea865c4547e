#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "catch.hpp"
#include "laws.hpp"
#include "support.hpp"
#include "tolerance.hpp"

// Weights, labels and gaps together, in all families and by all methods. Guilty, if a law breaks: a source that loses
// what rides along, a worker whose sums depend on where blocks begin, or a label that does not hold.

namespace mixfam {
namespace {

constexpr double gap = std::numeric_limits<double>::quiet_NaN();

/// Two ways to one sum, over one update.
constexpr double other_order = 1e-10;

struct Case {
  const char* spec;
  std::size_t columns;
  bool draws_rows = true;  ///< `sampled` has a prior to draw from
};

constexpr Case cases[] = {
    {"gaussian", 3},
    {"gaussian:covariance=tied", 3},
    {"gaussian:covariance=spherical", 3},
    {"gaussian:covariance=diagonal", 3},
    {"log_normal", 2},
    {"gamma", 2, false},
    {"exponential", 2},
    {"poisson", 3},
    {"geometric", 2},
    {"bernoulli", 5},
    {"binomial:trials=4", 3},
    {"categorical:categories=3", 4},
    {"gaussian(0,1) * poisson(2) * categorical:categories=3(3)", 4},
};

/// Rows of three components that differ, each value of the kind that the family takes.
Table random_table(const Case& one, std::size_t rows, Random& random) {
  const FamilyPtr family = Registry::builtin().make(one.spec, one.columns);
  Table table{one.columns, {}};
  for (std::size_t n = 0; n < rows; ++n) {
    const double level = static_cast<double>(n % 3);
    for (std::size_t j = 0; j < one.columns; ++j) {
      const Support& support = family->support(j);
      const double greatest = std::min(support.upper, 12.0);
      double x = 1 + 3 * level + random.normal();
      if (support.lower >= 0) x = std::abs(x) + 0.1;
      if (support.integer) x = std::clamp(std::floor(support.lower + x * greatest / 10), support.lower, greatest);
      table.values.push_back(x);
    }
  }
  return table;
}

struct Annotations {
  std::vector<double> weights;
  std::vector<std::int32_t> labels;
  bool gaps = false;
};

Annotations annotate(Table& table, Random& random) {
  Annotations result;
  if (random.below(2) == 0)
    for (std::size_t n = 0; n < table.rows(); ++n) result.weights.push_back(static_cast<double>(random.below(4)) / 2);
  if (random.below(2) == 0)
    for (std::size_t n = 0; n < table.rows(); ++n)
      result.labels.push_back(random.uniform() < 0.3 ? static_cast<std::int32_t>(n % 3) : unlabelled);
  result.gaps = random.below(2) == 0;
  for (double& value : table.values)
    if (result.gaps && random.uniform() < 0.1) value = gap;
  for (std::size_t n = 0; n < result.weights.size(); ++n)
    if (result.weights[n] == 0) table.values[n * table.columns] = gap;  // removed, whatever it holds
  return result;
}

MemorySource source_of(const Table& table, const Annotations& annotations) {
  MemorySource source = table.source(annotations.weights);
  if (!annotations.labels.empty()) source.set_labels(annotations.labels);
  if (annotations.gaps) source.allow_gaps();
  return source;
}

FitOptions random_options(const Case& one, Random& random) {
  constexpr Update updates[] = {Update::ml, Update::map, Update::vb, Update::sampled};
  constexpr Assignment assignments[] = {Assignment::soft, Assignment::hard, Assignment::sampled};
  FitOptions options;
  options.update = one.draws_rows ? updates[random.below(4)] : Update::ml;
  options.assignment = options.update == Update::sampled ? Assignment::sampled : assignments[random.below(3)];
  if (options.update == Update::vb) options.assignment = Assignment::soft;
  options.max_iterations = 3;
  options.tolerance = 0;
  options.seed = random();
  options.degenerate = DegeneratePolicy::keep;
  return options;
}

bool same_bits(const Mixture& a, const Mixture& b) {
  bool same = a.weights() == b.weights();
  for (std::size_t k = 0; k < a.components(); ++k)
    same = same && std::ranges::equal(a.parameters().row(k), b.parameters().row(k));
  return same;
}

}  // namespace

TEST_CASE("annotated fits: the bits depend neither on threads nor on what is in memory", "[annotated][threads]") {
  for (std::uint64_t i = 0; i < 200; ++i) {
    Random random{20261125, i};
    const Case& one = cases[random.below(std::size(cases))];
    Table table = random_table(one, 2049 + random.below(5000), random);
    const Annotations annotations = annotate(table, random);
    FitOptions options = random_options(one, random);
    CAPTURE(i, one.spec, static_cast<int>(options.update), static_cast<int>(options.assignment), annotations.gaps,
            annotations.weights.empty(), annotations.labels.empty());
    MemorySource memory = source_of(table, annotations);
    const std::string noise = random.below(4) == 0 && one.columns < 4 ? "2 " + std::string(one.spec) + " + 1 uniform"
                                                                      : "3 " + std::string(one.spec);
    const Groups groups = Registry::builtin().make_groups(noise, std::nullopt, one.columns, {}, &memory);
    if (options.update != Update::ml) options.prior = default_prior(groups, memory);
    options.threads = 1;
    InitializeOptions start_options;
    start_options.seed = i;
    start_options.threads = 1;
    const Mixture start = initialize(groups, memory, start_options);
    const FitResult alone = fit(start, memory, options);

    SelectedSource copied(memory, Slice());
    CachedSource streamed(copied, {std::size_t{1} << 14, std::size_t{1} << 14});
    options.threads = 3;
    start_options.threads = 3;
    CHECK(same_bits(start, initialize(groups, streamed, start_options)));
    const FitResult other = fit(start, streamed, options);
    CHECK(same_bits(alone.mixture, other.mixture));
    CHECK(alone.objective() == other.objective());
  }
}

TEST_CASE("annotated fits: where all rows are labelled an update is the estimate of complete data", "[annotated]") {
  for (const Case& one : cases) {
    if (std::string(one.spec).find("tied") != std::string::npos) continue;  // a covariance of all components
    CAPTURE(one.spec);
    Random random{3};
    const Table table = random_table(one, 300, random);
    std::vector<std::int32_t> labels;
    for (std::size_t n = 0; n < table.rows(); ++n) labels.push_back(static_cast<std::int32_t>((n + 1) % 3));
    MemorySource source = table.source();
    source.set_labels(labels);
    const FamilyPtr family = Registry::builtin().make(one.spec, one.columns);
    for (const Update update : {Update::ml, Update::map}) {
      if (update == Update::map && !family->prior()) continue;
      FitOptions options;
      options.update = update;
      options.tolerance = 0;
      options.max_iterations = 1;
      if (update == Update::map) options.prior = default_prior(family, 3, source);
      const FitResult labelled = fit(initialize(family, 3, source), source, options);
      for (std::int32_t k = 0; k < 3; ++k) {
        Table part{one.columns, {}};
        for (std::size_t n = 0; n < table.rows(); ++n)
          if (labels[n] == k)
            for (std::size_t j = 0; j < one.columns; ++j) part.values.push_back(table(n, j));
        MemorySource own = part.source();
        const FitResult single = fit(initialize(family, 1, own), own, options);
        const auto expected = single.mixture.parameters().row(0);
        const auto found = labelled.mixture.parameters().row(static_cast<std::size_t>(k));
        for (std::size_t q = 0; q < expected.size(); ++q)
          CHECK(found[q] == Approx(expected[q]).epsilon(other_order).margin(other_order));
        if (update == Update::ml)
          CHECK(labelled.mixture.weights()[static_cast<std::size_t>(k)] == Approx(1.0 / 3).epsilon(other_order));
      }
    }
  }
}

TEST_CASE("annotated fits: labels that no component has are refused with their row", "[annotated]") {
  const Table table{1, {1, 2, 3, 4}};
  MemorySource source = table.source();
  source.set_labels(std::vector<std::int32_t>{0, unlabelled, 2, 1});
  const FamilyPtr family = Registry::builtin().make("exponential", 1);
  CHECK(error_of([&] {
          fit({family, {0.5, 0.5}, parameter_table(*family, {{1}, {2}})}, source);
        }) == "data: data row 2 has the label 2 (must be a component from 0 to 1, or -1 where it is not known)");
}

}  // namespace mixfam
