#include "catch.hpp"
#include "io/read_all.hpp"
#include "io/test_file.hpp"

#include <mixfam/error.hpp>
#include <mixfam/hdf5.hpp>
#include <mixfam/mixfam.hpp>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <limits>
#include <string>
#include <vector>

using namespace mixfam;

namespace {

std::vector<double> grid(std::size_t rows, const std::vector<std::size_t>& columns) {
  std::vector<double> values;
  for (std::size_t n = 0; n < rows; ++n) {
    for (const std::size_t d : columns) values.push_back(static_cast<double>(10 * n + d));
  }
  return values;
}

std::vector<double> counting(std::size_t count) {
  std::vector<double> values;
  for (std::size_t i = 0; i < count; ++i) values.push_back(static_cast<double>(i));
  return values;
}

std::string error_in(const std::string& name, const std::vector<std::string>& columns = {}) {
  Hdf5Options options;
  options.columns = columns;
  return error_of(test_file(name), options);
}

}  // namespace

TEST_CASE("reading begins at or before any row") {
  for (const char* name : {"f8", "big_i2"}) {
    Hdf5Source source(test_file("types.h5:/") + name);
    CHECK(source.row_bytes() == 3 * element_size(source.next(1).type));
    CHECK(source.reading_bytes() >= source.row_bytes());
    for (std::size_t row = 0; row < source.rows(); ++row) {
      const std::size_t first = source.rewind_to(row);
      CHECK(first <= row);
      const Chunk chunk = source.next(1);
      CHECK(chunk.first_row == first);
      std::vector<double> values;
      append(chunk, source.columns(), values);
      CHECK(values.front() == static_cast<double>(3 * first));
    }
  }
}

TEST_CASE("numbers are read in the file's own type") {
  struct Case {
    const char* name;
    ElementType type;
  };
  const Case cases[] = {
      {"i1", ElementType::int8},        {"u1", ElementType::uint8},      {"i2", ElementType::int16},
      {"u2", ElementType::uint16},      {"i4", ElementType::int32},      {"u4", ElementType::uint32},
      {"i8", ElementType::int64},       {"u8", ElementType::uint64},     {"f2", ElementType::float32},
      {"f4", ElementType::float32},     {"f8", ElementType::float64},    {"big_i2", ElementType::int16},
      {"big_i4", ElementType::int32},   {"big_u8", ElementType::uint64}, {"big_f4", ElementType::float32},
      {"big_f8", ElementType::float64},
  };
  for (const Case& each : cases) {
    INFO(each.name);
    Hdf5Source source(test_file("types.h5:/") + each.name);
    CHECK(source.rows() == 20);
    CHECK(source.columns() == 3);
    CHECK(source.next(1).type == each.type);
    CHECK(read_all(source) == counting(60));
    CHECK(source.warnings().empty());
  }
}

TEST_CASE("booleans, enumerations and bit fields are read by their codes") {
  for (const char* name : {"bool", "enum", "bits"}) {
    INFO(name);
    Hdf5Source source(test_file("types.h5:/") + name);
    const std::vector<double> values = read_all(source);
    REQUIRE(values.size() == 60);
    for (std::size_t i = 0; i < values.size(); ++i) {
      const double odd = std::string(name) == "enum" ? 40 : std::string(name) == "bits" ? 1 : 0;
      const double even = std::string(name) == "enum" ? 3 : std::string(name) == "bits" ? 0 : 1;
      CHECK(values[i] == (i % 2 ? odd : even));
    }
  }
}

TEST_CASE("rows do not depend on layout, granularity or the size of a read") {
  for (const char* name : {"contiguous", "chunked", "tall_chunk", "compressed", "growing"}) {
    for (const std::size_t granularity : {1, 7, 64, 999, 1000, 2048}) {
      for (const std::size_t read_bytes : {1, 1000, 5000, 1 << 23}) {
        INFO(name << ", granularity " << granularity << ", read_bytes " << read_bytes);
        Hdf5Source source(test_file("layouts.h5:/") + name, {{}, read_bytes});
        CHECK(read_all(source, granularity) == grid(1000, {0, 1, 2}));
      }
    }
  }
}

TEST_CASE("a source can be rewound at any row and read in changing steps") {
  Hdf5Source source(test_file("layouts.h5:/chunked"), {{}, 1000});
  source.next(10);
  source.next(10);
  CHECK(read_all(source) == grid(1000, {0, 1, 2}));
  CHECK(source.next(5).rows == 0);
  source.rewind();
  std::vector<double> values;
  std::size_t granularity = 1;
  for (Chunk chunk = source.next(granularity); chunk.rows > 0; chunk = source.next(granularity)) {
    append(chunk, 3, values);
    granularity = granularity * 3 % 101;
  }
  CHECK(values == grid(1000, {0, 1, 2}));
}

TEST_CASE("a data set of rank 1 is one column") {
  Hdf5Source source(test_file("layouts.h5:/vector"), {{}, 100});
  CHECK(source.columns() == 1);
  CHECK(read_all(source) == grid(1000, {0}));
}

TEST_CASE("columns are chosen by number or by name, in the order asked for") {
  Hdf5Source wide(test_file("layouts.h5:/wide"), {{"399", "3", "200"}, 1000});
  CHECK(read_all(wide) == grid(50, {399, 3, 200}));
  Hdf5Source neighbours(test_file("layouts.h5:/wide"), {{"88", "89", "90", "91"}});
  CHECK(read_all(neighbours) == grid(50, {88, 89, 90, 91}));
  Hdf5Source compressed(test_file("layouts.h5:/compressed"), {{"2", "0"}, 100});
  CHECK(read_all(compressed) == grid(1000, {2, 0}));
  Hdf5Source named(test_file("one.h5"), {{"weight"}});
  CHECK(named.column_names() == std::vector<std::string>{"weight"});
  CHECK(read_all(named) == grid(5, {1}));

  check_says(error_in("one.h5", {"age"}), {"one.h5:/group/X", "no column 'age'", "height, weight"});
  check_says(error_in("layouts.h5:/wide", {"400"}), {"no column '400'", "0 to 399"});
  check_says(error_in("layouts.h5:/wide", {"-1"}), {"no column '-1'"});
  check_says(error_in("one.h5", {"weight", "1"}), {"'1' is chosen twice"});
}

TEST_CASE("column names come from the attributes columns or names") {
  CHECK(Hdf5Source(test_file("one.h5")).column_names() == std::vector<std::string>{"height", "weight"});
  CHECK(Hdf5Source(test_file("user_block.h5")).column_names() == std::vector<std::string>{"a", "b"});
  CHECK(Hdf5Source(test_file("target.h5")).column_names().empty());
  const Hdf5Source wrong(test_file("warnings.h5:/wrong_names"));
  CHECK(wrong.column_names().empty());
  REQUIRE(wrong.warnings().size() == 1);
  check_says(wrong.warnings()[0], {"warnings.h5:/wrong_names", "3 columns", "has 2"});
}

TEST_CASE("tables are read by member") {
  Hdf5Source table(test_file("table.h5"), {{"income", "member", "age", "id"}});
  CHECK(table.column_names() == std::vector<std::string>{"income", "member", "age", "id"});
  CHECK(table.next(2).type == ElementType::float64);
  const double id = 1099511627776.0;
  const std::vector<double> expected = {0.5, 0, 20, id,     1.5, 1, 30, id + 1, 2.5, 0, 40, id + 2,
                                        3.5, 1, 50, id + 3, 4.5, 1, 60, id + 4, 5.5, 0, 70, id + 5};
  CHECK(read_all(table, 2) == expected);

  check_says(error_in("table.h5"),
             {"table.h5:/people", "choose columns", "`columns = age,income`", "name, member, id"});
  check_says(error_in("table.h5", {"height"}), {"no column 'height'", "age, income, name"});
}

TEST_CASE("strings are read as codes of their sorted labels") {
  using Labels = std::vector<std::vector<std::string>>;
  const Labels kinds = {{"Grüße", "cat", "dog", "emu"}};
  for (const char* name : {"variable", "fixed"}) {
    for (const std::size_t read_bytes : {1, 20, 1 << 23}) {
      INFO(name << ", read_bytes " << read_bytes);
      Hdf5Source source(test_file("labels.h5:/") + name, {{}, read_bytes});
      CHECK(source.category_labels() == kinds);
      CHECK(read_all(source, 4) == std::vector<double>{2, 1, 3, 1, 0, 2});
      CHECK(read_all(source, 1) == std::vector<double>{2, 1, 3, 1, 0, 2});
    }
  }
  Hdf5Source padded(test_file("labels.h5:/space_padded"));
  CHECK(padded.category_labels() == Labels{{"a a", "b"}});
  CHECK(read_all(padded) == std::vector<double>{1, 0, 1});
  Hdf5Source empty(test_file("labels.h5:/empty_text"));
  CHECK(empty.category_labels() == Labels{{"", "a"}});
  CHECK(read_all(empty) == std::vector<double>{0, 1, 0});
  Hdf5Source matrix(test_file("labels.h5:/matrix"));
  CHECK(matrix.category_labels() == Labels{{"x", "y", "z"}, {"no", "yes"}});
  CHECK(read_all(matrix) == std::vector<double>{0, 1, 2, 0, 1, 0});
  Hdf5Source second(test_file("labels.h5:/matrix"), {{"1"}});
  CHECK(second.category_labels() == Labels{{"no", "yes"}});
  CHECK(read_all(second) == std::vector<double>{1, 0, 0});
  Hdf5Source swapped(test_file("labels.h5:/matrix"), {{"1", "0"}});
  CHECK(read_all(swapped) == std::vector<double>{1, 0, 0, 2, 0, 1});

  check_says(error_in("labels.h5:/many"), {"labels.h5:/many", "row 4096 of column 0", "4096 distinct strings"});
  CHECK_FALSE(list_hdf5(test_file("labels.h5")).empty());
  CHECK(Hdf5Source(test_file("types.h5:/i4")).category_labels().empty());
}

TEST_CASE("string members of a table are read as codes beside its numbers") {
  Hdf5Source table(test_file("labels.h5:/table"), {{"size", "code", "kind", "color"}, 20});
  CHECK(table.column_names() == std::vector<std::string>{"size", "code", "kind", "color"});
  CHECK(table.category_labels() ==
        std::vector<std::vector<std::string>>{
            {}, {"a", "b", "c"}, {"Grüße", "cat", "dog", "emu"}, {"", "RED", "", "", "BLUE"}});
  const std::vector<double> expected = {0.5, 1, 2, 1, 1.5, 0, 1, 4, 2.5, 1, 3, 4,
                                        3.5, 0, 1, 1, 4.5, 0, 0, 1, 5.5, 2, 2, 4};
  CHECK(read_all(table, 4) == expected);
  CHECK(read_all(table, 5) == expected);
  Hdf5Source strings(test_file("labels.h5:/table"), {{"kind"}});
  CHECK(read_all(strings) == std::vector<double>{2, 1, 3, 1, 0, 2});
  Hdf5Source numbers(test_file("labels.h5:/table"), {{"size"}});
  CHECK(numbers.category_labels().empty());
}

TEST_CASE("enumerations have labels where their values can be places of a list") {
  Hdf5Source color(test_file("labels.h5:/enum"));
  CHECK(color.category_labels() == std::vector<std::vector<std::string>>{{"", "RED", "", "", "BLUE"}});
  CHECK(read_all(color) == std::vector<double>{4, 1, 1});
  CHECK(Hdf5Source(test_file("types.h5:/enum")).category_labels().size() == 3);
  for (const char* name : {"labels.h5:/signed_enum", "labels.h5:/huge_enum", "types.h5:/bool"}) {
    INFO(name);
    CHECK(Hdf5Source(test_file(name)).category_labels().empty());
  }
}

TEST_CASE("categorical groups are one column of codes") {
  Hdf5Source cells(test_file("anndata.h5:/obs/cell_type"));
  CHECK(cells.path() == "/obs/cell_type");
  CHECK(cells.column_names() == std::vector<std::string>{"cell_type"});
  CHECK(cells.category_labels() == std::vector<std::vector<std::string>>{{"B", "T", "NK"}});
  CHECK(read_all(cells) == std::vector<double>{2, 0, 0, 1});
  CHECK(Hdf5Source(test_file("anndata.h5:/obs/batch")).category_labels() ==
        std::vector<std::vector<std::string>>{{"10", "2.5"}});
  check_says(error_in("anndata.h5:/obs/missing"), {"anndata.h5:/obs/missing: row 2", "missing value"});
  check_says(error_in("anndata.h5:/obs/beyond"), {"row 2", "the code 2, but there are 2 categories"});
  check_says(error_in("anndata.h5:/obs/nothing"), {"0 categories"});
}

namespace {

std::vector<double> read_with(const std::string& location, const Hdf5Options& options) {
  Hdf5Source source(test_file(location), options);
  CHECK(source.has_gaps() == options.gaps);
  return read_all(source);
}

std::string error_with(const std::string& location, const Hdf5Options& options) {
  return error_of(test_file(location), options);
}

Hdf5Options with_gaps() {
  Hdf5Options options;
  options.gaps = true;
  return options;
}

Hdf5Options raw() {
  Hdf5Options options;
  options.raw = true;
  return options;
}

Hdf5Options transposed(std::vector<std::string> columns = {}, std::size_t read_bytes = 1 << 22) {
  Hdf5Options options;
  options.columns = std::move(columns);
  options.read_bytes = read_bytes;
  options.transpose = true;
  return options;
}

}  // namespace

TEST_CASE("attributes of netCDF say what numbers mean") {
  const auto unpacked = [](double stored) { return stored * 0.1 + 20; };
  check_equal(read_with("netcdf.h5:/packed", with_gaps()),
              {unpacked(1), unpacked(2), gap, unpacked(3), gap, unpacked(4), unpacked(7), gap});
  check_equal(read_with("netcdf.h5:/packed", raw()), {1, 2, -32767, 3, 5000, 4, 7, -32767});
  check_says(error_in("netcdf.h5:/packed"),
             {"netcdf.h5:/packed: row 1, column 0 (from 0) is -32767", "its attribute _FillValue", "`gaps`", "`raw`"});
  check_says(error_in("netcdf.h5:/packed", {"1"}), {"row 3, column 0", "-32767"});
  Hdf5Options swapped = with_gaps();
  swapped.columns = {"1", "0"};
  swapped.read_bytes = 1;
  check_equal(read_with("netcdf.h5:/packed", swapped),
              {unpacked(2), unpacked(1), unpacked(3), gap, unpacked(4), gap, gap, unpacked(7)});
  check_equal(read_with("netcdf.h5:/scaled", {}), {0.5, 1});
  Hdf5Source scaled(test_file("netcdf.h5:/scaled"));
  CHECK(scaled.next(1).type == ElementType::float64);
  CHECK(Hdf5Source(test_file("netcdf.h5:/packed"), raw()).next(1).type == ElementType::int16);
}

TEST_CASE("what is missing is compared in the type of the data") {
  check_equal(read_with("netcdf.h5:/float", with_gaps()), {1, 2, gap, gap});
  check_equal(read_with("netcdf.h5:/nan", with_gaps()), {1, gap, 3});
  check_equal(read_with("netcdf.h5:/nan", {}), {1, gap, 3});  // which a fit refuses
  check_equal(read_with("netcdf.h5:/several", with_gaps()), {1, gap, 3, gap});
  check_equal(read_with("netcdf.h5:/limits", with_gaps()), {gap, gap, 0x1p63, 5});
  check_equal(read_with("netcdf.h5:/unpacked_range", with_gaps()), {gap, 2 * 0.1, gap});
  check_says(error_in("netcdf.h5:/unpacked_range"), {"row 0", "is 1, outside of the valid range from 0.15 to 25"});
  check_equal(read_with("netcdf.h5:/texts", {}), {1, 2});
  check_equal(read_with("netcdf.h5:/own_fill", with_gaps()), {-1, 1});
  Hdf5Source large(test_file("netcdf.h5:/limits"), with_gaps());
  read_all(large);
  check_says(large.warnings().at(0), {"2^53"});
}

TEST_CASE("attributes that make no sense are refused") {
  for (const char* name : {"no_scale", "zero_scale", "two_scales"}) {
    INFO(name);
    check_says(error_in(std::string("netcdf.h5:/") + name), {name, "'scale_factor'", "one number other than 0"});
    check_equal(read_with(std::string("netcdf.h5:/") + name, raw()), {1, 2});
  }
  check_says(error_in("netcdf.h5:/three_limits"), {"'valid_range' must be two numbers"});
}

TEST_CASE("R's NA and codes without a category are gaps") {
  check_equal(read_with("r.h5:/integer", with_gaps()), {1, gap, 3});
  check_says(error_in("r.h5:/integer"), {"row 1", "the NA of R"});
  check_equal(read_with("r.h5:/logical", with_gaps()), {1, gap, 0});
  CHECK(Hdf5Source(test_file("r.h5:/logical")).category_labels().empty());
  check_equal(read_with("anndata.h5:/obs/missing", with_gaps()), {1, 0, gap, 1});
  check_says(error_with("anndata.h5:/obs/beyond", with_gaps()), {"row 2", "the code 2, but there are 2 categories"});
}

TEST_CASE("transposed files are read by their rows") {
  for (const char* name : {"matlab.h5:/X", "matlab.h5:/plain"}) {
    for (const std::size_t read_bytes : {1, 500, 1 << 22}) {
      INFO(name << ", read_bytes " << read_bytes);
      CHECK(read_with(name, transposed({}, read_bytes)) == grid(1000, {0, 1, 2}));
      CHECK(read_with(name, transposed({"2", "0"}, read_bytes)) == grid(1000, {2, 0}));
      CHECK(read_with(name, transposed({"1"}, read_bytes)) == grid(1000, {1}));
    }
  }
  CHECK(read_with("matlab.h5:/plain", transposed({"c"})) == grid(1000, {2}));
  Hdf5Source text(test_file("matlab.h5:/text"), transposed());
  CHECK(text.category_labels() == std::vector<std::vector<std::string>>{{"x", "y", "z"}, {"no", "yes"}});
  CHECK(read_all(text) == std::vector<double>{0, 1, 2, 0, 1, 0});
  check_says(error_with("matlab.h5:/line", transposed()), {"rank 1", "cannot be transposed"});
  check_says(error_with("table.h5", transposed({"age"})), {"rank 1", "cannot be transposed"});
}

TEST_CASE("a shape that looks transposed is a warning") {
  check_says(Hdf5Source(test_file("matlab.h5:/X")).warnings().at(0),
             {"MATLAB", "3 rows of 1000 columns", "`transpose`"});
  check_says(Hdf5Source(test_file("matlab.h5:/plain")).warnings().back(), {"3 rows of 1000 columns", "`transpose`"});
  CHECK(Hdf5Source(test_file("matlab.h5:/X"), transposed()).warnings().empty());
  check_says(Hdf5Source(test_file("layouts.h5:/chunked"), transposed()).warnings().at(0), {"when it is transposed"});
}

TEST_CASE("columns of labels are for categorical") {
  Hdf5Source table(test_file("labels.h5:/table"), {{"kind", "size"}});
  const Registry registry = Registry::builtin();
  const FamilyPtr mixed = registry.make("categorical(kind) * gaussian(size)", 2, table.column_names(), &table);
  CHECK(mixed->spec() == "categorical:categories=4(0) * gaussian(1)");
  CHECK(fit(initialize(mixed, 1, table), table).verdict == Verdict::converged);
  const FamilyPtr gaussian = registry.make("gaussian", 2, table.column_names(), &table);
  check_says(error_of([&] { initialize(gaussian, 1, table); }),
             {"labels.h5:/table, column 0 (\"kind\") holds labels (Grüße, cat, dog, emu)", "use categorical"});
  Hdf5Source flags(test_file("table.h5"), {{"member"}});  // booleans stay numbers
  CHECK(registry.make("categorical", 1, {}, &flags)->spec() == "categorical:categories=2");
  CHECK_NOTHROW(initialize(registry.make("gaussian", 1), 1, flags));
}

TEST_CASE("a location names a file and perhaps a path") {
  const Hdf5Source only(test_file("one.h5"));
  CHECK(only.path() == "/group/X");
  CHECK(only.file() == test_file("one.h5"));
  CHECK(only.name() == test_file("one.h5") + ":/group/X");
  for (const char* name :
       {"colon:name.h5", "colon:name.h5:/X", "folder:/name.h5", "folder:/name.h5:/X", "user_block.h5", "links.h5:/soft",
        "links.h5:/external", "links.h5:/group/self/self/X", "virtual.h5"}) {
    INFO(name);
    Hdf5Source source(test_file(name));
    CHECK(source.columns() == 2);
    CHECK(source.rows() == (std::string(name) == "virtual.h5" ? 10 : 5));
    CHECK(read_all(source).at(3) == 11);
  }
  check_says(error_in("target.h5:X"), {"begins with '/'", "target.h5:/X"});
  check_says(error_in("layouts.h5"),
             {"7 data sets", "as in " + test_file("layouts.h5:/wide"), "/wide (50 x 400, float64)"});
  check_says(error_in("no_data.h5"), {"no data set of numbers", "/text (scalar, string)"});
  check_says(error_in("nothing.h5"), {"no data sets at all"});
}

TEST_CASE("files that cannot be read are refused with the cause") {
  check_says(error_in("absent.h5"), {"absent.h5'", "No such file"});
  check_says(error_in("absent.h5:/X"), {"absent.h5'", "No such file"});
  check_says(error_in("folder.h5"), {"folder.h5", "is a directory"});
  check_says(error_in("folder.h5:/X"), {"folder.h5", "is a directory"});
  check_says(error_in("empty.h5"), {"not an HDF5 file", "0 bytes"});
  check_says(error_in("text.h5"), {"not an HDF5 file"});
  check_says(error_in("truncated.h5"), {"truncated", "20000 of ", " bytes"});
  check_says(error_in("killed.h5"), {"still running or was killed", "h5clear -s"});
  check_says(error_of([] { Hdf5Source source("/dev/null"); }), {"not a regular file"});
}

TEST_CASE("paths that lead nowhere are refused with what is there") {
  check_says(error_in("links.h5:/absent"), {"links.h5:/absent", "no such path", "'/' holds dangling, external"});
  check_says(error_in("links.h5:/group/Y"), {"'/group' holds X, self"});
  check_says(error_in("links.h5:/group/X/Y"), {"'/group/X' is not a group"});
  check_says(error_in("links.h5:/group"), {"is a group", "holds X, self"});
  check_says(error_in("links.h5:/"), {"is a group"});
  check_says(error_in("links.h5:/type"), {"not a data set"});
  check_says(error_in("links.h5:/dangling"), {"soft link to '/nowhere'", "does not exist"});
  check_says(error_in("links.h5:/dangling/X"), {"links.h5:/dangling:", "soft link to '/nowhere'"});
  check_says(error_in("links.h5:/loop"), {"links.h5:/loop"});
  check_says(error_in("links.h5:/external_no_file"), {"external link", "'absent.h5'", "missing"});
  check_says(error_in("links.h5:/external_no_object"), {"external link", "'/Y'", "no such object"});
  check_says(error_in("virtual_missing.h5"), {"virtual data set", "part1.h5", "missing"});
  check_says(error_in("virtual_no_set.h5"), {"virtual data set", "part0.h5:/Y", "holds X"});
}

TEST_CASE("data sets that are no rows of numbers are refused") {
  check_says(error_in("refused.h5:/scalar"), {"refused.h5:/scalar", "single value"});
  check_says(error_in("refused.h5:/cube"), {"rank 3", "4 x 5 x 6"});
  check_says(error_in("refused.h5:/no_rows"), {"no rows", "0 x 3"});
  check_says(error_in("refused.h5:/no_columns"), {"no columns", "3 x 0"});
  check_says(error_in("refused.h5:/string_cube"), {"rank 3", "2 x 2 x 2"});
  check_says(error_in("refused.h5:/complex"), {"complex numbers"});
  check_says(error_in("refused.h5:/null"), {"no values"});
  check_says(error_in("refused.h5:/opaque"), {"opaque"});
  check_says(error_in("refused.h5:/reference"), {"reference"});
  check_says(error_in("refused.h5:/lists"), {"variable-length lists of float64"});
  check_says(error_in("refused.h5:/array_table"), {"without a column of numbers or strings"});
  check_says(error_in("refused.h5:/overflow"), {"1099511627776 x 1099511627776", "more values than can be addressed"});
  check_says(error_in("refused.h5:/too_wide"), {"one row: needs 35184372088832 x 8 bytes"});
  check_says(error_in("refused.h5:/column"), {"refused.h5:/column/categories: its strings: needs 4398046511104 x"});
  check_says(error_in("refused.h5:/lzf"), {"'lzf' (filter 32000)", "h5repack -f GZIP=4"});
}

TEST_CASE("damaged chunks are refused with their rows") {
  check_says(error_in("corrupt.h5"), {"corrupt.h5:/X", "rows 400 to 499", "damaged"});
  check_says(error_in("checksum.h5"), {"rows 900 to 999", "damaged", "Fletcher32"});
}

TEST_CASE("what a reader should know is a warning") {
  check_says(Hdf5Source(test_file("warnings.h5:/sparse")).warnings().at(0), {"1 of its 10 chunks", "fill value"});
  check_says(Hdf5Source(test_file("warnings.h5:/never")).warnings().at(0), {"never written"});
  Hdf5Source large(test_file("warnings.h5:/large"));
  CHECK(large.warnings().empty());
  read_all(large);
  read_all(large);
  REQUIRE(large.warnings().size() == 1);
  check_says(large.warnings()[0], {"warnings.h5:/large", "2^53"});
  Hdf5Source not_large(test_file("warnings.h5:/not_large"));
  read_all(not_large);
  CHECK(not_large.warnings().empty());
}

TEST_CASE("a source can be moved") {
  Hdf5Source first(test_file("layouts.h5:/chunked"));
  first.next(10);
  Hdf5Source second(std::move(first));
  first = Hdf5Source(test_file("target.h5"));
  CHECK(read_all(second) == grid(1000, {0, 1, 2}));
  CHECK(read_all(first) == grid(5, {0, 1}));
}

TEST_CASE("a listing names each object once") {
  const std::vector<Hdf5Object> objects = list_hdf5(test_file("links.h5"));
  std::vector<std::string> texts;
  for (const Hdf5Object& object : objects) texts.push_back(object.path + " " + object.kind + " " + object.type);
  CHECK(texts == std::vector<std::string>{
                     "/ group ", "/dangling dangling link to /nowhere", "/external external link to target.h5:/X",
                     "/external_no_file external link to absent.h5:/X",
                     "/external_no_object external link to target.h5:/Y", "/group group ", "/group/X data set float64",
                     "/loop dangling link to /loop", "/soft soft link to /group/X", "/type named type "});
}

TEST_CASE("a listing describes types, layouts, columns and attributes") {
  const auto find = [](const std::vector<Hdf5Object>& objects, const std::string& path) {
    return *std::find_if(objects.begin(), objects.end(), [&](const Hdf5Object& o) { return o.path == path; });
  };
  const Hdf5Object compressed = find(list_hdf5(test_file("layouts.h5")), "/compressed");
  CHECK(compressed.type == "int32");
  CHECK(compressed.shape == std::vector<std::size_t>{1000, 3});
  CHECK(compressed.layout == "chunked 64 x 3, shuffle, gzip, fletcher32");
  CHECK(compressed.eligible);
  const Hdf5Object table = find(list_hdf5(test_file("table.h5")), "/people");
  CHECK(table.type == "compound {age, income, name, member, id, vector}");
  CHECK(table.columns.size() == 6);
  const Hdf5Object named = find(list_hdf5(test_file("one.h5")), "/group/X");
  CHECK(named.columns == std::vector<std::string>{"height", "weight"});
  CHECK(named.attributes == std::vector<std::pair<std::string, std::string>>{{"columns", "height, weight"}});
  const std::vector<Hdf5Object> types = list_hdf5(test_file("types.h5"));
  CHECK(find(types, "/bool").type == "bool");
  CHECK(find(types, "/enum").type == "enumeration {GREEN, RED} of int16");
  CHECK(find(types, "/big_f4").type == "float32, big-endian");
  CHECK_FALSE(find(list_hdf5(test_file("refused.h5")), "/cube").eligible);
}

TEST_CASE("records of a file that do not hold together are damage") {
  check_says(error_in("filter_mask.h5"), {"filter_mask.h5:/X", "row 100", "without fletcher32", "damaged"});
  check_says(error_in("filter_beyond.h5"), {"row 100", "filters that do not exist", "damaged"});
  check_says(error_in("packed_mask.h5"), {"row 100", "bytes in the place of 1604", "damaged"});
  check_says(error_in("chunk_size.h5"), {"row 100", "1599 bytes in the place of 1600", "damaged"});
  check_says(error_in("chunk_row.h5"), {"chunk_row.h5:/X", "index of its chunks", "damaged"});
  check_says(error_in("bad_names.h5:/X"), {"bad_names.h5:/X", "cannot read an attribute of strings"});
  check_says(error_in("float_bias.h5:/X"), {"float_bias.h5:/X", "float64 of no known form"});
  for (const char* path : {"X", "S", "V"}) {
    INFO(path);
    check_says(error_in(std::string("huge.h5:/") + path),
               {std::string("huge.h5:/") + path, "1099511627776", "are stored", "damaged"});
  }
}

TEST_CASE("a chunk that was stored without gzip, as it may be, is no damage") {
  Hdf5Source source(test_file("incompressible.h5"));
  CHECK(read_all(source) == std::vector<double>{0, 1, 2});
}
