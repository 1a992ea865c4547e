#include "data/streamed.hpp"
#include "support.hpp"

#include <optional>

namespace mixfam {
namespace {

using Catch::Matchers::Contains;

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

}  // namespace
}  // namespace mixfam
