#pragma once

#include <mixfam/export.hpp>
#include <mixfam/matrix_view.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace mixfam {

/// The numeric types that a source may hand out.
enum class ElementType { int8, uint8, int16, uint16, int32, uint32, int64, uint64, float32, float64 };
inline constexpr std::size_t element_type_count = 10;

template <class T>
constexpr ElementType element_type() {
  static_assert(std::is_arithmetic_v<T>, "a source holds numbers");
  if constexpr (std::is_floating_point_v<T>) {
    static_assert(sizeof(T) == 4 || sizeof(T) == 8, "float and double are supported");
    return sizeof(T) == 4 ? ElementType::float32 : ElementType::float64;
  } else if constexpr (sizeof(T) == 1) {
    return std::is_signed_v<T> ? ElementType::int8 : ElementType::uint8;
  } else if constexpr (sizeof(T) == 2) {
    return std::is_signed_v<T> ? ElementType::int16 : ElementType::uint16;
  } else if constexpr (sizeof(T) == 4) {
    return std::is_signed_v<T> ? ElementType::int32 : ElementType::uint32;
  } else {
    return std::is_signed_v<T> ? ElementType::int64 : ElementType::uint64;
  }
}

MIXFAM_API std::size_t element_size(ElementType type);

/// Neighbouring rows of a source in their own type; valid until the next call to the source.
struct Chunk {
  const void* data = nullptr;
  ElementType type = ElementType::float64;
  std::size_t first_row = 0;
  std::size_t rows = 0;              ///< 0 at the end of the source
  std::ptrdiff_t row_stride = 0;     ///< in elements
  std::ptrdiff_t column_stride = 1;  ///< in elements
  /// One for each row of the chunk, or none: all 1. Either all chunks of a source have weights or none has.
  const double* weights = nullptr;
  /// One for each row of the chunk, or none: the component that the row is known to come from, or `unlabelled`. Either
  /// all chunks of a source have labels or none has.
  const std::int32_t* labels = nullptr;
};

/// The label of a row whose component is not known.
inline constexpr std::int32_t unlabelled = -1;

/// What starts, fits and scores ask `Source::next` for is a multiple of this: sums over the rows are made of such
/// parts.
inline constexpr std::size_t pass_granularity = 2048;

/// A rewindable stream of rows.
class MIXFAM_API Source {
 public:
  virtual ~Source();

  virtual std::size_t rows() const = 0;
  virtual std::size_t columns() const = 0;
  /// One name for each column, or empty.
  virtual const std::vector<std::string>& column_names() const = 0;
  /// One list for each column, or empty: the label of code v is entry v of its column's list. A column without labels
  /// has an empty list, a code without a label an empty text.
  virtual const std::vector<std::vector<std::string>>& category_labels() const;
  /// Whether NaN stands for a value that is missing. Where it does not, NaN is refused.
  virtual bool has_gaps() const { return false; }
  /// What error messages call the data, such as "ages.h5:/X".
  virtual std::string name() const = 0;
  /// The number by which error messages call a row.
  virtual std::size_t row_number(std::size_t row) const { return row; }

  virtual void rewind() = 0;
  /// Goes to a row at or before `row` where reading can begin, and returns it: the first row of the next chunk.
  virtual std::size_t rewind_to(std::size_t row);
  /// The rows that follow. Their number is a multiple of `granularity` except at the end of the source.
  virtual Chunk next(std::size_t granularity) = 0;
};

/// One value for each row, or none. A container that lives on is used where it lies and must outlive whoever was given
/// the values; a temporary one is kept.
template <class T>
class RowValues {
 public:
  RowValues() = default;
  RowValues(BasicVectorView<const T> values) : view_(values) {}
  RowValues(BasicVectorView<T> values) : view_(values.data(), values.size()) {}
  template <class C, class = std::enable_if_t<std::is_convertible_v<C&, BasicVectorView<const T>>>>
  RowValues(C&& container) : view_(container) {
    if constexpr (!std::is_lvalue_reference_v<C>) {
      kept_ = std::make_shared<const std::vector<T>>(view_.begin(), view_.end());
      view_ = *kept_;
    }
  }

  BasicVectorView<const T> view() const { return view_; }

 private:
  BasicVectorView<const T> view_;
  std::shared_ptr<const std::vector<T>> kept_;
};

/// None: all weights are 1.
using RowWeights = RowValues<double>;
/// The component that each row is known to come from, or `unlabelled`; none: no row has a label.
using RowLabels = RowValues<std::int32_t>;

/// A caller's own array, used where it lies. The array must outlive the source.
class MIXFAM_API MemorySource final : public Source {
 public:
  /// X: N x D in any strided order; `weights`: N values >= 0, or empty for all 1.
  /// Throws Error(data) when there are no rows or columns, when the number of weights is not N, or when a weight
  /// is negative or not finite.
  template <class T>
  explicit MemorySource(BasicMatrixView<const T> X, RowWeights weights = {})
      : MemorySource(X.data(), element_type<T>(), X.rows(), X.columns(), X.row_stride(), X.column_stride(),
                     std::move(weights)) {}
  template <class T, class = std::enable_if_t<!std::is_const_v<T>>>
  explicit MemorySource(BasicMatrixView<T> X, RowWeights weights = {})
      : MemorySource(BasicMatrixView<const T>(X), std::move(weights)) {}

  /// Names for messages and for specifications such as `gaussian(height,width)`. Throws Error(usage) unless D names.
  void set_column_names(std::vector<std::string> names);
  /// N components, or `unlabelled`; empty for none. Throws Error(data) when their number is not N, or when one is below
  /// `unlabelled`.
  void set_labels(RowLabels labels);
  /// From now on NaN stands for a value that is missing.
  void allow_gaps() { has_gaps_ = true; }

  std::size_t rows() const override { return rows_; }
  std::size_t columns() const override { return columns_; }
  const std::vector<std::string>& column_names() const override { return column_names_; }
  bool has_gaps() const override { return has_gaps_; }
  std::string name() const override { return "data"; }
  void rewind() override { done_ = false; }
  Chunk next(std::size_t granularity) override;

 private:
  MemorySource(const void* data, ElementType type, std::size_t rows, std::size_t columns, std::ptrdiff_t row_stride,
               std::ptrdiff_t column_stride, RowWeights weights);

  const void* data_;
  ElementType type_;
  std::size_t rows_;
  std::size_t columns_;
  std::ptrdiff_t row_stride_;
  std::ptrdiff_t column_stride_;
  RowWeights weights_;
  RowLabels labels_;
  std::vector<std::string> column_names_;
  bool has_gaps_ = false;
  bool done_ = false;
};

}  // namespace mixfam
