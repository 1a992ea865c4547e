#include "catch.hpp"

#include <mixfam/mixfam.hpp>

#include <cstdint>
#include <string>
#include <vector>

#include "support.hpp"
#include "tolerance.hpp"

namespace mixfam {
namespace {

/// Integers drawn from a mixture, with the start and the family of a fit.
struct Problem {
  FamilyPtr family;
  std::vector<std::uint8_t> values;
  Mixture start;

  ConstMatrixView as_doubles(std::vector<double>& buffer) const {
    buffer.assign(values.begin(), values.end());
    return ConstMatrixView::row_major(buffer.data(), values.size() / family->columns(), family->columns());
  }
  MemorySource source(ConstVectorView weights = {}) const {
    return MemorySource(BasicMatrixView<const std::uint8_t>::row_major(values.data(), values.size() / family->columns(),
                                                                       family->columns()),
                        weights);
  }
};

Problem drawn(const std::string& spec, std::size_t columns, const std::vector<std::vector<double>>& parameters) {
  const FamilyPtr family = Registry::builtin().make(spec, columns);
  const std::vector<double> weights(parameters.size(), 1 / static_cast<double>(parameters.size()));
  const Mixture truth(family, weights, parameter_table(*family, parameters));
  const std::vector<double> rows = truth.sample(1500, 41);
  return {family, {rows.begin(), rows.end()}, truth};
}

std::vector<Problem> problems() {
  return {drawn("bernoulli", 4, {{0.8, 0.7, 0.3, 0.2}, {0.3, 0.2, 0.6, 0.9}}),
          drawn("categorical:categories=3", 2, {{0.6, 0.2, 0.2, 0.1, 0.3, 0.6}, {0.1, 0.3, 0.6, 0.5, 0.4, 0.1}}),
          drawn("poisson", 1, {{2}, {9}})};
}

/// Whole numbers >= 0, so that their sums are exact.
std::vector<double> weights_for(std::size_t rows) {
  Random random{7};
  std::vector<double> weights;
  for (std::size_t n = 0; n < rows; ++n) weights.push_back(static_cast<double>(random.below(4)));
  return weights;
}

}  // namespace

TEST_CASE("merged source: a fit of the distinct rows is the fit of all rows", "[merged]") {
  for (const Problem& problem : problems())
    for (const bool weighted : {false, true})
      for (const Update update : {Update::ml, Update::map, Update::vb}) {
        INFO(problem.family->spec() << ", " << to_string(update) << (weighted ? ", weighted" : ""));
        const std::size_t rows = problem.values.size() / problem.family->columns();
        const auto weights = weighted ? weights_for(rows) : std::vector<double>();
        auto source = problem.source(weights);
        MergedSource merged(source);
        CHECK(merged.rows() < rows / 10);
        FitOptions options;
        options.update = update;
        options.tolerance = 0;
        options.max_iterations = 30;
        if (update != Update::ml) options.prior = default_prior(problem.family, 2, source);
        const FitResult full = fit(problem.start, source, options);
        const FitResult small = fit(problem.start, merged, options);
        const double scale = static_cast<double>(rows);
        CHECK(full.total_weight == small.total_weight);
        REQUIRE(full.trace.size() == small.trace.size());
        for (std::size_t t = 0; t < full.trace.size(); ++t) {
          const TraceEntry& a = full.trace[t];
          const TraceEntry& b = small.trace[t];
          CHECK(close(a.objective, b.objective, round_off(4 * scale, a.objective)));
          CHECK(close(a.entropy, b.entropy, round_off(4 * scale, scale)));
        }
        CHECK(close(full.log_likelihood(), small.log_likelihood(), round_off(4 * scale, full.log_likelihood())));
        CHECK(close(full.bic(), small.bic(), round_off(4 * scale, full.bic())));
        CHECK(close(full.icl(), small.icl(), round_off(4 * scale, full.icl())));
        const Schema& schema = full.mixture.parameters().schema();
        const auto expected = shown_values(schema, full.mixture.parameters().view());
        const auto actual = shown_values(schema, small.mixture.parameters().view());
        for (std::size_t i = 0; i < expected.size(); ++i) {
          // The rounding of the sums, carried through 30 iterations.
          CHECK(close(actual[i], expected[i], stated(1e-10, expected[i])));
        }
      }
}

TEST_CASE("merged source: distinct rows of positive weight in the order of first appearance, in their own type",
          "[merged]") {
  const std::vector<std::int16_t> values = {5, 1, 7, 2, 5, 1, -3, 0, 7, 2, 5, 1};
  const std::vector<double> weights = {1, 2, 0.5, 0, 4, 8};
  MemorySource source(BasicMatrixView<const std::int16_t>::row_major(values.data(), 6, 2), weights);
  source.set_column_names({"a", "b"});
  MergedSource merged(source);
  CHECK(merged.rows() == 2);
  CHECK(merged.columns() == 2);
  CHECK(merged.column_names() == std::vector<std::string>{"a", "b"});
  CHECK(merged.name() == "data");
  for (int pass = 0; pass < 2; ++pass) {
    merged.rewind();
    const Chunk chunk = merged.next(1);
    REQUIRE(chunk.rows == 2);
    REQUIRE(chunk.type == ElementType::int16);
    const auto* data = static_cast<const std::int16_t*>(chunk.data);
    CHECK(std::vector<std::int16_t>(data, data + 4) == std::vector<std::int16_t>{5, 1, 7, 2});
    CHECK(std::vector<double>(chunk.weights, chunk.weights + 2) == std::vector<double>{9.5, 6});
    CHECK(merged.next(1).rows == 0);
  }
}

TEST_CASE("merged source: neither chunks nor strides matter", "[merged]") {
  const Table table{2, {1, 2, 3, 4, 1, 2, 3, 4, 5, 6, 1, 2, 1, 2}};
  ChunkedSource chunks(table, {1, 2});
  MergedSource merged(chunks);
  std::vector<double> transposed;
  for (std::size_t j = 0; j < 2; ++j)
    for (std::size_t n = 0; n < table.rows(); ++n) transposed.push_back(table(n, j));
  MemorySource columns(ConstMatrixView::column_major(transposed.data(), table.rows(), 2));
  MergedSource merged_columns(columns);
  for (MergedSource* one : {&merged, &merged_columns}) {
    const Chunk chunk = one->next(1);
    REQUIRE(chunk.rows == 3);
    CHECK(std::vector<double>(chunk.weights, chunk.weights + 3) == std::vector<double>{4, 2, 1});
    const auto* data = static_cast<const double*>(chunk.data);
    CHECK(std::vector<double>(data, data + 6) == std::vector<double>{1, 2, 3, 4, 5, 6});
  }
}

TEST_CASE("merged source: messages name the rows of the data", "[merged]") {
  const Table table{1, {1, 1, 0, 1, 0, -2, 0}};
  auto source = table.source();
  MergedSource merged(source);
  const Mixture start(Registry::builtin().make("poisson", 1), {1},
                      parameter_table(*Registry::builtin().make("poisson", 1), {{1}}));
  CHECK(error_of([&] { fit(start, merged); }) == error_of([&] { fit(start, source); }));
  CHECK(error_of([&] { fit(start, merged); }).find("data row 5, column 0: -2 is outside") != std::string::npos);
}

TEST_CASE("merged source: a limit on memory", "[merged]") {
  Table table{1, {}};
  for (int n = 0; n < 1000; ++n) table.values.push_back(n % 500);
  auto source = table.source();
  CHECK(MergedSource(source, 100'000).rows() == 500);
  const std::string error = error_of([&] { MergedSource(source, 10'000); });
  INFO(error);
  CHECK(error.find("data: data: the first ") == 0);
  CHECK(error.find("take more than 10000 bytes; fit the rows without merging them") != std::string::npos);
}

}  // namespace mixfam
