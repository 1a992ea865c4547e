#include <mixfam/error.hpp>
#include <mixfam/exponential_family.hpp>
#include <mixfam/registry.hpp>

#include "family/column_numbers.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

namespace mixfam {

namespace {

constexpr const char* formulas = R"(
Uniform distribution over a box with sides from a_j to b_j, the component of noise of Banfield and Raftery (1993):

    p(x) = 1 / V  for x in the box, else 0      V = prod_j (b_j - a_j)
    t(x) = ()      c = ()      A = 0      h = 1 / V in the box, 0 elsewhere

A column of whole numbers has b_j - a_j + 1 values, and p is a probability there. It is one where some component of
the mixture counts in whole numbers, or with `whole=1`. The box is that of the data unless `lower` and `upper` declare
it; rows outside of a declared one can be those of other components only.

There is nothing to estimate, and the prior has no hyperparameters. The box is given, not fitted: it does not count
among the free parameters.
)";

constexpr double infinity = std::numeric_limits<double>::infinity();

struct Side {
  double lower;
  double upper;
  bool whole;

  double length() const { return whole ? upper - lower + 1 : upper - lower; }
};

std::string number_text(double value) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  return {text, end};
}

/// One number where all are alike.
template <class Value>
std::string list_text(const std::vector<Side>& sides, Value value) {
  std::string text;
  bool alike = true;
  for (const Side& side : sides) {
    text += (text.empty() ? "" : ";") + number_text(value(side));
    alike = alike && value(side) == value(sides.front());
  }
  return alike ? number_text(value(sides.front())) : text;
}

/// The box is a shape, not a parameter: a component has none.
class Uniform {
 public:
  class Prior {
   public:
    Schema hyperparameters() const { return {}; }
    void flat(VectorView) const {}
    void standard(ConstVectorView, std::size_t, VectorView) const {}
    void chi(ConstVectorView, std::size_t, VectorView) const {}
    void from_chi(ConstVectorView, VectorView) const {}
    std::optional<double> log_partition(ConstVectorView) const { return 0; }
    double expectation(ConstVectorView, VectorView, VectorView) const { return 0; }
    void sample(ConstVectorView, Random&, VectorView) const {}
    void mean(ConstVectorView, VectorView) const {}
    void quantile(ConstVectorView, double, VectorView) const {}
    std::optional<std::string> check(ConstVectorView) const { return std::nullopt; }
  };

  explicit Uniform(std::vector<Side> sides) : sides_(std::move(sides)) {}

  std::string spec() const {
    std::string text = "uniform:lower=" + list_text(sides_, [](const Side& side) { return side.lower; }) +
                       ",upper=" + list_text(sides_, [](const Side& side) { return side.upper; });
    if (std::any_of(sides_.begin(), sides_.end(), [](const Side& side) { return side.whole; }))
      text += ",whole=" + list_text(sides_, [](const Side& side) { return side.whole ? 1.0 : 0.0; });
    return text;
  }
  std::size_t columns() const { return sides_.size(); }
  std::size_t statistic_size() const { return 0; }
  Schema parameters() const { return {}; }
  Support support(std::size_t column) const {
    Support support{"any finite number", -infinity, infinity};
    if (!sides_[column].whole) return support;
    support.rule = "any whole number";
    support.integer = support.labels_allowed = true;
    return support;
  }

  StatisticRange statistic_range(std::size_t) const { return {0, 0}; }
  void add_log_base(const Block& x, std::size_t j, VectorView out) const {
    const double log_length = std::log(sides_[j].length());
    const double* column = x.column(j);
    for (std::size_t n = 0; n < x.rows; ++n)
      out[n] -= column[n] >= sides_[j].lower && column[n] <= sides_[j].upper ? log_length : infinity;
  }
  void add_log_base(const Block& x, VectorView out) const {
    for (std::size_t j = 0; j < columns(); ++j) add_log_base(x, j, out);
  }
  void statistic(const Block&, MatrixView) const {}
  void coefficients(ConstVectorView, VectorView) const {}
  void mean(ConstVectorView, VectorView) const {}
  std::optional<Reason> mle(ConstVectorView, VectorView) const { return std::nullopt; }
  void sample(ConstVectorView, Random& random, VectorView x) const {
    for (std::size_t j = 0; j < columns(); ++j) {
      const Side& side = sides_[j];
      x[j] = std::min(side.lower + random.uniform() * side.length(), side.upper);
      if (side.whole) x[j] = std::floor(x[j]);
    }
  }

  Prior prior() const { return {}; }

 private:
  std::vector<Side> sides_;
};

[[noreturn]] void refuse(const std::string& what) { throw Error(ErrorKind::usage, "family 'uniform': " + what); }

std::optional<std::vector<double>> option(const Shape& shape, const std::string& key) {
  const auto found = shape.options.find(key);
  if (found == shape.options.end()) return std::nullopt;
  return parse_column_numbers("uniform", key, found->second, shape.columns);
}

FamilyPtr make_uniform(const Shape& shape) {
  const auto lower = option(shape, "lower");
  const auto upper = option(shape, "upper");
  const auto whole = option(shape, "whole");
  if ((!lower || !upper) && shape.ranges.empty())
    refuse("its box is not known: it comes from data, or is declared as in uniform:lower=0,upper=1");
  std::vector<Side> sides;
  for (std::size_t j = 0; j < shape.columns; ++j) {
    const std::string column = j < shape.column_labels.size() ? shape.column_labels[j] + ": " : "";
    if (whole && (*whole)[j] != 0 && (*whole)[j] != 1) refuse(column + "`whole` is 1 or 0, as in whole=1;0");
    const Side side{lower ? (*lower)[j] : shape.ranges[j].least, upper ? (*upper)[j] : shape.ranges[j].greatest,
                    whole ? (*whole)[j] == 1 : !shape.whole.empty() && shape.whole[j]};
    const std::string bounds = column + "from " + number_text(side.lower) + " to " + number_text(side.upper);
    if (side.whole && (side.lower != std::floor(side.lower) || side.upper != std::floor(side.upper)))
      refuse(bounds + ": a column of whole numbers needs whole bounds");
    if (!(side.length() > 0) || !std::isfinite(side.length()))
      refuse(bounds + ": its box has no volume; declare a wider one, as in uniform:lower=0,upper=1" +
             (shape.columns > 1 ? ", for each column apart with ';' between" : ""));
    sides.push_back(side);
  }
  return make_family(Uniform(std::move(sides)));
}

}  // namespace

RegistryEntry uniform_entry();
RegistryEntry uniform_entry() {
  RegistryEntry entry;
  entry.name = "uniform";
  entry.summary = "1 / volume of a box that holds the data: a component of noise";
  entry.options = {"lower=0, for each column apart with ';' between", "upper=1, likewise",
                   "whole=1 for columns of whole numbers, likewise"};
  entry.make = make_uniform;
  entry.formulas = formulas;
  entry.needs_ranges = true;
  entry.example = "uniform:lower=0,upper=1";
  return entry;
}

}  // namespace mixfam
