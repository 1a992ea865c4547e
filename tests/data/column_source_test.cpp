#include "data/streamed.hpp"
#include "support.hpp"

#include <array>

namespace mixfam {
namespace {

using Catch::Matchers::Contains;

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
