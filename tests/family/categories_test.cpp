#include <unistd.h>
#include <filesystem>

#include "catch.hpp"
#include "support.hpp"

namespace mixfam {

namespace {

/// The form in which a specification comes back.
std::string canonical(const std::string& categories, std::size_t columns) {
  const auto family = Registry::builtin().make("categorical:categories=" + categories, columns);
  const auto again = Registry::builtin().make(family->spec(), columns);
  CHECK(again->spec() == family->spec());
  for (std::size_t j = 0; j < columns; ++j) CHECK(again->support(j).rule == family->support(j).rule);
  return family->spec().substr(std::string("categorical:categories=").size());
}

std::string refusal(const std::string& categories, std::size_t columns = 1) {
  return error_of([&] { Registry::builtin().make("categorical:categories=" + categories, columns); });
}

std::string spec_of(const Table& table, const std::string& spec = "categorical") {
  auto source = table.source();
  return Registry::builtin().make(spec, table.columns, {}, &source)->spec();
}

std::string refusal_of(const Table& table, const std::string& spec = "categorical") {
  return error_of([&] { spec_of(table, spec); });
}

/// Codes that stand for labels in its first column.
class LabelledSource final : public Source {
 public:
  explicit LabelledSource(const Table& table) : source_(table.source()) { source_.set_column_names({"kind", "size"}); }
  std::size_t rows() const override { return source_.rows(); }
  std::size_t columns() const override { return source_.columns(); }
  const std::vector<std::string>& column_names() const override { return source_.column_names(); }
  const std::vector<std::vector<std::string>>& category_labels() const override { return labels_; }
  std::string name() const override { return "labelled"; }
  void rewind() override { source_.rewind(); }
  Chunk next(std::size_t granularity) override { return source_.next(granularity); }

 private:
  MemorySource source_;
  std::vector<std::vector<std::string>> labels_ = {{"cat", "dog", "emu"}, {}};
};

}  // namespace

TEST_CASE("categories: declared, and given back in the shortest form", "[categories]") {
  CHECK(canonical("3", 2) == "3");
  CHECK(canonical("0..2", 1) == "3");
  CHECK(canonical("1..4", 2) == "1..4");
  CHECK(canonical("4|1|3|2", 1) == "1..4");
  CHECK(canonical(" 0 | 5 | 7 ", 1) == "0|5|7");
  CHECK(canonical("0|5..7|9|10", 1) == "0|5..7|9|10");
  CHECK(canonical("5..5", 1) == "5..5");
  CHECK(canonical("0..2;1..4", 2) == "3;1..4");
  CHECK(canonical("2;2;2", 3) == "2");
  CHECK(canonical("0|2147483647", 1) == "0|2147483647");
  CHECK(canonical("9007199254740990|9007199254740991", 1) == "9007199254740990..9007199254740991");
}

TEST_CASE("categories: what is wrong with a declaration", "[categories]") {
  for (const char* text : {"", "0", "-1", "1.5", "x", "1..", "..2", "4..1", "1|", "|", "1|1", "1..3|2", "2097152",
                           "0..2000000", "9007199254740992..9007199254740993", "99999999999999999999", "3;", "1...3"}) {
    INFO(text);
    CHECK(refusal(text, 2).find("usage: family 'categorical': categories=" + std::string(text)) == 0);
  }
  CHECK(refusal("2;3", 3) == "usage: family 'categorical': categories=2;3 declares 2 columns, but it has 3");
  CHECK(error_of([] { Registry::builtin().make("categorical", 2); })
            .find("usage: family 'categorical' does not know its categories: they come from data, or are declared as "
                  "in categorical:categories=3") == 0);
}

TEST_CASE("categories: found in the data", "[categories]") {
  CHECK(spec_of({1, {2, 0, 1, 1}}) == "categorical:categories=3");
  CHECK(spec_of({2, {1, 9, 2, 9, 4, 7}}) == "categorical:categories=1|2|4;7|9");
  CHECK(spec_of({1, {2147483647, 0, 2147483647}}) == "categorical:categories=0|2147483647");
  CHECK(spec_of({1, {-0.0, 1}}) == "categorical:categories=2");
  CHECK(spec_of({3, {0.5, 8, 1, 1.5, 9, 0}}, "exponential(0) * categorical(2,1)") ==
        "exponential(0) * categorical:categories=2;8..9(2,1)");
  CHECK(spec_of({2, {1, 9, 2, 9}}, "categorical:categories=10") == "categorical:categories=10");  // declared wins

  Table wide{1, {}};
  for (int code = 0; code < 4096; ++code) wide.values.push_back(3 * code);
  CHECK(spec_of(wide).find("categorical:categories=0|3|6|9|") == 0);
  wide.values.push_back(1);
  CHECK(refusal_of(wide) ==
        "data: data row 4096, column 0: 1 is one more than 4096 distinct values, which are the most that 'categorical' "
        "looks for; use another family for this column, such as gaussian, or leave the column out of the data "
        "(`columns`)");
  CHECK(refusal_of({2, {0, 1, 1, 2.5}})
            .find("data: data row 1, column 1: 2.5 is no category of 'categorical' "
                  "(categories are whole numbers >= 0); use another family") == 0);
  CHECK(refusal_of({1, {0, -1}}).find("data: data row 1, column 0: -1 is no category") == 0);
  CHECK(refusal_of({1, {0, NAN}}).find("data: data row 1, column 0: nan is no category") == 0);
  CHECK(refusal_of({1, {0, INFINITY}}).find("data: data row 1, column 0: inf is no category") == 0);
  const Table table{1, {0, 1}};
  auto source = table.source();
  CHECK(error_of([&] { Registry::builtin().make("categorical", 2, {}, &source); }) ==
        "usage: data has 1 column, but 'categorical' is asked for over 2");
}

TEST_CASE("categories: the support", "[categories]") {
  const auto family = Registry::builtin().make("categorical:categories=3;0|5|2147483647;10..99;7..7", 4);
  CHECK(family->support(0).rule == "one of 3 categories 0, 1, 2");
  CHECK(family->support(1).rule == "one of 3 categories 0, 5, 2147483647");
  CHECK(family->support(2).rule == "one of 90 categories 10 to 99");
  CHECK(family->support(3).rule == "the one category 7");
  for (const double x : {0.0, 5.0, 2147483647.0}) CHECK(family->support(1).contains(x));
  for (const double x : {1.0, 2147483646.0, -1.0, 5.5, double(NAN)}) CHECK(!family->support(1).contains(x));
  CHECK(!family->support(0).contains(1.5));
}

TEST_CASE("categories: labels are for families over codes", "[categories]") {
  const Table table{2, {0, 1.5, 2, 2.5, 1, 0.5, 0, 3, 2, 1}};
  LabelledSource source(table);
  CHECK(MemorySource(table.view()).category_labels().empty());
  const auto mixed =
      Registry::builtin().make("categorical(kind) * exponential(size)", 2, source.column_names(), &source);
  CHECK(fit(initialize(mixed, 1, source), source).verdict == Verdict::converged);
  const auto gaussian = Registry::builtin().make("gaussian", 2);
  CHECK(
      error_of([&] { initialize(gaussian, 1, source); }) ==
      "data: labelled, column 0 (\"kind\") holds labels (cat, dog, emu), which 'gaussian' would take for numbers; use "
      "categorical for this column");
}

TEST_CASE("categories: a model file keeps labels and declares the categories", "[categories]") {
  const auto folder = std::filesystem::temp_directory_path() / ("mixfam_categories_" + std::to_string(getpid()));
  std::filesystem::create_directory(folder);
  const std::string file = (folder / "model.h5").string();

  const Table table{2, {0, 1.5, 2, 2.5, 1, 0.5, 0, 3, 2, 1}};
  LabelledSource source(table);
  const auto family = Registry::builtin().make("categorical(0) * exponential(1)", 2, {}, &source);
  SavedModel saved{initialize(family, 1, source), std::nullopt, std::nullopt, {}, source.category_labels()};
  save_model(file, saved);
  const SavedModel loaded = load_model(file, Registry::builtin());
  CHECK(loaded.category_labels == source.category_labels());
  CHECK(loaded.mixture.family().spec() == "categorical:categories=3(0) * exponential(1)");
  CHECK(to_vector(loaded.mixture.parameters().row(0)) == to_vector(saved.mixture.parameters().row(0)));
  saved.category_labels.pop_back();
  CHECK(error_of([&] { save_model(file, saved); }).find("labels of 1 column, but the mixture has 2") !=
        std::string::npos);

  Table scattered{2, {}};  // whose specification is longer than the 64 KiB of an attribute of fixed length
  for (int n = 0; n < 4096; ++n) {
    scattered.values.push_back(2147483647.0 - 3 * n);
    scattered.values.push_back(1e12 + 7 * n);
  }
  auto scattered_source = scattered.source();
  const auto wide = Registry::builtin().make("categorical", 2, {}, &scattered_source);
  CHECK(wide->spec().size() > 65536);
  ParameterTable uniform(wide->parameters(), 1);
  for (double& p : uniform.row(0)) p = 1.0 / 4096;
  save_model(file, {Mixture(wide, {1}, uniform), std::nullopt, std::nullopt, {}});
  const SavedModel again = load_model(file, Registry::builtin());
  CHECK(again.mixture.family().spec() == wide->spec());
  CHECK(again.category_labels.empty());
  std::filesystem::remove_all(folder);
}

}  // namespace mixfam
