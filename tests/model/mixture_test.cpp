#include <array>
#include <cmath>
#include <cstdint>

#include "catch.hpp"
#include "support.hpp"
#include "tolerance.hpp"

namespace mixfam {

namespace {

FamilyPtr gaussian(std::size_t d) { return Registry::builtin().make("gaussian", d); }
FamilyPtr exponential(std::size_t d) { return Registry::builtin().make("exponential", d); }

Mixture two_gaussians() {
  return {gaussian(2), {0.25, 0.75}, parameter_table(*gaussian(2), {{0, 0, 1, 0, 0, 1}, {3, 1, 2, 0.5, 0.5, 1}})};
}

}  // namespace

TEST_CASE("mixture: only valid values can be built", "[mixture]") {
  const auto refusal = [](std::vector<double> weights, const std::vector<std::vector<double>>& rows) {
    return error_of([&] { Mixture(exponential(1), weights, parameter_table(*exponential(1), rows)); });
  };
  CHECK(refusal({1}, {{2}}) == "");
  CHECK(refusal({0, 1}, {{2}, {3}}) == "");
  CHECK(refusal({0.5, 0.5 + 1e-7}, {{2}, {3}}) == "");
  CHECK(refusal({}, {}) == "data: a mixture without components (there must be at least one)");
  CHECK(refusal({0.5, 0.6}, {{2}, {3}}) == "data: the weights sum to 1.100000 (must be 1)");
  CHECK(refusal({-0.5, 1.5}, {{2}, {3}}) == "data: the weight of component 0 is -0.500000 (must be in [0, 1])");
  CHECK(refusal({NAN, 1}, {{2}, {3}}) == "data: the weight of component 0 is nan (must be in [0, 1])");
  CHECK(refusal({0.5, 0.5}, {{2}, {-3}}) == "data: component 1: rate[0] = -3 (must be > 0)");
  CHECK(refusal({0.5, 0.5}, {{2}, {NAN}}) == "data: component 1: rate[0] = nan (must be finite)");
  CHECK(refusal({0.5, 0.5}, {{2}}) == "data: parameters of 1 component, but 2 weights (there must be as many)");
  CHECK(error_of([] {
          Mixture(gaussian(1), {1}, parameter_table(*gaussian(1), {{0, 0}}));
        }) == "data: component 0: covariance is not positive definite");
}

TEST_CASE("mixture: the parameters of another family are refused, whatever their number", "[mixture]") {
  // One rate each: exponential and Poisson, by names; means and variances of two columns, by shapes.
  const auto of = [](const std::string& spec, std::size_t d) { return Registry::builtin().make(spec, d); };
  const auto refusal = [](const FamilyPtr& family, const FamilyPtr& other) {
    ParameterTable theta(other->parameters(), 1);
    for (double& value : theta.row(0)) value = 0.5;
    return error_of([&] { Mixture(family, {1}, theta); });
  };
  CHECK(refusal(exponential(1), exponential(1)).empty());
  CHECK(refusal(exponential(1), of("bernoulli", 1)) ==
        "data: these are no parameters of 'exponential': 'probability' [1] where 'rate' [1] is needed");
  CHECK(refusal(of("multinomial", 3), of("bernoulli", 3)).find("where 'probabilities' [3] is needed") !=
        std::string::npos);
  // Of the same names and shapes, but under laxer rules: the family's own rules count.
  ParameterTable lax(Schema({{"rate", {1}, Domain::real}}), 1);
  lax.row(0)[0] = -3;
  CHECK(error_of([&] { Mixture(exponential(1), {1}, lax); }) == "data: component 0: rate[0] = -3 (must be > 0)");
}

TEST_CASE("the prior of another family is refused, whatever its number of values", "[mixture]") {
  const auto bernoulli = Registry::builtin().make("bernoulli", 1);
  Prior prior;
  prior.components = flat_hyperparameters(bernoulli);
  CHECK(error_of([&] { check_prior({bernoulli, 1}, prior); }).empty());
  CHECK(error_of([&] {
          check_prior({exponential(1), 1}, prior);
        }) == "usage: prior: these are no hyperparameters of 'exponential': 'a' [1] where 'shape' [1] is needed");
}

TEST_CASE("a null family is refused wherever one is taken", "[mixture]") {
  const std::string expected = "usage: the family is a null pointer; make one, as by Registry::make";
  const FamilyPtr none;
  const Table table{1, {1, 2, 3}};
  auto source = table.source();
  const std::vector<double> R = {1, 1, 1};
  CHECK(error_of([&] { Mixture(none, {1}, parameter_table(*exponential(1), {{1}})); }) == expected);
  CHECK(error_of([&] { make_product({{none, {0}}}); }) == expected);
  CHECK(error_of([&] { initialize(none, 1, source); }) == expected);
  CHECK(error_of([&] { fit_restarts(none, 1, source); }) == expected);
  CHECK(error_of([&] { fit_responsibilities(none, ConstMatrixView::row_major(R.data(), 3, 1), source); }) == expected);
  CHECK(error_of([&] { default_prior(none, 1, source); }) == expected);
  CHECK(error_of([&] { make_posterior(none, Statistics(), {}); }) == expected);
  CHECK(error_of([&] { log_predictive(none, {}, source); }) == expected);
  CHECK(error_of([&] { log_marginal_likelihood(none, 1, source, {0, 0, 0}, {}); }) == expected);
  CHECK(error_of([&] { load_start("any.h5", none); }) == expected);
  Registry registry;
  registry.add({"hollow", "", {}, [](const Shape&) { return FamilyPtr(); }});
  CHECK(error_of([&] { registry.make("hollow", 1); }) == expected);
}

TEST_CASE("mixture: the density of a hand-made example", "[mixture]") {
  // p(x) = 0.25 * 2 exp(-2 x) + 0.75 * 0.5 exp(-0.5 x)
  const Mixture mixture(exponential(1), {0.25, 0.75}, parameter_table(*exponential(1), {{2}, {0.5}}));
  const Table table{1, {0, 1, 3, 2000}};
  auto source = table.source();
  const auto density = mixture.log_density(source);
  const auto r = mixture.responsibilities(source);
  double total = 0;
  for (std::size_t n = 0; n < 3; ++n) {
    const double x = table.values[n];
    const double a = 0.5 * std::exp(-2 * x), b = 0.375 * std::exp(-0.5 * x);
    CHECK(close(density[n], std::log(a + b), round_off(16, 1 + 2 * x)));
    CHECK(close(r[2 * n], a / (a + b), round_off(16 * (1 + 2 * x), 1)));
    CHECK(close(r[2 * n + 1], b / (a + b), round_off(16 * (1 + 2 * x), 1)));
  }
  // Where both densities underflow, their logarithms do not.
  CHECK(close(density[3], std::log(0.375) - 1000, round_off(16, 1000)));
  CHECK(close(r[6] + r[7], 1, round_off(2, 1)));
  for (const double value : density) total += value;
  CHECK(close(mixture.log_likelihood(source), total, round_off(16, 1000)));
  const std::vector<double> weights = {2, 0, 0.5, 1};
  auto weighted = table.source(weights);
  CHECK(close(mixture.log_likelihood(weighted), 2 * density[0] + 0.5 * density[2] + density[3], round_off(16, 1000)));
  CHECK(mixture.log_density(weighted) == density);  // weights are no part of the density
}

TEST_CASE("mixture: a component of weight 0 takes nothing", "[mixture]") {
  const Mixture mixture(exponential(1), {0, 1}, parameter_table(*exponential(1), {{2}, {0.5}}));
  const Table table{1, {0, 1, 5}};
  auto source = table.source();
  for (std::size_t n = 0; n < 3; ++n) {
    CHECK(mixture.responsibilities(source)[2 * n] == 0);
    CHECK(close(mixture.log_density(source)[n], std::log(0.5) - 0.5 * table.values[n], round_off(8, 4)));
  }
}

TEST_CASE("mixture: a row beyond all components is named", "[mixture]") {
  const Mixture mixture(gaussian(1), {1}, parameter_table(*gaussian(1), {{0, 1}}));
  const Table table{1, {0, 1e200}};
  auto source = table.source();
  CHECK(error_of([&] { mixture.log_density(source); }).find("data row 1 has no density under any component") !=
        std::string::npos);
}

TEST_CASE("mixture: the layout of the data does not change a bit", "[mixture][source]") {
  const Mixture mixture = two_gaussians();
  Table table{2, mixture.sample(5000, 3)};
  for (double& x : table.values) x = std::ldexp(std::round(std::ldexp(x, 8)), -8);  // floats and small integers hold it
  auto row_major = table.source();
  const auto density = mixture.log_density(row_major);
  const double log_likelihood = mixture.log_likelihood(row_major);

  const std::size_t rows = table.rows();
  std::vector<double> columns(2 * rows), padded(7 * rows, NAN);
  std::vector<float> floats(2 * rows);
  std::vector<double> backwards(2 * rows);
  for (std::size_t n = 0; n < rows; ++n)
    for (std::size_t j = 0; j < 2; ++j) {
      columns[j * rows + n] = table(n, j);
      padded[7 * n + 3 * j + 1] = table(n, j);
      floats[2 * n + j] = static_cast<float>(table(n, j));
      backwards[2 * (rows - 1 - n) + j] = table(n, j);
    }
  MemorySource column_major(MatrixView::column_major(columns.data(), rows, 2));
  MemorySource strided(ConstMatrixView(padded.data() + 1, rows, 2, 7, 3));
  MemorySource single(BasicMatrixView<float>::row_major(floats.data(), rows, 2));
  MemorySource reversed(ConstMatrixView(backwards.data() + 2 * (rows - 1), rows, 2, -2, 1));
  for (Source* source : {static_cast<Source*>(&column_major), static_cast<Source*>(&strided),
                         static_cast<Source*>(&single), static_cast<Source*>(&reversed)}) {
    CHECK(mixture.log_density(*source) == density);
    CHECK(mixture.log_likelihood(*source) == log_likelihood);
  }
  ChunkedSource chunks(table, {1, 2});
  CHECK(mixture.log_likelihood(chunks) == log_likelihood);
  CHECK(mixture.log_density(chunks) == density);
}

namespace {

template <class T>
void integers_are_doubles() {
  const Mixture mixture(exponential(1), {0.5, 0.5}, parameter_table(*exponential(1), {{2}, {0.05}}));
  std::vector<T> values;
  Table table{1, {}};
  for (int i = 0; i < 100; ++i) {
    values.push_back(static_cast<T>(i));
    table.values.push_back(i);
  }
  MemorySource source(BasicMatrixView<T>::row_major(values.data(), 100, 1));
  auto doubles = table.source();
  CHECK(mixture.log_density(source) == mixture.log_density(doubles));
}

}  // namespace

TEST_CASE("mixture: integers of every width are the same numbers", "[mixture][source]") {
  integers_are_doubles<std::int8_t>();
  integers_are_doubles<std::uint8_t>();
  integers_are_doubles<std::int16_t>();
  integers_are_doubles<std::uint16_t>();
  integers_are_doubles<std::int32_t>();
  integers_are_doubles<std::uint32_t>();
  integers_are_doubles<std::int64_t>();
  integers_are_doubles<std::uint64_t>();
  integers_are_doubles<float>();
}

TEST_CASE("source: what an array must be", "[source]") {
  const std::vector<double> X = {1, 2, 3, 4};
  const auto view = ConstMatrixView::row_major(X.data(), 2, 2);
  CHECK(error_of([&] { MemorySource(ConstMatrixView::row_major(X.data(), 0, 2)); }) ==
        "data: data: 0 rows and 2 columns (there must be at least one of each)");
  const std::vector<double> three = {1, 1, 1}, negative = {1, -1}, broken = {NAN, 1}, infinite = {1, INFINITY};
  CHECK(error_of([&] { MemorySource(view, three); }) == "data: data: 3 row weights for 2 rows (there must be as many)");
  CHECK(error_of([&] { MemorySource(view, negative); }) ==
        "data: data: the weight of row 1 is -1.000000 (must be finite and >= 0)");
  CHECK(error_of([&] { MemorySource(view, broken); }).find("the weight of row 0 is nan") != std::string::npos);
  CHECK(error_of([&] { MemorySource(view, infinite); }).find("the weight of row 1 is inf") != std::string::npos);
  MemorySource source(view);
  CHECK(error_of([&] { source.set_column_names({"a"}); }) ==
        "usage: data: 1 column name for 2 columns (there must be as many)");
  CHECK(source.next(1).rows == 2);
  CHECK(source.next(1).rows == 0);
  source.rewind();
  CHECK(source.next(1).data == X.data());  // no copy
}

TEST_CASE("source: temporary weights are kept, others are used where they lie", "[source]") {
  const std::vector<double> X = {1, 2, 3, 4};
  const auto view = ConstMatrixView::row_major(X.data(), 2, 2);
  const std::vector<double> expected = {5, 7};
  const auto weights_of = [](MemorySource& source) {
    source.rewind();
    const Chunk chunk = source.next(1);
    return std::vector<double>(chunk.weights, chunk.weights + chunk.rows);
  };
  // Address sanitizers see what a freed vector would be; elsewhere other values take its place.
  MemorySource of_vector(view, std::vector<double>{5, 7});
  MemorySource of_array(view, std::array<double, 2>{5, 7});
  const std::vector<double> other(2, -1), another(2, -1);
  CHECK(weights_of(of_vector) == expected);
  CHECK(weights_of(of_array) == expected);
  MemorySource copy = of_vector;
  of_vector = of_array;
  CHECK(weights_of(copy) == expected);

  const std::vector<double> weights = {5, 7};
  MemorySource of_container(view, weights), of_view(view, ConstVectorView(weights));
  CHECK(of_container.next(1).weights == weights.data());
  CHECK(of_view.next(1).weights == weights.data());
  MemorySource none(view, {});
  CHECK(none.next(1).weights == nullptr);
}

TEST_CASE("mixture: samples are those of the mixture", "[mixture]") {
  const Mixture mixture = two_gaussians();
  constexpr std::size_t rows = 20'000;
  const auto X = mixture.sample(rows, 42);
  CHECK(X == mixture.sample(rows, 42));
  CHECK(X != mixture.sample(rows, 43));
  // The first rows do not depend on how many follow.
  const auto few = mixture.sample(10, 42);
  CHECK(std::equal(few.begin(), few.end(), X.begin()));
  // E[x] = sum w_k m_k; E[x_i x_j] = sum w_k (C_k + m_k m_k')
  const double mean[] = {2.25, 0.75};
  const double second[2][2] = {{0.25 * 1 + 0.75 * 11, 0.75 * 3.5}, {0.75 * 3.5, 0.25 * 1 + 0.75 * 2}};
  for (std::size_t i = 0; i < 2; ++i) {
    MonteCarlo first;
    for (std::size_t n = 0; n < rows; ++n) first.add(X[2 * n + i]);
    CHECK(close(first.mean(), mean[i], monte_carlo(first.standard_error())));
    for (std::size_t j = 0; j < 2; ++j) {
      MonteCarlo product;
      for (std::size_t n = 0; n < rows; ++n) product.add(X[2 * n + i] * X[2 * n + j]);
      CHECK(close(product.mean(), second[i][j], monte_carlo(product.standard_error())));
    }
  }
}

TEST_CASE("mixture: the mean responsibility over its own samples is the weight", "[mixture]") {
  const Mixture mixture = two_gaussians();
  const Table table{2, mixture.sample(20'000, 9)};
  auto source = table.source();
  const auto r = mixture.responsibilities(source);
  MonteCarlo first;
  for (std::size_t n = 0; n < table.rows(); ++n) {
    first.add(r[2 * n]);
    REQUIRE(close(r[2 * n] + r[2 * n + 1], 1, round_off(4, 1)));
  }
  CHECK(close(first.mean(), 0.25, monte_carlo(first.standard_error())));
}

TEST_CASE("mixture: free parameters", "[mixture]") {
  CHECK(two_gaussians().free_parameters() == 1 + 2 * 5);
  CHECK(two_gaussians().components() == 2);
}

}  // namespace mixfam
