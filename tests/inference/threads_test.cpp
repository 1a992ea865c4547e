#include <mixfam/mixfam.hpp>

#include <atomic>
#include <string>
#include <vector>

#include "catch.hpp"
#include "data/blocks.hpp"
#include "support.hpp"

// The number of threads and the chunks of a source change no bit of any result.

namespace mixfam {
namespace {

const std::vector<std::size_t> thread_counts = {1, 2, 3, 4, 8};

/// Everything that a fit reports, bit for bit.
std::vector<double> numbers_of(const FitResult& result) {
  std::vector<double> all = result.mixture.weights();
  for (std::size_t k = 0; k < result.mixture.components(); ++k)
    for (const double value : result.mixture.parameters().row(k)) all.push_back(value);
  for (const TraceEntry& entry : result.trace)
    for (const double value : {entry.log_likelihood, entry.q, entry.entropy, entry.elbo_e, entry.kl})
      all.push_back(value == value ? value : 0);
  return all;
}

struct DataSet {
  std::string spec;
  std::size_t columns;
  std::size_t rows;
  Update update = Update::ml;
  Assignment assignment = Assignment::soft;
  bool weighted = false;
};

Table table_of(const DataSet& data, const Family& family, std::uint64_t seed) {
  Random random{seed};
  Table table{data.columns, {}};
  for (std::size_t n = 0; n < data.rows; ++n)
    for (std::size_t j = 0; j < data.columns; ++j) {
      const Support& support = family.support(j);
      const double drawn = random.gamma(n % 3 == 0 ? 1 : 6, 1) + 1e-6;
      table.values.push_back(support.integer ? std::min(std::floor(drawn), support.upper) : drawn);
    }
  return table;
}

}  // namespace

TEST_CASE("threads: never more than there are leaves, nor than any machine has cores", "[threads]") {
  Table small{1, std::vector<double>(10)};
  Table large{1, std::vector<double>(5000 * leaf_rows)};
  MemorySource few = small.source();
  MemorySource many = large.source();
  CHECK(Rows(few, 10'000'000).threads == 1);
  CHECK(Rows(many, 10'000'000).threads <= 1024);
  CHECK(Rows(many, 3).threads == 3);
}

TEST_CASE("threads: the same bits for 1, 2, 3, 4 and 8, and for any chunks", "[threads][determinism]") {
  const std::size_t leaf = leaf_rows;
  const std::vector<DataSet> data_sets = {
      {"gaussian", 1, 300},
      {"gaussian", 2, 40 * leaf + 77},
      {"gaussian", 5, 9 * leaf},
      {"gaussian", 3, 6 * leaf + 1, Update::map},
      {"gaussian", 2, 5 * leaf + 1000, Update::vb},
      {"gaussian", 2, 3 * leaf, Update::sampled, Assignment::sampled},
      {"gaussian:covariance=tied", 3, 7 * leaf + 5},
      {"gaussian:covariance=diagonal", 4, 11 * leaf + 300},
      {"gaussian:covariance=spherical", 3, 8 * leaf + 3, Update::ml, Assignment::hard},
      {"exponential", 1, 70 * leaf + 9},
      {"exponential", 3, 5 * leaf + 255, Update::ml, Assignment::soft, true},
      {"exponential", 1, 4 * leaf, Update::ml, Assignment::sampled},
      {"bernoulli", 9, 6 * leaf + 17},
      {"bernoulli", 4, 13 * leaf, Update::vb},
      {"binomial:trials=20", 2, 5 * leaf + 2},
      {"categorical:categories=30", 3, 7 * leaf + 700},
      {"categorical:categories=30", 2, 4 * leaf + 1, Update::map, Assignment::soft, true},
      {"poisson", 2, 9 * leaf + 1},
      {"geometric", 1, 12 * leaf + 40},
      {"gamma", 1, 5 * leaf + 11},
      {"log_normal", 2, 6 * leaf + 12, Update::map},
      {"multinomial", 3, 5 * leaf + 4},
      {"gaussian(0) * poisson(1)", 2, 8 * leaf + 8},
  };
  CHECK(data_sets.size() >= 20);
  for (std::size_t i = 0; i < data_sets.size(); ++i) {
    const DataSet& data = data_sets[i];
    CAPTURE(i, data.spec, data.rows);
    const FamilyPtr family = Registry::builtin().make(data.spec, data.columns);
    const Table table = table_of(data, *family, i);
    std::vector<double> weights;
    Random random{i};
    for (std::size_t n = 0; data.weighted && n < data.rows; ++n) weights.push_back(2 * random.uniform());

    std::vector<double> expected;
    for (const std::size_t threads : thread_counts)
      for (const auto& granules : {std::vector<std::size_t>{}, {1}, {3, 1}}) {
        CAPTURE(threads, granules);
        MemorySource memory = table.source(weights);
        ChunkedSource chunked(table, granules, weights);
        Source& source = granules.empty() ? static_cast<Source&>(memory) : chunked;
        FitOptions options;
        options.update = data.update;
        options.assignment = data.assignment;
        options.threads = threads;
        options.max_iterations = 3;
        options.verify = i % 4 == 0;
        if (data.update != Update::ml) options.prior = default_prior(family, 2, source);
        RestartsOptions restarts;
        restarts.restarts = i % 5 == 0 ? 2 : 1;
        const auto found = numbers_of(fit_restarts(family, 2, source, restarts, options).best);
        if (expected.empty()) expected = found;
        CHECK(found == expected);
      }
  }
}

TEST_CASE("threads: the error is that of the first bad row", "[threads]") {
  Table table{1, std::vector<double>(50 * leaf_rows, 1.0)};
  table.values[3 * leaf_rows + 5] = -1;
  table.values[40 * leaf_rows] = -2;
  auto source = table.source();
  const auto family = Registry::builtin().make("exponential", 1);
  const Mixture mixture(family, {1}, parameter_table(*family, {{1}}));
  for (const std::size_t threads : thread_counts) {
    FitOptions options;
    options.threads = threads;
    const std::string message = error_of([&] { fit(mixture, source, options); });
    CHECK(message.find("row " + std::to_string(3 * leaf_rows + 5) + ",") != std::string::npos);
  }
}

TEST_CASE("threads: parts cover every number once", "[threads]") {
  for (const std::size_t threads : thread_counts)
    for (const std::size_t count : {std::size_t{0}, std::size_t{1}, std::size_t{1023}, std::size_t{5000}}) {
      std::vector<std::atomic<int>> seen(count);
      for_each_part(count, threads, 1024, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) ++seen[i];
      });
      CHECK(std::all_of(seen.begin(), seen.end(), [](const auto& times) { return times == 1; }));
    }
}

TEST_CASE("threads: the first part that throws is heard", "[threads]") {
  for (const std::size_t threads : thread_counts)
    CHECK(error_of([&] {
            for_each_part(8, threads, 1,
                          [](std::size_t begin, std::size_t) { throw Error(ErrorKind::data, std::to_string(begin)); });
          }) == "data: 0");
}

}  // namespace mixfam
