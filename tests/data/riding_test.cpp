// Weights, labels and gaps ride along with the rows, whatever source lies over another.

#include "data/copied_rows.hpp"
#include "data/streamed.hpp"
#include "support.hpp"

#include <array>
#include <memory>
#include <optional>

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
  CHECK_THAT(refusal({0, 0, 0}), Contains("the weights of rows 10 to 12 are all 0"));
  CHECK_THAT(refusal({}, {0}), Contains("1 label for 3 rows"));
  CHECK_THAT(refusal({}, {0, -7, 0}), Contains("the label of row 11 is -7"));
}

/// What a selection of RidingSource's rows is to be.
template <class T>
Streamed selected_rows(std::size_t rows, const std::vector<std::size_t>& taken) {
  RidingSource<T> inner(rows, rows);
  const Streamed all = streamed(inner);
  Streamed result;
  for (const std::size_t n : taken) {
    for (std::size_t j = 0; j < 3; ++j) result.values.push_back(all.values[3 * n + j]);
    result.weights.push_back(all.weights[n]);
    result.labels.push_back(all.labels[n]);
    result.numbers.push_back(all.numbers[n]);
  }
  return result;
}

/// The numbers that Python's range(N)[begin:end:step] has, found one by one.
std::vector<std::size_t> sliced(std::int64_t size, const Slice& slice) {
  std::vector<std::size_t> taken;
  const auto from_behind = [&](std::int64_t bound) {
    return std::max<std::int64_t>(bound < 0 ? bound + size : bound, 0);
  };
  for (std::int64_t n = from_behind(slice.begin.value_or(0)); n < from_behind(slice.end.value_or(size));
       n += slice.step)
    if (n < size) taken.push_back(static_cast<std::size_t>(n));
  return taken;
}

TEST_CASE("slices select what Python's do, with weights, labels and numbers") {
  const std::vector<std::optional<std::int64_t>> bounds = {std::nullopt, 0, 1, 17, 99, 100, 5000, -1, -40, -100, -5000};
  std::size_t cases = 0;
  for (const auto& begin : bounds)
    for (const auto& end : bounds)
      for (const std::int64_t step : {1, 2, 3, 64, 1000}) {
        const Slice slice{begin, end, step};
        const std::vector<std::size_t> taken = sliced(100, slice);
        RidingSource<double> inner(100, 7);
        if (taken.empty()) {
          CHECK_THAT(error_of([&] { SelectedSource(inner, slice); }), Contains("none of its 100 rows is selected"));
          continue;
        }
        SelectedSource source(inner, slice);
        REQUIRE(source.rows() == taken.size());
        REQUIRE((streamed(source, {1, 3}) == selected_rows<double>(100, taken)));
        if (++cases % 20 == 0) check_streams_alike(source);
      }
}

TEST_CASE("a selection of many rows comes in several pieces") {
  const std::size_t rows = 300000;
  RidingSource<double> inner(rows, 1000);
  const Slice slice{5, -3, 2};
  SelectedSource source(inner, slice);
  CHECK((check_streams_alike(source) == selected_rows<double>(rows, sliced(rows, slice))));
  source.rewind();
  CHECK(source.next(1).rows < source.rows());
}

TEST_CASE("a slice that runs backwards is refused") {
  RidingSource<double> inner(10, 7);
  for (const std::int64_t step : {0, -1})
    CHECK_THAT(error_of([&] { SelectedSource(inner, Slice{{}, {}, step}); }), Contains("must be > 0"));
}

TEST_CASE("slices are read as they are written") {
  const auto check = [](const std::string& text, const Slice& expected) {
    const auto slice = Slice::parse(text);
    REQUIRE(slice);
    CHECK(slice->begin == expected.begin);
    CHECK(slice->end == expected.end);
    CHECK(slice->step == expected.step);
  };
  check(":", {});
  check("1:5", {1, 5, 1});
  check("-5:", {-5, {}, 1});
  check("::3", {{}, {}, 3});
  check("2:-1:4", {2, -1, 4});
  for (const char* text : {"", "5", "a:b", "1:2:3:4", "1.5:2", "1 :2", "99999999999999999999:", "+1:"})
    CHECK_FALSE(Slice::parse(text));
}

TEST_CASE("the two parts of a split are complementary") {
  for (const std::uint64_t seed : {0U, 1U, 12345U})
    for (const double fraction : {0.01, 0.5, 0.8}) {
      const std::size_t rows = 5000;
      RidingSource<double> inner(rows, 7);
      SelectedSource train(inner, RowSplit{fraction, seed, SplitPart::train});
      const Streamed first = check_streams_alike(train);
      RidingSource<double> again(rows, 64);
      SelectedSource rest(again, RowSplit{fraction, seed, SplitPart::rest});
      const Streamed second = check_streams_alike(rest);
      std::vector<std::size_t> numbers = first.numbers;
      numbers.insert(numbers.end(), second.numbers.begin(), second.numbers.end());
      std::sort(numbers.begin(), numbers.end());
      REQUIRE(numbers.size() == rows);
      for (std::size_t n = 0; n < rows; ++n) REQUIRE(numbers[n] == 10 + n);
      for (Streamed part : {first, second}) {
        std::vector<std::size_t> taken = part.numbers;
        for (std::size_t& number : taken) number -= 10;
        CHECK((part == selected_rows<double>(rows, taken)));
      }
      // Five standard deviations of a binomial number.
      const double n = static_cast<double>(rows);
      CHECK(std::abs(static_cast<double>(first.numbers.size()) - fraction * n) <
            5 * std::sqrt(n * fraction * (1 - fraction)));
    }
}

TEST_CASE("a row falls on the same side of a split whatever else is selected") {
  RidingSource<double> inner(1000, 7);
  const RowSplit split{0.5, 3, SplitPart::train};
  SelectedSource train(inner, split);
  const std::vector<std::size_t> of_all = streamed(train).numbers;
  SelectedSource half(inner, Slice{1, {}, 2});
  SelectedSource train_of_half(half, split);
  std::vector<std::size_t> expected;
  for (const std::size_t number : of_all)
    if (number % 2 == 1) expected.push_back(number);
  CHECK(check_streams_alike(train_of_half).numbers == expected);
}

TEST_CASE("seeds split differently") {
  RidingSource<double> inner(1000, 7);
  SelectedSource one(inner, RowSplit{0.5, 1, SplitPart::train});
  const Streamed first = streamed(one);
  SelectedSource two(inner, RowSplit{0.5, 2, SplitPart::train});
  CHECK(first.numbers != streamed(two).numbers);
}

TEST_CASE("splits that cannot be are refused") {
  RidingSource<double> inner(3, 7);
  for (const double fraction : {0.0, 1.0, -1.0, 2.0, std::nan("")})
    CHECK_THAT(error_of([&] { SelectedSource(inner, RowSplit{fraction}); }),
               Catch::Matchers::StartsWith("usage: `split` = "));
  CHECK_THAT(error_of([&] { SelectedSource(inner, RowSplit{1e-9}); }), Contains("none of its 3 rows is selected"));
}

TEST_CASE("a selection goes on after an error of the other source") {
  class Failing final : public ForwardingSource {
   public:
    using ForwardingSource::ForwardingSource;
    Chunk next(std::size_t granularity) override {
      if (--calls_left == 0) throw Error(ErrorKind::data, "broken");
      return ForwardingSource::next(granularity);
    }
    int calls_left = -1;
  };
  RidingSource<double> riding(100, 7);
  Failing inner(riding);
  SelectedSource source(inner, Slice{3, {}, 2});
  const Streamed expected = streamed(source);
  for (int call = 1; call < 14; ++call) {
    source.rewind();
    inner.calls_left = call;
    CHECK(error_of([&] { source.next(1); }) == "data: broken");
    CHECK((streamed_from(source, 0, {1}) == expected));
  }
}

TEST_CASE("a source that ends early is noticed by a selection") {
  class Short final : public ForwardingSource {
   public:
    using ForwardingSource::ForwardingSource;
    std::size_t rows() const override { return ForwardingSource::rows() + 5; }
  };
  RidingSource<double> riding(20, 7);
  Short inner(riding);
  SelectedSource source(inner, Slice{});
  CHECK_THAT(error_of([&] { source.next(1); }), Contains("riding: ends after 20 rows, but had 25"));
}

TEST_CASE("a gap value becomes NaN") {
  RidingSource<float> floats(300, 7);
  const Streamed before = streamed(floats);
  GapValueSource source(floats, 8);
  CHECK(source.has_gaps());
  const Streamed after = check_streams_alike(source);
  for (std::size_t i = 0; i < after.values.size(); ++i) {
    // The third column holds labels, whose codes are no values.
    const bool gap = before.value(i) == 8 && i % 3 != 2;
    if (gap) CHECK(std::isnan(after.value(i)));
    if (!gap) CHECK(after.values[i] == before.values[i]);
  }
  CHECK(after.weights == before.weights);
  CHECK(after.labels == before.labels);
  CHECK(after.numbers == before.numbers);
}

TEST_CASE("a gap value among integers makes float64 of them") {
  RidingSource<std::int16_t> inner(200000, 1000);
  GapValueSource source(inner, 7);
  const Streamed rows = check_streams_alike(source);
  for (std::size_t n = 0; n < 300; ++n)
    for (std::size_t j = 0; j < 3; ++j) {
      const double value = RidingSource<std::int16_t>::value(n, j);
      CHECK((std::isnan(rows.value(3 * n + j)) || rows.value(3 * n + j) == value));
      CHECK(std::isnan(rows.value(3 * n + j)) == (value == 7 && j < 2));
    }
  source.rewind();
  CHECK(source.next(1).type == ElementType::float64);
}

TEST_CASE("without a value NaN alone is a gap and nothing is copied") {
  const std::vector<double> values = {1, std::nan(""), 3};
  MemorySource inner = memory_source(values);
  GapValueSource source(inner);
  CHECK(source.has_gaps());
  CHECK(source.next(1).data == values.data());
  RidingSource<std::uint8_t> integers(100, 7);
  GapValueSource same(integers);
  CHECK((check_streams_alike(same) == streamed(integers)));
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

TEST_CASE("columns of different types are rows of float64") {
  for (const std::size_t rows : {1U, 100U, 200000U}) {
    std::vector<std::uint8_t> bytes(rows);
    std::vector<float> pairs(2 * rows);
    std::vector<std::int64_t> longs(rows);
    std::vector<double> expected;
    for (std::size_t n = 0; n < rows; ++n) {
      bytes[n] = static_cast<std::uint8_t>(n % 200);
      pairs[2 * n] = static_cast<float>(n) / 4;
      longs[n] = -static_cast<std::int64_t>(n);
      expected.insert(expected.end(), {static_cast<double>(bytes[n]), static_cast<double>(pairs[2 * n]),
                                       -static_cast<double>(n), -static_cast<double>(rows - 1 - n)});
    }
    ColumnSource source({{"a", bytes.data(), rows},
                         {"b", pairs.data(), rows, 2},
                         {"c", longs.data(), rows},
                         {"reversed", longs.data() + rows - 1, rows, -1}});
    const Streamed all = check_streams_alike(source);
    REQUIRE(all.values.size() == expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) REQUIRE(all.value(i) == expected[i]);
    CHECK(source.column_names() == std::vector<std::string>{"a", "b", "c", "reversed"});
    CHECK_FALSE(source.has_gaps());
    source.allow_gaps();
    CHECK(source.has_gaps());
  }
}

TEST_CASE("columns that do not go together are refused") {
  const std::array<double, 3> three = {1, 2, 3};
  CHECK(error_of([] { ColumnSource source({}); }) ==
        "data: data: 0 rows and 0 columns (there must be at least one of each)");
  CHECK_THAT(error_of([&] { ColumnSource source({{"a", three.data(), 0}}); }), Contains("0 rows and 1 column"));
  CHECK(error_of([&] {
          ColumnSource source({{"a", three.data(), 3}, {"b", three.data(), 2}});
        }) == "data: data: column 1 (\"b\") has 2 rows, the first has 3 (there must be as many)");
}

TEST_CASE("a fit is the same over columns and over a matrix, over a selection and over the rows selected") {
  Table table{2, {}};
  std::vector<float> first;
  std::vector<double> second;
  Table odd{2, {}};
  for (std::size_t n = 0; n < 5000; ++n) {
    first.push_back(static_cast<float>((n * 37) % 101) / 8 + (n % 3 == 0 ? 40.0F : 0.0F));
    second.push_back(static_cast<double>((n * 53) % 97));
    table.values.insert(table.values.end(), {static_cast<double>(first[n]), second[n]});
    if (n % 2 == 1) odd.values.insert(odd.values.end(), {static_cast<double>(first[n]), second[n]});
  }
  const FamilyPtr family = Registry::builtin().make("gaussian", 2);
  const auto result = [&](Source& source) { return fit_restarts(family, 2, source).best; };
  const auto same = [&](Source& a, Source& b) {
    const FitResult one = result(a);
    const FitResult other = result(b);
    CHECK(one.log_likelihood() == other.log_likelihood());
    CHECK(to_vector(one.mixture.parameters().row(0)) == to_vector(other.mixture.parameters().row(0)));
  };
  MemorySource matrix = table.source();
  ColumnSource columns({{"", first.data(), first.size()}, {"", second.data(), second.size()}});
  CHECK(columns.column_names().empty());
  same(matrix, columns);
  SelectedSource selected(columns, Slice{1, {}, 2});
  MemorySource odd_rows = odd.source();
  same(odd_rows, selected);
}

}  // namespace
}  // namespace mixfam
