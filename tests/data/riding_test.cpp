// Weights, labels and gaps ride along with the rows, whatever source lies over another.

#include "data/copied_rows.hpp"
#include "data/streamed.hpp"
#include "support.hpp"

#include <memory>

namespace mixfam {
namespace {

using Catch::Matchers::Contains;

MemorySource memory_source(const std::vector<double>& values) {
  return MemorySource(ConstMatrixView::row_major(values.data(), values.size(), 1));
}

TEST_CASE("a cached source keeps weights and labels") {
  for (const std::size_t kept : {0U, 40U, 100U, 300U}) {
    RidingSource<double> inner(300, 7);
    const Streamed expected = streamed(inner);
    CachedSource source(inner, {kept * (3 * 8 + 8 + 4), 10 * 36});
    CHECK(source.has_gaps());
    CHECK((check_streams_alike(source) == expected));
    CHECK(source.cached_rows() == kept);
  }
}

TEST_CASE("copied rows have their weights, labels and gaps") {
  RidingSource<float> inner(200, 7);
  const CopiedRows rows(inner);
  CopiedSource source(rows);
  CHECK(source.has_gaps());
  CHECK((check_streams_alike(source) == streamed(inner)));
}

TEST_CASE("rows are merged where their labels are the same too") {
  const std::vector<double> values = {5, 5, 7, 5, 5, std::nan(""), std::nan(""), 7};
  MemorySource inner = memory_source(values);
  inner.set_labels(std::vector<std::int32_t>{0, 1, -1, 0, -1, 2, 2, -1});
  inner.allow_gaps();
  MergedSource merged(inner);
  CHECK(merged.has_gaps());
  const Streamed rows = streamed(merged);
  CHECK(rows.weights == std::vector<double>{2, 1, 2, 1, 2});
  CHECK(rows.labels == std::vector<std::int32_t>{0, 1, -1, -1, 2});
  CHECK(rows.numbers == std::vector<std::size_t>{0, 1, 2, 4, 5});
  CHECK(std::isnan(rows.value(4)));
}

TEST_CASE("a memory source hands out labels that live on and keeps those that do not") {
  const std::vector<double> values = {1, 2, 3};
  MemorySource source = memory_source(values);
  CHECK(source.next(1).labels == nullptr);
  CHECK_FALSE(source.has_gaps());
  const std::vector<std::int32_t> labels = {2, unlabelled, 0};
  source.set_labels(labels);
  source.rewind();
  CHECK(source.next(1).labels == labels.data());
  source.set_labels(std::vector<std::int32_t>{0, 1, 0});
  CHECK(streamed(source).labels == std::vector<std::int32_t>{0, 1, 0});
  source.set_labels({});
  CHECK(streamed(source).labels.empty());
  source.allow_gaps();
  CHECK(source.has_gaps());
}

TEST_CASE("labels that do not fit the rows are refused") {
  const std::vector<double> values = {1, 2, 3};
  MemorySource source = memory_source(values);
  CHECK(error_of([&] {
          source.set_labels(std::vector<std::int32_t>{0, 1});
        }) == "data: data: 2 labels for 3 rows (there must be as many)");
  CHECK_THAT(error_of([&] {
               source.set_labels(std::vector<std::int32_t>{0, -1, -2});
             }),
             Contains("the label of row 2 is -2"));
}

TEST_CASE("an annotated source has the weights and labels that it is given") {
  RidingSource<double> inner(100, 7);
  const Streamed before = streamed(inner);
  std::vector<double> weights(100, 2);
  std::vector<std::int32_t> labels(100, 1);
  labels[3] = unlabelled;
  weights[4] = 0;
  {
    AnnotatedSource source(inner, weights, labels);
    Streamed expected = before;
    expected.weights = weights;
    expected.labels = labels;
    CHECK((check_streams_alike(source) == expected));
    CHECK(source.has_gaps());
    CHECK(source.column_names() == inner.column_names());
    CHECK(source.category_labels() == inner.category_labels());
    CHECK(source.name() == "riding");
  }
  AnnotatedSource only_labels(inner, {}, labels);
  CHECK(streamed(only_labels).weights == before.weights);
  AnnotatedSource only_weights(inner, weights);
  CHECK(streamed(only_weights).labels == before.labels);
}

TEST_CASE("annotations from temporary containers are kept") {
  RidingSource<double> inner(100, 7);
  AnnotatedSource source(inner, std::vector<double>(100, 2.5), std::vector<std::int32_t>(100, 3));
  const Streamed rows = check_streams_alike(source);
  CHECK(rows.weights == std::vector<double>(100, 2.5));
  CHECK(rows.labels == std::vector<std::int32_t>(100, 3));
}

TEST_CASE("annotations that do not fit the rows are refused with the row's number") {
  RidingSource<double> inner(3, 7);
  const auto refusal = [&](std::vector<double> weights, std::vector<std::int32_t> labels = {}) {
    return error_of([&] { AnnotatedSource(inner, weights, labels); });
  };
  CHECK(refusal({1, 0, 2}).empty());
  CHECK_THAT(refusal({1, 1}), Contains("2 row weights for 3 rows"));
  CHECK_THAT(refusal({1, -1, 1}), Contains("the weight of row 11 is -1"));
  CHECK_THAT(refusal({1, 1, std::nan("")}), Contains("the weight of row 12 is nan"));
  CHECK_THAT(refusal({INFINITY, 1, 1}), Contains("the weight of row 10 is inf"));
  CHECK_THAT(refusal({1e308, 1e308, 1e308}), Contains("sum of the row weights"));
  CHECK_THAT(refusal({0, 0, 0}), Contains("the weights of rows 10 to 12 are all 0"));
  CHECK_THAT(refusal({}, {0}), Contains("1 label for 3 rows"));
  CHECK_THAT(refusal({}, {0, -7, 0}), Contains("the label of row 11 is -7"));
}

/// Sources over sources, and what all of them together are to hand out.
struct Stack {
  std::vector<std::unique_ptr<Source>> layers;
  Streamed expected;

  Source& top() const { return *layers.back(); }
  void keep(const std::vector<std::size_t>& taken) {
    Streamed rest;
    for (const std::size_t n : taken) {
      for (std::size_t j = 0; j < 3; ++j) rest.values.push_back(expected.values[3 * n + j]);
      rest.weights.push_back(expected.weights[n]);
      rest.labels.push_back(expected.labels[n]);
      rest.numbers.push_back(expected.numbers[n]);
    }
    expected = rest;
  }
};

void add_layer(Stack& stack, Random& random) {
  Source& inner = stack.top();
  const std::size_t rows = inner.rows();
  switch (random.below(5)) {
    case 0: {
      const Slice slice{
          static_cast<std::int64_t>(random.below(rows)), {}, 1 + static_cast<std::int64_t>(random.below(3))};
      stack.layers.push_back(std::make_unique<SelectedSource>(inner, slice));
      stack.keep(sliced(static_cast<std::int64_t>(rows), slice));
      return;
    }
    case 1: {
      // The parts are told apart by the rows of the other one.
      const RowSplit split{0.5, random(), SplitPart::train};
      RowSplit rest = split;
      rest.part = SplitPart::rest;
      if (rows < 30) return;  // a part may be empty
      SelectedSource others(inner, rest);
      const std::vector<std::size_t> left = streamed(others).numbers;
      std::vector<std::size_t> taken;
      for (std::size_t n = 0; n < rows; ++n)
        if (!std::binary_search(left.begin(), left.end(), stack.expected.numbers[n])) taken.push_back(n);
      stack.layers.push_back(std::make_unique<SelectedSource>(inner, split));
      stack.keep(taken);
      return;
    }
    case 2: {
      for (double& weight : stack.expected.weights) weight = 0.5 + random.uniform();
      for (std::int32_t& label : stack.expected.labels) label = static_cast<std::int32_t>(random.below(4)) - 1;
      stack.layers.push_back(std::make_unique<AnnotatedSource>(inner, std::vector<double>(stack.expected.weights),
                                                               std::vector<std::int32_t>(stack.expected.labels)));
      return;
    }
    case 3: {
      const auto value = static_cast<double>(random.below(100));
      for (std::size_t i = 0; i < stack.expected.values.size(); ++i)
        if (i % 3 != 2 && stack.expected.value(i) == value) stack.expected.values[i] = ~std::uint64_t{0};
      stack.layers.push_back(std::make_unique<GapValueSource>(inner, value));
      return;
    }
    default: {
      CacheOptions options;
      options.cache_bytes = random.below(40 * rows);
      options.chunk_bytes = 1 + random.below(2000);
      stack.layers.push_back(std::make_unique<CachedSource>(inner, options));
    }
  }
}

TEST_CASE("sources over sources stream the same whatever their order") {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    INFO("seed " << seed);
    Random random{seed, 10};
    Stack stack;
    const std::size_t rows = 1 + random.below(400);
    const std::size_t chunk_rows = 1 + random.below(50);
    if (random.below(2) == 0) {
      stack.layers.push_back(std::make_unique<RidingSource<double>>(rows, chunk_rows));
    } else {
      stack.layers.push_back(std::make_unique<RidingSource<std::int16_t>>(rows, chunk_rows));
    }
    stack.expected = streamed(stack.top());
    for (std::size_t layers = 1 + random.below(5); layers > 0; --layers) add_layer(stack, random);
    REQUIRE((check_streams_alike(stack.top()) == stack.expected));
    // From above, as each belongs to the one over it.
    while (!stack.layers.empty()) stack.layers.pop_back();
  }
}

}  // namespace
}  // namespace mixfam
