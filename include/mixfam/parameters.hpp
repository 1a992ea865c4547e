#pragma once

#include <mixfam/enum_names.hpp>
#include <mixfam/export.hpp>
#include <mixfam/matrix_view.hpp>

#include <optional>
#include <string>
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

/// The values of a schema for K components: a K x schema.size() matrix, row-major.
class MIXFAM_API ParameterTable {
 public:
  ParameterTable() = default;
  ParameterTable(Schema schema, std::size_t components);

  const Schema& schema() const { return schema_; }
  std::size_t components() const { return components_; }
  /// The values of one component. Throws Error(usage) where there is none of that number.
  VectorView row(std::size_t k) {
    require(k);
    return {values_.data() + k * schema_.size(), schema_.size()};
  }
  ConstVectorView row(std::size_t k) const {
    require(k);
    return {values_.data() + k * schema_.size(), schema_.size()};
  }
  /// The values of one field of one component. Throws Error(usage) for an unknown name or component.
  VectorView field(std::size_t k, const std::string& name);
  ConstVectorView field(std::size_t k, const std::string& name) const;
  MatrixView view() { return MatrixView::row_major(values_.data(), components_, schema_.size()); }
  ConstMatrixView view() const { return ConstMatrixView::row_major(values_.data(), components_, schema_.size()); }

 private:
  void require(std::size_t k) const {
    if (k >= components_) refuse(k);
  }
  [[noreturn]] void refuse(std::size_t k) const;

  Schema schema_;
  std::size_t components_ = 0;
  std::vector<double> values_;
};

}  // namespace mixfam
