#include <mixfam/convert.hpp>
#include <mixfam/error.hpp>
#include <mixfam/hdf5.hpp>
#include <mixfam/random.hpp>

#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "catch.hpp"
#include "io/folder.hpp"

namespace mixfam {
namespace {

#if __has_include(<catch2/catch_all.hpp>)
using Catch::Matchers::ContainsSubstring;
#else
auto ContainsSubstring(const std::string& text) { return Catch::Matchers::Contains(text); }
#endif
using Rows = std::vector<std::vector<double>>;

const double nan = std::numeric_limits<double>::quiet_NaN();

struct ReadBack {
  Conversion conversion;
  Rows rows;
  std::vector<std::string> names;
  std::vector<std::vector<std::string>> labels;
};

template <class T>
void append(const Chunk& chunk, std::size_t columns, Rows& rows) {
  const T* values = static_cast<const T*>(chunk.data);
  for (std::size_t n = 0; n < chunk.rows; ++n) {
    std::vector<double> row;
    for (std::size_t j = 0; j < columns; ++j)
      row.push_back(static_cast<double>(values[static_cast<std::ptrdiff_t>(n) * chunk.row_stride +
                                               static_cast<std::ptrdiff_t>(j) * chunk.column_stride]));
    rows.push_back(std::move(row));
  }
}

ReadBack read_back(const std::string& location) {
  Hdf5Source source(location);
  ReadBack result{{}, {}, source.column_names(), source.category_labels()};
  for (Chunk chunk = source.next(1); chunk.rows > 0; chunk = source.next(1)) {
    switch (chunk.type) {
      case ElementType::float64:
        append<double>(chunk, source.columns(), result.rows);
        break;
      case ElementType::float32:
        append<float>(chunk, source.columns(), result.rows);
        break;
      case ElementType::int64:
        append<std::int64_t>(chunk, source.columns(), result.rows);
        break;
      case ElementType::int16:
        append<std::int16_t>(chunk, source.columns(), result.rows);
        break;
      case ElementType::int8:
        append<std::int8_t>(chunk, source.columns(), result.rows);
        break;
      default:
        FAIL("no type that these tests write");
    }
  }
  return result;
}

ReadBack converted(const std::string& bytes, const ConvertOptions& options = {}) {
  const Folder folder;
  const Conversion conversion = convert_to_hdf5(folder.write("in.csv", bytes), folder / "out.h5", options);
  ReadBack result = read_back(folder / "out.h5");
  result.conversion = conversion;
  return result;
}

/// The message of a conversion that is refused and leaves nothing.
std::string refusal(const std::string& bytes, const ConvertOptions& options = {}) {
  const Folder folder;
  const std::string file = folder.write("in.csv", bytes);
  try {
    convert_to_hdf5(file, folder / "out.h5", options);
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::data);
    CHECK_THAT(error.what(), ContainsSubstring(file));
    CHECK(folder.files() == 1);
    return error.what();
  }
  FAIL("it is not refused");
  return "";
}

bool equal(const Rows& a, const Rows& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t n = 0; n < a.size(); ++n) {
    if (a[n].size() != b[n].size()) return false;
    for (std::size_t j = 0; j < a[n].size(); ++j)
      if (!(a[n][j] == b[n][j] || (std::isnan(a[n][j]) && std::isnan(b[n][j])))) return false;
  }
  return true;
}

ConvertOptions with_header(bool header) {
  ConvertOptions options;
  options.header = header;
  return options;
}

}  // namespace

TEST_CASE("convert: types come from the values", "[convert]") {
  const ReadBack whole = converted("a,b\n1,2\n3,-4\n");
  CHECK(equal(whole.rows, {{1, 2}, {3, -4}}));
  CHECK(whole.names == std::vector<std::string>{"a", "b"});
  CHECK(whole.conversion.tables[0].columns[0].type == "int64");

  // One type for all columns where nothing is a category.
  const ReadBack mixed = converted("a,b\n1,2.5\n3,1e-3\n");
  CHECK(equal(mixed.rows, {{1, 2.5}, {3, 1e-3}}));
  CHECK(mixed.conversion.tables[0].columns[0].type == "float64");

  const ReadBack truth = converted("a,b\nTRUE,false\nFalse,true\n");
  CHECK(equal(truth.rows, {{1, 0}, {0, 1}}));
  CHECK(truth.conversion.tables[0].columns[0].type == "bool");
  CHECK(truth.labels.empty());

  const ReadBack table = converted("a,b,c,d\n1,x,2.5,true\n2,y,3,false\n3,x,4,true\n");
  CHECK(equal(table.rows, {{1, 0, 2.5, 1}, {2, 1, 3, 0}, {3, 0, 4, 1}}));
  CHECK(table.labels[1] == std::vector<std::string>{"x", "y"});
  CHECK(table.conversion.tables[0].columns[0].type == "int64");
  CHECK(table.conversion.tables[0].columns[1].type == "2 categories");
}

TEST_CASE("convert: numbers are those of the nearest doubles", "[convert]") {
  const ReadBack numbers = converted(
      "x\n0.1\n+2.5\n-.5\n1.\n1e308\n4.9406564584124654e-324\n9007199254740993.0\n-inf\n"
      "0.1000000000000000055511151231257827021181583404541015625\n");
  CHECK(equal(numbers.rows, {{0.1},
                             {2.5},
                             {-0.5},
                             {1},
                             {1e308},
                             {std::numeric_limits<double>::denorm_min()},
                             {9007199254740992},
                             {-std::numeric_limits<double>::infinity()},
                             {0.1}}));
  // A decimal comma is none, nor are bases other than ten.
  CHECK(converted("x\n0x10\n1_000\n1 000\n+-1\n--1\n").conversion.tables[0].columns[0].type == "5 categories");
  CHECK(equal(converted("x\n9223372036854775807\n-9223372036854775808\n").rows,
              {{9223372036854775807.0}, {-9223372036854775808.0}}));
  CHECK(converted("x\n9223372036854775808\n").conversion.tables[0].columns[0].type == "float64");
  CHECK_THAT(refusal("x\n1\n1e400\n"), ContainsSubstring("line 3") && ContainsSubstring("1e400"));
}

TEST_CASE("convert: gaps become NaN and are counted", "[convert]") {
  const ReadBack gaps = converted("a,b,c,d\n1,x,true,\n,,NA,null\nNaN,y,N/A,nan\n4, na ,false,NULL\n");
  CHECK(equal(gaps.rows, {{1, 0, 1, nan}, {nan, nan, nan, nan}, {nan, 1, nan, nan}, {4, nan, 0, nan}}));
  const auto& columns = gaps.conversion.tables[0].columns;
  CHECK(std::vector<std::size_t>{columns[0].gaps, columns[1].gaps, columns[2].gaps, columns[3].gaps} ==
        std::vector<std::size_t>{2, 2, 2, 4});
  // A word for a gap is one in quotes too: many programs put every cell in quotes.
  CHECK(equal(converted("\"a\",\"b\"\n\"1\",\"\"\n\"NA\",\"2\"\n").rows, {{1, nan}, {nan, 2}}));
  // Lines without a character are no rows.
  CHECK(equal(converted("\na\n\n1\n\"\"\n\n2\n\n").rows, {{1}, {nan}, {2}}));
}

TEST_CASE("convert: quotes, line ends and marks of RFC 4180", "[convert]") {
  const Rows expected = {{1, 2}, {3, 4}};
  for (const std::string text : {"a,b\n1,2\n3,4\n", "a,b\n1,2\n3,4", "a,b\r\n1,2\r\n3,4\r\n", "a,b\r\n1,2\r\n3,4\r",
                                 "\xef\xbb\xbf\"a\",b\n1,\"2\"\n\"3\",4\n", "a\tb\n1\t2\n3\t4\n", "a;b\n1;2\n3;4\n",
                                 " a , b\n 1,2 \n3\t, 4\n"}) {
    INFO(text);
    const ReadBack result = converted(text);
    CHECK(equal(result.rows, expected));
    CHECK(result.names == std::vector<std::string>{"a", "b"});
  }
  const ReadBack quoted = converted("\"a \"\"x\"\"\",\"b,\r\nc\"\n\"u\nv\",1\n\"w,\",2\n\"\"\"\",3\n");
  CHECK(quoted.names == std::vector<std::string>{"a \"x\"", "b,\r\nc"});
  CHECK(quoted.labels[0] == std::vector<std::string>{"\"", "u\nv", "w,"});
  CHECK(equal(quoted.rows, {{1, 1}, {2, 2}, {0, 3}}));

  ConvertOptions bars;
  bars.delimiter = '|';
  CHECK(equal(converted("a|b\n1|2\n3|4\n", bars).rows, expected));
}

TEST_CASE("convert: refusals name the line", "[convert]") {
  CHECK_THAT(refusal("a,b\n1,2\n3\n"), ContainsSubstring("line 3: has 1 cell, but the first line has 2"));
  CHECK_THAT(refusal("a,b\n\n\"1\n\n\",2\n3,4,5\n"), ContainsSubstring("line 6: has 3 cells"));
  CHECK_THAT(refusal("a,b\n1,\"2\n3,4\n"), ContainsSubstring("line 2: a quote is opened and never closed"));
  CHECK_THAT(refusal("a,b\n1,\"2\"x\n"), ContainsSubstring("line 2: there is text behind a closing quote"));
  CHECK_THAT(refusal("a,b\n1,5\"\n2,6\"\n"), ContainsSubstring("line 2: there is a quote within a cell"));
  CHECK_THAT(refusal(std::string("a,b\n1,2\n3,\0\n", 12)), ContainsSubstring("line 3: has a byte of 0"));
  CHECK_THAT(refusal("a,b\r1,2\r"), ContainsSubstring("line 1: has a carriage return"));
  CHECK_THAT(refusal("a,a\n1,2\n"), ContainsSubstring("line 1: several columns have the name 'a'"));
  CHECK_THAT(refusal("a,b\n"), ContainsSubstring("has no rows below the names"));
  CHECK_THAT(refusal(""), ContainsSubstring("empty"));
  CHECK_THAT(refusal("\n\n"), ContainsSubstring("empty"));
  CHECK_THAT(refusal("a,b\n1,M\xfcnchen\n"), ContainsSubstring("line 2: 'M?nchen' is not UTF-8"));
  CHECK_THAT(refusal("gr\xf6\xdf"
                     "e,b\n1,2\n"),
             ContainsSubstring("line 1: 'gr??e' is not UTF-8"));
  CHECK_THAT(refusal("\xff\xfe\x61\x01"), ContainsSubstring("UTF-16"));
  CHECK_THAT(refusal("\x1f\x8b..."), ContainsSubstring("gunzip"));
  CHECK_THAT(refusal("PAR1..."), ContainsSubstring("read_parquet"));
  std::string names = "id,x\n";
  for (int i = 0; i <= 4096; ++i) names += "n" + std::to_string(i) + ",1\n";
  CHECK_THAT(refusal(names), ContainsSubstring("line 4098") && ContainsSubstring("`columns = x`"));
}

TEST_CASE("convert: the first line holds names where it must", "[convert]") {
  const std::map<std::string, bool> found = {
      {"a,b\n1,2\n", true},  {"1,2\n3,4\n", false},  {"a,2019\n1,2\n", true},
      {"x,1\ny,2\n", false}, {"a,b\nx,y\n", true},   {"x,x\ny,y\n", false},
      {",a\n1,2\n", true},   {"NA,1\n2,3\n", false}, {"2019,2020\n1,2\n", false},
  };
  for (const auto& [text, header] : found) {
    INFO(text);
    CHECK(converted(text).conversion.header == header);
  }
  CHECK(converted("2019,2020\n1,2\n", with_header(true)).names == std::vector<std::string>{"2019", "2020"});
  CHECK(converted(",a\n1,2\n").names == std::vector<std::string>{"0", "a"});
  const ReadBack labels = converted("a,b\nx,y\n", with_header(false));
  CHECK(labels.rows.size() == 2);
  CHECK(labels.names == std::vector<std::string>{"0", "1"});
}

TEST_CASE("convert: texts behind numbers make a column one of categories, and it is said", "[convert]") {
  const ReadBack late = converted("a,b\n1,1\n2,2\n2,x\n?,3\n");
  CHECK(late.labels[0] == std::vector<std::string>{"1", "2", "?"});
  CHECK(late.labels[1] == std::vector<std::string>{"1", "2", "3", "x"});
  CHECK(equal(late.rows, {{0, 0}, {1, 1}, {1, 3}, {2, 2}}));
  REQUIRE(late.conversion.notes.size() == 2);
  CHECK_THAT(late.conversion.notes[0], ContainsSubstring("'a'") && ContainsSubstring("'?' (line 5)"));
}

TEST_CASE("convert: chosen columns are all that is read", "[convert]") {
  ConvertOptions options;
  options.columns = {"c", "0"};
  const ReadBack chosen = converted("a,id,c\n1,1e999,x\n2,,y\n", options);
  CHECK(chosen.names == std::vector<std::string>{"c", "a"});
  CHECK(equal(chosen.rows, {{0, 1}, {1, 2}}));
  options.columns = {"d"};
  CHECK_THAT(refusal("a,b\n1,2\n", options), ContainsSubstring("no column 'd'"));
}

TEST_CASE("convert: rows beyond a block of memory keep their order", "[convert]") {
  std::string text = "n,word\n";
  const std::size_t rows = 300000;  // more than 2 MiB of text, and of rows
  for (std::size_t n = 0; n < rows; ++n) text += std::to_string(n) + (n % 3 == 0 ? ",\"a\"\"\n\"\n" : ",b\n");
  const ReadBack result = converted(text);
  REQUIRE(result.rows.size() == rows);
  std::size_t wrong = 0;
  for (std::size_t n = 0; n < rows; ++n)
    wrong += result.rows[n][0] != static_cast<double>(n) || result.rows[n][1] != (n % 3 == 0 ? 0 : 1);
  CHECK(wrong == 0);
}

TEST_CASE("convert: neither input nor an older output is lost", "[convert]") {
  const Folder folder;
  const std::string good = folder.write("good.csv", "a\n1\n");
  const std::string bad = folder.write("bad.csv", "a,b\n1\n");
  CHECK_THROWS_WITH(convert_to_hdf5(good, good), ContainsSubstring("would be overwritten"));
  convert_to_hdf5(good, folder / "out.h5");
  const std::string before = text_of(folder / "out.h5");
  CHECK_THROWS_AS(convert_to_hdf5(bad, folder / "out.h5"), Error);
  ConvertOptions stopping;
  stopping.after_block = [] { throw std::runtime_error("stopped"); };
  CHECK_THROWS_AS(convert_to_hdf5(good, folder / "out.h5", stopping), std::runtime_error);
  CHECK(text_of(folder / "out.h5") == before);
  CHECK(folder.files() == 3);
}

namespace {

std::string npy(const std::string& header, const std::string& data) {
  std::string text = header;
  text.resize(118, ' ');
  return std::string("\x93NUMPY\x01\x00\x76\x00", 10) + text + data;
}

template <class T>
std::string bytes_of(std::vector<T> values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

}  // namespace

TEST_CASE("convert: arrays of NumPy in either order", "[convert]") {
  const std::string six = bytes_of<double>({1, 2, 3, 4, 5, nan});
  const ReadBack rows = converted(npy("{'descr': '<f8', 'fortran_order': False, 'shape': (3, 2), }", six));
  CHECK(equal(rows.rows, {{1, 2}, {3, 4}, {5, nan}}));
  CHECK(rows.conversion.tables[0].columns[1].gaps == 1);
  CHECK(equal(converted(npy("{'descr': '<f8', 'fortran_order': True, 'shape': (3, 2), }", six)).rows,
              {{1, 4}, {2, 5}, {3, nan}}));
  CHECK(converted(npy("{'descr': '<f8', 'fortran_order': True, 'shape': (6,), }", six)).rows.size() == 6);
  ConvertOptions second;
  second.columns = {"1"};
  CHECK(equal(converted(npy("{'descr': '<f8', 'fortran_order': True, 'shape': (3, 2), }", six), second).rows,
              {{4}, {5}, {nan}}));
  const ReadBack fields =
      converted(npy("{'descr': [('a', '<f8'), ('', '|V4'), ('b', '>i4')], 'fortran_order': False, "
                    "'shape': (1,), }",
                    bytes_of<double>({1.5}) + std::string("....\0\0\1\2", 8)));
  CHECK(equal(fields.rows, {{1.5, 258}}));
  CHECK(fields.names == std::vector<std::string>{"a", "b"});
}

TEST_CASE("convert: arrays that are none are refused", "[convert]") {
  const std::string six = bytes_of<double>({1, 2, 3, 4, 5, 6});
  const auto header = [](const std::string& descr, const std::string& shape) {
    return "{'descr': " + descr + ", 'fortran_order': False, 'shape': " + shape + ", }";
  };
  CHECK_THAT(refusal(npy(header("'<f8'", "(4, 2)"), six)), ContainsSubstring("cut short"));
  CHECK_THAT(refusal(npy(header("'<f8'", "(4611686018427387904, 4)"), six)), ContainsSubstring("cut short"));
  CHECK_THAT(refusal(npy(header("'<f8'", "(99999999999999999999,)"), six)), ContainsSubstring("no number"));
  CHECK_THAT(refusal(npy(header("'<f8'", "(1, 2, 3)"), six)), ContainsSubstring("(1 x 2 x 3)"));
  CHECK_THAT(refusal(npy(header("'<f8'", "()"), six)), ContainsSubstring("shape"));
  CHECK_THAT(refusal(npy(header("'<c16'", "(3,)"), six)), ContainsSubstring("complex"));
  CHECK_THAT(refusal(npy(header("'|O'", "(3,)"), six)), ContainsSubstring("'|O'"));
  CHECK_THAT(refusal(npy(header("'<U2'", "(3,)"), six)), ContainsSubstring("texts"));
  CHECK_THAT(refusal(npy(header("[('a', '<f8', (2,))]", "(3,)"), six)), ContainsSubstring("no single number"));
  CHECK_THAT(refusal(npy("{'descr': '<f8'", six)), ContainsSubstring("expected at byte"));
  CHECK_THAT(refusal(std::string("\x93NUMPY\x09\x00\x00\x00", 10)), ContainsSubstring("version 9"));
  CHECK_THAT(refusal("\x93NUMPY"), ContainsSubstring("cut short"));
  CHECK_THAT(refusal("PK\x03\x04......................"), ContainsSubstring("archive"));
}

TEST_CASE("convert: damaged files are read or refused by name, never more", "[convert]") {
  const std::vector<std::string> seeds = {
      "a,b,c\n1,2.5,x\n,NA,\"y \"\"z\"\"\"\n3,1e5,\"u,\nv\"\n-4,inf,x\n",
      "\xef\xbb\xbf\"a\";b\r\n\"1\";true\r\n2;false\r\n",
      npy("{'descr': '<f8', 'fortran_order': True, 'shape': (3, 2), }", bytes_of<double>({1, 2, 3, 4, 5, nan})),
      npy("{'descr': [('a', '<f8'), ('', '|V4'), ('b', '>i4')], 'fortran_order': False, 'shape': (2,), }",
          std::string(32, '\1')),
  };
  const std::string alphabet = "\",;\n\r\t 019.-+eEnNaA()[]{}':<>|f" + std::string("\0\xff\x93", 3);
  const Folder folder;
  Random random({20});
  std::size_t read = 0;
  std::size_t refused = 0;
  for (int i = 0; i < 4000; ++i) {
    std::string bytes = seeds[static_cast<std::size_t>(i) % seeds.size()];
    for (std::size_t changes = 1 + random.below(4); changes > 0 && !bytes.empty(); --changes) {
      const std::size_t at = random.below(bytes.size());
      const char c = alphabet[random.below(alphabet.size())];
      switch (random.below(4)) {
        case 0:
          bytes[at] = c;
          break;
        case 1:
          bytes.insert(at, 1, c);
          break;
        case 2:
          bytes.erase(at, 1 + random.below(4));
          break;
        default:
          if (random.below(4) == 0) bytes.resize(at);
      }
    }
    const std::string file = folder.write("in", bytes);
    try {
      convert_to_hdf5(file, folder / "out.h5");
      ++read;
      const ReadBack result = read_back(folder / "out.h5");
      if (result.rows.empty()) FAIL_CHECK("no rows of " << bytes);
    } catch (const Error& error) {
      const std::string message = error.what();
      ++refused;
      if (message.find(file) == std::string::npos) FAIL_CHECK(message << " of " << bytes);
    }
  }
  CHECK(read > 500);
  CHECK(refused > 500);
}

}  // namespace mixfam
