// Groups as tables, sparse matrices and what other libraries write: files of tests/hdf5_files.py, which have the
// layouts by hand, and of tests/formats/make.py, which the libraries wrote themselves.

#include "catch.hpp"
#include "io/read_all.hpp"
#include "io/test_file.hpp"

#include <mixfam/error.hpp>
#include <mixfam/hdf5.hpp>

#include <cmath>
#include <cstdlib>
#include <limits>
#include <set>
#include <string>
#include <vector>

using namespace mixfam;

namespace {

using Names = std::vector<std::string>;
using Labels = std::vector<std::vector<std::string>>;

std::string format_file(const std::string& name) {
  return std::string(std::getenv("MIXFAM_SOURCE_ROOT")) + "/tests/formats/" + name;
}

Hdf5Options with(const Names& columns, bool gaps = false, std::size_t read_bytes = 1 << 22) {
  Hdf5Options options;
  options.columns = columns;
  options.gaps = gaps;
  options.read_bytes = read_bytes;
  return options;
}

Hdf5Options transposed() {
  Hdf5Options options;
  options.transpose = true;
  return options;
}

std::vector<double> values_of(const std::string& location, const Hdf5Options& options = {}) {
  Hdf5Source source(location, options);
  return read_all(source);
}

/// The sparse matrices: 12 x 5, nonzero at places 1, 4, 7, .. in the order of rows, but for row 6.
std::vector<double> sparse_values(const std::vector<std::size_t>& columns) {
  std::vector<double> values;
  for (std::size_t n = 0; n < 12; ++n)
    for (const std::size_t d : columns)
      values.push_back((5 * n + d) % 3 == 1 && n != 6 ? static_cast<double>(5 * n + d + 1) : 0);
  return values;
}

}  // namespace

TEST_CASE("a group of columns of one length is a table") {
  const std::string file = test_file("columns.h5");
  Hdf5Source both(file + ":/");
  CHECK(both.column_names() == Names{"b", "a", "packed"});
  CHECK(both.rows() == 300);
  CHECK(both.next(1).type == ElementType::float64);
  const std::vector<double> values = read_all(both);
  for (std::size_t n = 0; n < 300; ++n) {
    const double row = static_cast<double>(n);
    CHECK(values[3 * n] == row);
    CHECK(values[3 * n + 1] == static_cast<double>(n % 3));
    CHECK(values[3 * n + 2] == row / 2);
  }
  for (const std::size_t read_bytes : {1, 100, 1 << 22}) {
    INFO("read_bytes " << read_bytes);
    Hdf5Source chosen(file + ":/", with({"other", "a", "kind"}, false, read_bytes));
    CHECK(chosen.category_labels() == Labels{{"u", "v"}, {}, {"x", "y", "z"}});
    const std::vector<double> codes = read_all(chosen);
    for (std::size_t n = 0; n < 300; ++n) {
      CHECK(codes[3 * n] == static_cast<double>(n % 2));
      CHECK(codes[3 * n + 1] == static_cast<double>(n % 3));
      CHECK(codes[3 * n + 2] == static_cast<double>(n % 3));
    }
  }
  CHECK(values_of(file + ":/uneven", with({"z", "x"})) == std::vector<double>{0, 0, 1, 1, 2, 2});
  check_says(error_of(file + ":/uneven"), {"differ in length", "x (3 rows), y (4 rows)", "`columns`"});
  check_says(error_of(file + ":/", with({"c"})), {"no column 'c'", "b, a, kind"});
  check_says(error_of(file + ":/words"), {"no column of numbers", "`columns = w`"});
  check_says(error_of(file + ":/", transposed()), {"group of columns", "cannot be transposed"});
}

TEST_CASE("a frame of AnnData has numbers, categories and nullable columns side by side") {
  const std::string frame = test_file("anndata.h5:/frame");
  check_says(error_of(frame), {"frame/kind: row 2", "missing value"});
  check_says(error_of(frame, with({"count"})), {"frame/count: row 1", "its mask", "`gaps`"});
  Hdf5Source source(frame, with({}, true));
  CHECK(source.column_names() == Names{"size", "kind", "count", "sure"});
  CHECK(source.category_labels() == Labels{{}, {"u", "v"}, {}, {}});
  check_equal(read_all(source), {0.5, 1, 5, 1, 1.5, 0, gap, gap, 2.5, gap, 7, 1, 3.5, 1, 8, 1});
  CHECK(values_of(frame, with({"text"})) == std::vector<double>{0, 2, 0, 1});
  CHECK(values_of(frame, with({"_index"})) == std::vector<double>{0, 1, 2, 3});
  check_equal(values_of(frame + "/count", with({}, true)), {5, gap, 7, 8});
}

TEST_CASE("sparse matrices are read with their zeros") {
  for (const char* name : {"csr", "csc", "old", "matrix"}) {
    for (const std::size_t read_bytes : {1, 200, 1 << 22}) {
      INFO(name << ", read_bytes " << read_bytes);
      const std::string location = test_file("anndata.h5:/") + name;
      CHECK(values_of(location, with({}, false, read_bytes)) == sparse_values({0, 1, 2, 3, 4}));
      CHECK(values_of(location, with({"4", "1"}, false, read_bytes)) == sparse_values({4, 1}));
    }
  }
  Hdf5Source source(test_file("anndata.h5:/csr"));
  CHECK(source.next(1).type == ElementType::float32);
  CHECK(Hdf5Source(test_file("anndata.h5:/matrix")).next(1).type == ElementType::int32);
  const std::vector<double> rows = sparse_values({0, 1, 2, 3, 4});
  std::vector<double> turned;
  for (std::size_t d = 0; d < 5; ++d)
    for (std::size_t n = 0; n < 12; ++n) turned.push_back(rows[5 * n + d]);
  for (const char* name : {"anndata.h5:/csr", "anndata.h5:/csc"})
    CHECK(values_of(test_file(name), transposed()) == turned);
}

TEST_CASE("a sparse matrix may be zero throughout") {
  for (const char* name : {"no_values", "no_values_by_columns"})
    CHECK(values_of(test_file("anndata.h5:/") + name) == std::vector<double>(60, 0.0));
}

TEST_CASE("groups that are parts of themselves are refused") {
  for (const char* name : {"loop", "sparse_loop", "pandas_loop"}) {
    INFO(name);
    check_says(error_of(test_file("anndata.h5:/") + name), {"is a group, not a data set"});
  }
}

TEST_CASE("sparse matrices that contradict themselves are refused") {
  const auto error = [](const char* name) { return error_of(test_file("anndata.h5:/") + name); };
  check_says(error("no_shape"), {"no_shape: holds data, indices and indptr", "no shape"});
  check_says(error("wrong_shape"), {"wrong_shape/indices", "beyond the shape 12 x 3"});
  check_says(error("short"), {"the shape 13 x 5", "must hold 14 numbers", "they hold 13"});
  check_says(error("twice"), {"two values in column 0", "sum_duplicates"});
  check_says(error("back"), {"back/indptr: row 3"});
}

TEST_CASE("tables of pandas are read by the names of their columns") {
  for (const char* location : {"pandas_table.h5:/df", "pandas_table.h5:/df/table", "pandas_fixed.h5:/df"}) {
    INFO(location);
    Hdf5Source source(format_file(location), with({"größe", "flag", "b", "count"}));
    CHECK(source.column_names() == Names{"größe", "flag", "b", "count"});
    CHECK(read_all(source) == std::vector<double>{0.1, 1, 1.5, 1, 0.2, 0, 2, 2, 0.3, 1, 3, 3, 0.4, 1, 4, 4});
  }
  CHECK(Hdf5Source(format_file("pandas_fixed.h5:/df")).column_names() == Names{"b", "count", "größe", "flag"});
  Hdf5Source text(format_file("pandas_table.h5:/df"), with({"b", "s"}));
  CHECK(text.category_labels() == Labels{{}, {"x", "y"}});
  CHECK(read_all(text) == std::vector<double>{1.5, 0, 2, 1, 3, 0, 4, 1});
  CHECK(values_of(format_file("pandas_numbered.h5:/df"), with({"1", "0"})) ==
        std::vector<double>{1, 0, 3, 2, 5, 4, 7, 6});
}

TEST_CASE("members of a table that hold arrays are a column for each element") {
  const std::string table = format_file("pytables.h5:/t");
  CHECK(values_of(table, with({"v[2]", "x", "v[0]"})) == std::vector<double>{2, 0, 0, 3, 1, 1, 4, 2, 2, 5, 3, 3});
  CHECK(values_of(table, with({"m[0][0]", "m[1][0]"})) == std::vector<double>{0, 2, 1, 2, 2, 2, 3, 2});
  CHECK(values_of(table, with({"flags[0]", "flags[1]"})) == std::vector<double>{0, 1, 1, 1, 0, 1, 1, 1});
  CHECK(values_of(table, with({"flags[1]", "x"})) == std::vector<double>{1, 0, 1, 1, 1, 2, 1, 3});
  CHECK(values_of(table, with({"v", "x"})) == std::vector<double>{0, 1, 2, 0, 1, 2, 3, 1, 2, 3, 4, 2, 3, 4, 5, 3});
  Hdf5Options rest = with({"all"});
  rest.except = {"v", "m", "flags"};
  CHECK(values_of(table, rest) == std::vector<double>{0, 1, 2, 3});
  check_says(error_of(table, with({"w"})), {"no column 'w'", "v[0], v[1]"});
}

TEST_CASE("variables of netCDF are read as they are meant") {
  check_equal(values_of(format_file("netcdf.nc:/packed"), with({}, true)), {20.5, 21, gap, 21.5, gap, 22, 23.5, 24});
  check_equal(values_of(format_file("netcdf.nc:/temperature"), with({}, true)), {1, 2, gap, 4});
}

TEST_CASE("files of anndata are read with their encodings") {
  const std::string file = format_file("anndata.h5ad");
  const std::vector<double> X = {0, 1.5, 0, 2, 0, 3, 0, 0, 0, 4, 0, 0};
  CHECK(values_of(file + ":/X") == X);
  CHECK(values_of(file + ":/layers/by_columns") == X);
  CHECK(values_of(file + ":/obsm/X_pca") == std::vector<double>{0, 1, 2, 3, 4, 5, 6, 7});
  Hdf5Source obs(file + ":/obs", with({}, true));
  CHECK(obs.column_names() == Names{"n", "kind", "count", "sure"});
  CHECK(obs.category_labels() == Labels{{}, {"B", "T"}, {}, {}});
  check_equal(read_all(obs), {1, 1, 1, 1, 2, 0, gap, gap, 3, gap, 3, 0, 4, 1, 4, 1});
}

TEST_CASE("a rehearsal finds the same rows") {
  for (const std::string& location : {test_file("anndata.h5:/frame"), test_file("anndata.h5:/csc"),
                                      format_file("pandas_fixed.h5:/df"), test_file("columns.h5:/")}) {
    INFO(location);
    Hdf5Options options = with(location == test_file("columns.h5:/") ? Names{"kind", "b", "other"} : Names{}, true);
    Hdf5Source plain(location, options);
    options.rehearse = true;
    Hdf5Source rehearsed(location, options);
    CHECK(rehearsed.column_names() == plain.column_names());
    CHECK(rehearsed.category_labels() == plain.category_labels());
    check_equal(read_all(rehearsed), read_all(plain));
  }
}

TEST_CASE("a listing marks what can be read, what not, and what is part of another") {
  std::set<std::string> eligible;
  for (const Hdf5Object& object : list_hdf5(format_file("anndata.h5ad"))) {
    if (object.eligible) eligible.insert(object.path);
    if (object.path == "/X") CHECK(object.shape == std::vector<std::size_t>{4, 3});
    if (object.path == "/X/data") CHECK(object.auxiliary);
  }
  CHECK(eligible == std::set<std::string>{"/X", "/layers/by_columns", "/obs", "/obs/count", "/obs/kind", "/obs/n",
                                          "/obs/sure", "/obsm/X_pca"});
  for (const Hdf5Object& object : list_hdf5(test_file("refused.h5:/lzf"))) {
    CHECK_FALSE(object.eligible);
    check_says(object.obstacle, {"'lzf' (filter 32000)"});
  }
  check_says(list_hdf5(format_file("netcdf.nc:/packed")).front().meaning,
             {"-32767 is missing (its attribute _FillValue)", "valid from -1000 to 1000", "stored x 0.5 + 20"});
  check_says(error_of(format_file("anndata.h5ad")), {"8 data sets", "as in " + format_file("anndata.h5ad") + ":/obs:"});
}

TEST_CASE("groups name every file that their rows come from") {
  CHECK(Hdf5Source(test_file("anndata.h5:/csr")).files() == Names{test_file("anndata.h5")});
  CHECK(Hdf5Source(test_file("grouped_links.h5:/")).files().size() == 2);
}
