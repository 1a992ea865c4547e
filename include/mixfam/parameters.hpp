#pragma once

#include <mixfam/enum_names.hpp>
#include <mixfam/export.hpp>
#include <mixfam/matrix_view.hpp>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace mixfam {

/// The values that a field may take.
enum class Domain {
  real,           ///< finite
  positive,       ///< finite, > 0
  nonnegative,    ///< finite, >= 0
  probability,    ///< in [0, 1]
  probabilities,  ///< along the last axis: in [0, 1], summing to 1
  covariance,     ///< symmetric positive definite, stored as its `MatrixForm` says
  scatter,        ///< symmetric positive semidefinite, stored as its `MatrixForm` says
  correction,     ///< within 1e-15 of 0: digits that another field has no room for; 0 where they are not given
};
template <>
struct EnumNames<Domain> {
  static constexpr EnumName<Domain> all[] = {
      {Domain::real, "real"},
      {Domain::positive, "positive"},
      {Domain::nonnegative, "nonnegative"},
      {Domain::probability, "probability"},
      {Domain::probabilities, "probabilities"},
      {Domain::covariance, "covariance"},
      {Domain::scatter, "scatter"},
      {Domain::correction, "correction"},
  };
};

/// The rule of a domain in a few words, such as "> 0".
MIXFAM_API const char* rule_of(Domain domain);

/// How a D x D covariance matrix is stored.
enum class MatrixForm {
  dense,      ///< all D x D entries
  diagonal,   ///< the D diagonal entries
  spherical,  ///< one entry, the same all along the diagonal
};

/// One named array of a parameter set, for a single component.
struct Field {
  std::string name;                ///< the field's standard term, such as "rate"; "factor/rate" within a product
  std::vector<std::size_t> shape;  ///< empty for a scalar
  Domain domain = Domain::real;
  MatrixForm form = MatrixForm::dense;    ///< of a covariance or scatter matrix
  std::size_t dimension = 0;              ///< D of a covariance or scatter matrix
  std::vector<std::size_t> columns = {};  ///< of the data that it is about; empty: all

  MIXFAM_API std::size_t size() const;
  /// Number of values that can be chosen freely.
  MIXFAM_API std::size_t free_values() const;
  /// Whether people are shown it: a correction is for formulas and files alone.
  bool is_shown() const { return domain != Domain::correction; }
};

/// Names, shapes and domains of the numbers that describe one component, in storage order.
class MIXFAM_API Schema {
 public:
  Schema() = default;
  Schema(std::vector<Field> fields);

  const std::vector<Field>& fields() const { return fields_; }
  bool empty() const { return fields_.empty(); }
  /// Doubles needed for one component.
  std::size_t size() const { return size_; }
  std::size_t free_values() const;
  /// Where the field begins within a component's row.
  std::size_t offset(std::size_t field) const { return offsets_[field]; }
  /// Index of a field by name.
  std::optional<std::size_t> find(const std::string& name) const;
  /// The first rule that a row of values breaks, such as `rate = -1 (must be > 0)`; nothing when all hold. Whether
  /// covariances are positive definite is not looked into where a factorisation has shown it.
  std::optional<std::string> check(ConstVectorView row, bool factorised = false) const;
  /// The first field whose name or shape is not that of this schema, such as `'rate' where 'mean' [2] is needed`;
  /// nothing when all are.
  std::optional<std::string> mismatch(const Schema& other) const;

 private:
  std::vector<Field> fields_;
  std::vector<std::size_t> offsets_;
  std::size_t size_ = 0;
};

/// The values that describe K components, one row for each: K x schema.size(), row-major. Groups of neighbours may have
/// a schema each, and rows of that size.
class MIXFAM_API ParameterTable {
 public:
  /// Components with one schema.
  struct Group {
    Schema schema;
    std::size_t components;
  };

  ParameterTable() = default;
  ParameterTable(Schema schema, std::size_t components);
  explicit ParameterTable(std::vector<Group> groups);

  std::size_t components() const { return components_; }
  /// Of one component, which is any where all have the same.
  const Schema& schema(std::size_t k = 0) const { return part_of(k).schema; }
  /// The values of one component. Throws Error(usage) where there is none of that number.
  VectorView row(std::size_t k) {
    const auto values = std::as_const(*this).row(k);
    return {const_cast<double*>(values.data()), values.size()};
  }
  ConstVectorView row(std::size_t k) const {
    if (k >= components_) refuse(k);
    const Part& part = part_of(k);
    return {values_.data() + part.offset + (k - part.first) * part.schema.size(), part.schema.size()};
  }
  /// The values of one field of one component. Throws Error(usage) for an unknown name or component.
  VectorView field(std::size_t k, const std::string& name);
  ConstVectorView field(std::size_t k, const std::string& name) const;

  std::size_t groups() const { return parts_ ? parts_->size() : 0; }
  /// All components of a group.
  MatrixView view(std::size_t group = 0) {
    const auto values = std::as_const(*this).view(group);
    return MatrixView::row_major(const_cast<double*>(values.data()), values.rows(), values.columns());
  }
  ConstMatrixView view(std::size_t group = 0) const {
    if (group >= groups()) return {};
    const Part& part = (*parts_)[group];
    return ConstMatrixView::row_major(values_.data() + part.offset, part.components, part.schema.size());
  }

 private:
  struct Part {
    Schema schema;
    std::size_t components;
    std::size_t first;   // component
    std::size_t offset;  // of its first value
  };

  const Part& part_of(std::size_t k) const;
  [[noreturn]] void refuse(std::size_t k) const;

  std::shared_ptr<const std::vector<Part>> parts_;
  std::size_t components_ = 0;
  std::vector<double> values_;
};

}  // namespace mixfam
