#include "data/streamed.hpp"

namespace mixfam {
namespace {

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
  MemorySource inner(ConstMatrixView::row_major(values.data(), values.size(), 1));
  GapValueSource source(inner);
  CHECK(source.has_gaps());
  CHECK(source.next(1).data == values.data());
  RidingSource<std::uint8_t> integers(100, 7);
  GapValueSource same(integers);
  CHECK((check_streams_alike(same) == streamed(integers)));
}

}  // namespace
}  // namespace mixfam
