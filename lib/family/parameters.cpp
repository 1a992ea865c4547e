#include <mixfam/error.hpp>
#include <mixfam/parameters.hpp>

#include "numerics/linear_algebra.hpp"
#include "numerics/packed.hpp"
#include "numerics/plural.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>
#include <numeric>

namespace mixfam {

namespace {

constexpr double probability_sum_tolerance = 1e-6;
constexpr double symmetry_tolerance = 1e-9;
constexpr double semidefinite_tolerance = 1e-12;
/// A few roundings of numbers up to 1.
constexpr double greatest_correction = 1e-15;

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", value);
  return text;
}

/// "mean[2]", or the bare name of a scalar.
std::string entry_name(const Field& field, std::size_t i) {
  return field.shape.empty() ? field.name : field.name + "[" + std::to_string(i) + "]";
}

std::optional<std::string> first_outside(const Field& field, ConstVectorView values, const char* rule,
                                         const std::function<bool(double)>& inside) {
  for (std::size_t i = 0; i < values.size(); ++i)
    if (!inside(values[i])) return entry_name(field, i) + " = " + number(values[i]) + " (must be " + rule + ")";
  return std::nullopt;
}

std::optional<std::string> check_probabilities(const Field& field, ConstVectorView values) {
  const std::size_t categories = field.shape.back();
  for (std::size_t first = 0; first < values.size(); first += categories) {
    const auto row = values.part(first, categories);
    const double sum = std::accumulate(row.begin(), row.end(), 0.0);
    if (std::abs(sum - 1) > probability_sum_tolerance)
      return entry_name(field, first) + " and the entries after it sum to " + number(sum) + " (must be 1)";
  }
  return std::nullopt;
}

std::optional<std::string> check_symmetric(const Field& field, ConstMatrixView A) {
  for (std::size_t i = 0; i < A.rows(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (std::abs(A(i, j) - A(j, i)) > symmetry_tolerance * (std::abs(A(i, i)) + std::abs(A(j, j))))
        return field.name + " is not symmetric: entry (" + std::to_string(i) + ", " + std::to_string(j) + ") is " +
               number(A(i, j)) + " and its mirror " + number(A(j, i));
  return std::nullopt;
}

/// Semidefinite to within rounding: definite once a little is added to the diagonal.
bool is_semidefinite(ConstMatrixView A) {
  double greatest = 0;
  for (std::size_t i = 0; i < A.rows(); ++i) greatest = std::max(greatest, A(i, i));
  std::vector<double> raised(A.rows() * A.columns());
  const auto B = MatrixView::row_major(raised.data(), A.rows(), A.columns());
  for (std::size_t i = 0; i < A.rows(); ++i)
    for (std::size_t j = 0; j < A.columns(); ++j) B(i, j) = A(i, j) + (i == j ? semidefinite_tolerance * greatest : 0);
  return greatest > 0 ? is_positive_definite(B)
                      : std::all_of(raised.begin(), raised.end(), [](double b) { return b == 0; });
}

std::optional<std::string> check_matrix(const Field& field, ConstVectorView values, bool factorised) {
  const bool strict = field.domain == Domain::covariance;
  if (field.form != MatrixForm::dense) {
    return first_outside(field, values, strict ? "> 0" : ">= 0",
                         [strict](double x) { return strict ? x > 0 : x >= 0; });
  }
  const auto A = ConstMatrixView::row_major(values.data(), field.dimension, field.dimension);
  if (auto reason = check_symmetric(field, A)) return reason;
  for (std::size_t i = 0; i < field.dimension; ++i)
    if (A(i, i) < 0) return field.name + " has the diagonal entry " + number(A(i, i)) + " (must be >= 0)";
  if (strict && !factorised && !is_positive_definite(A)) return field.name + " is not positive definite";
  if (!strict && !is_semidefinite(A)) return field.name + " is not positive semidefinite";
  return std::nullopt;
}

std::optional<std::string> check_field(const Field& field, ConstVectorView values, bool factorised) {
  if (auto reason = first_outside(field, values, "finite", [](double x) { return std::isfinite(x); })) return reason;
  switch (field.domain) {
    case Domain::real:
      return std::nullopt;
    case Domain::positive:
      return first_outside(field, values, "> 0", [](double x) { return x > 0; });
    case Domain::nonnegative:
      return first_outside(field, values, ">= 0", [](double x) { return x >= 0; });
    case Domain::probability:
    case Domain::probabilities:
      if (auto reason = first_outside(field, values, "in [0, 1]", [](double x) { return x >= 0 && x <= 1; }))
        return reason;
      return field.domain == Domain::probabilities ? check_probabilities(field, values) : std::nullopt;
    case Domain::covariance:
    case Domain::scatter:
      return check_matrix(field, values, factorised);
    case Domain::correction:
      return first_outside(field, values, rule_of(field.domain),
                           [](double x) { return std::abs(x) <= greatest_correction; });
  }
  return std::nullopt;
}

}  // namespace

const char* rule_of(Domain domain) {
  switch (domain) {
    case Domain::real:
      return "finite";
    case Domain::positive:
      return "> 0";
    case Domain::nonnegative:
      return ">= 0";
    case Domain::probability:
      return "in [0, 1]";
    case Domain::probabilities:
      return "in [0, 1], sum 1";
    case Domain::covariance:
      return "symmetric positive definite";
    case Domain::scatter:
      return "symmetric positive semidefinite";
    case Domain::correction:
      return "within 1e-15 of 0";
  }
  return "";
}

std::size_t Field::size() const {
  return std::accumulate(shape.begin(), shape.end(), std::size_t{1}, std::multiplies<>());
}

std::size_t Field::free_values() const {
  if (domain == Domain::correction) return 0;
  if (domain == Domain::probabilities) return size() - size() / shape.back();
  if (domain == Domain::covariance && form == MatrixForm::dense)
    return size() / (dimension * dimension) * packed::size(dimension);
  return size();
}

Schema::Schema(std::vector<Field> fields) : fields_(std::move(fields)) {
  for (const Field& field : fields_) {
    offsets_.push_back(size_);
    size_ += field.size();
  }
}

std::size_t Schema::free_values() const {
  return std::accumulate(fields_.begin(), fields_.end(), std::size_t{0},
                         [](std::size_t sum, const Field& field) { return sum + field.free_values(); });
}

std::optional<std::size_t> Schema::find(const std::string& name) const {
  for (std::size_t f = 0; f < fields_.size(); ++f)
    if (fields_[f].name == name) return f;
  return std::nullopt;
}

std::optional<std::string> Schema::check(ConstVectorView row, bool factorised) const {
  for (std::size_t f = 0; f < fields_.size(); ++f)
    if (auto reason = check_field(fields_[f], row.part(offsets_[f], fields_[f].size()), factorised)) return reason;
  return std::nullopt;
}

std::optional<std::string> Schema::mismatch(const Schema& other) const {
  const auto describe = [](const Schema& schema, std::size_t f) -> std::string {
    if (f >= schema.fields_.size()) return "nothing";
    std::string text = "'" + schema.fields_[f].name + "'";
    for (const std::size_t extent : schema.fields_[f].shape) text += " [" + std::to_string(extent) + "]";
    return text;
  };
  for (std::size_t f = 0; f < std::max(fields_.size(), other.fields_.size()); ++f)
    if (const std::string needed = describe(*this, f), given = describe(other, f); needed != given)
      return given + " where " + needed + " is needed";
  return std::nullopt;
}

ParameterTable::ParameterTable(Schema schema, std::size_t components)
    : ParameterTable({{std::move(schema), components}}) {}

ParameterTable::ParameterTable(std::vector<Group> groups) {
  std::vector<Part> parts;
  std::size_t size = 0;
  for (Group& group : groups) {
    parts.push_back({std::move(group.schema), group.components, components_, size});
    components_ += group.components;
    size += group.components * parts.back().schema.size();
  }
  parts_ = std::make_shared<const std::vector<Part>>(std::move(parts));
  values_.resize(size);
}

const ParameterTable::Part& ParameterTable::part_of(std::size_t k) const {
  static const Part none{};
  if (groups() == 0) return none;
  auto part = parts_->begin();
  while (part + 1 != parts_->end() && k >= part->first + part->components) ++part;
  return *part;
}

void ParameterTable::refuse(std::size_t k) const {
  throw Error(ErrorKind::usage,
              "no component " + std::to_string(k) + " in a table of " + plural(components_, "component"));
}

VectorView ParameterTable::field(std::size_t k, const std::string& name) {
  const auto values = std::as_const(*this).field(k, name);
  return {const_cast<double*>(values.data()), values.size()};
}

ConstVectorView ParameterTable::field(std::size_t k, const std::string& name) const {
  const auto values = row(k);
  const Schema& schema = this->schema(k);
  const auto f = schema.find(name);
  if (!f) {
    std::string known;
    for (const Field& field : schema.fields()) known += (known.empty() ? "" : ", ") + field.name;
    throw Error(ErrorKind::usage, "no parameter '" + name + "'; there are: " + known);
  }
  return values.part(schema.offset(*f), schema.fields()[*f].size());
}

}  // namespace mixfam
