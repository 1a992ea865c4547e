#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

/// The hot loops of the E-step and of the statistics, compiled once for each instruction set from one source and chosen
/// at run time. Matrices are column-major: vectors run along the rows of a block.
namespace mixfam {

/// Columns of a block: `count` pointers to `rows` doubles each.
struct KernelColumns {
  const double* const* at;
  std::size_t count;
  std::size_t rows;
};

/// K columns of a block, `stride` doubles apart.
struct KernelMatrix {
  double* data;
  std::ptrdiff_t stride;
  std::size_t columns;
};
struct ConstKernelMatrix {
  const double* data;
  std::ptrdiff_t stride;
  std::size_t columns;
};

/// Rows of coefficient matrices are packed in panels of so many, column after column, so that one panel is one stream.
inline constexpr std::size_t panel_rows = 8;

/// W (x - mean), W lower triangular: panel i holds the columns 0 .. of rows 8 i to 8 i + 7 up to the diagonal.
struct WhitenedComponent {
  const double* mean;
  const double* panels;  ///< packed by pack_lower
  double log_scale;
};

/// (x - mean) * scale, column by column.
struct StandardisedComponents {
  const double* means;       ///< K x D row-major
  const double* scales;      ///< K x D row-major
  const double* log_scales;  ///< K
};

/// K components of one column of x > 0, each about its origin, the logarithm of its scale.
struct LogarithmicComponents {
  const double* origins;
  const double* scales;
  const double* constants;
  const double* slopes;      ///< of log(x / scale)
  const double* curvatures;  ///< of x / scale - 1 - log(x / scale)
};

struct AssignmentSums {
  double log_normaliser;  ///< sum_n log sum_k exp L(n, k)
  double entropy;         ///< -sum_nk r log r
  double least;           ///< min over n of max_k L(n, k), or 0 where that is less
};

/// L(n, k) = constant_k + slope_k x_n.
struct LinearComponents {
  const double* constants;
  const double* slopes;
};
/// L(n, k) = constant_k + curvature_k (x_n - origin_k)^2.
struct QuadraticComponents {
  const double* constants;
  const double* curvatures;
  const double* origins;
};
/// Components of one column that are assigned in registers.
inline constexpr int most_univariate_components = 8;

/// counts[k] += sum_n r_nk, first[k] += sum_n r_nk x_n.
struct LinearSums {
  double* counts;
  double* first;
};
/// The same of x - origin, and second[k] of its square.
struct QuadraticSums {
  double* counts;
  double* first;
  double* second;
};

struct Kernels {
  const char* instruction_set;

  // --- densities: L(n, k) += .., without log h ----------------------------------------------------------------
  /// log_scale_k - |W_k (x_n - mean_k)|^2 / 2. Scratch: whitening_scratch(D).
  void (*add_whitened)(KernelColumns x, const WhitenedComponent* components, KernelMatrix L, double* scratch);
  /// log_scale_k - |(x_n - mean_k) * scale_k|^2 / 2.
  void (*add_standardised)(KernelColumns x, StandardisedComponents components, KernelMatrix L);
  /// constant_k + slope_k y + curvature_k (exp(y) - 1 - y), y = log(x_n / scale_k).
  void (*add_logarithmic)(const double* x, const double* log_x, std::size_t rows, LogarithmicComponents components,
                          KernelMatrix L);
  /// sum_p T(n, p) C(k, p); C packed by pack_panels.
  void (*add_products)(KernelColumns T, const double* panels, KernelMatrix L);
  /// sum_g tables[index(n, g)][k]: one row of `width` doubles for each index; width is a multiple of 8, index rows x G
  /// row-major. Scratch: rows x width.
  void (*add_table_rows)(const std::uint32_t* index, std::size_t rows, std::size_t groups, const double* tables,
                         std::size_t width, KernelMatrix L, double* scratch);

  // --- statistics: S += .. ------------------------------------------------------------------------------------
  /// sums_i += sum_n r_n (x_ni - origin_i), squares += vech sum_n r_n (x_n - origin)(x_n - origin)'; returns sum_n r_n.
  /// Scratch: scatter_scratch(D, rows).
  double (*add_scatter)(KernelColumns x, const double* r, const double* origin, double* sums, double* squares,
                        double* scratch);
  /// sums(k, j) += sum_n R(n, k) (x_nj - origin(k, j)), squares likewise of the squared residuals; all K x D row-major.
  void (*add_moments)(KernelColumns x, ConstKernelMatrix R, const double* origins, double* sums, double* squares);
  /// sums[k] += sum_n R(n, k) y and excesses[k] += sum_n R(n, k) (exp(y) - 1 - y), y = log(x_n / scale_k).
  void (*add_logarithmic_moments)(const double* x, const double* log_x, std::size_t rows, ConstKernelMatrix R,
                                  const double* origins, const double* scales, double* sums, double* excesses);
  /// S(k, p) += sum_n R(n, k) T(n, p); S K x P row-major, `row_stride` doubles apart.
  void (*accumulate_products)(KernelColumns T, ConstKernelMatrix R, double* S, std::size_t row_stride);
  /// tables[index(n, g)][k] += R(n, k). Scratch: rows x width.
  void (*scatter_to_table_rows)(const std::uint32_t* index, std::size_t rows, std::size_t groups, ConstKernelMatrix R,
                                double* tables, std::size_t width, double* scratch);

  // --- patterns of four columns of zeros and ones ---------------------------------------------------------------
  /// index(n, g) = 16 g + x(n, 4 g) + 2 x(n, 4 g + 1) + 4 x(n, 4 g + 2) + 8 x(n, 4 g + 3), where columns beyond the
  /// last are 0; rows lie `row_stride` bytes apart.
  void (*index_patterns)(const unsigned char* x, std::size_t rows, std::ptrdiff_t row_stride, std::size_t columns,
                         std::uint32_t* index);
  /// sums(j, 0, k) += sum of the R(n, k) with x(n, j) = 0, sums(j, 1, k) of those with x(n, j) = 1; sums D x 2 x width.
  /// Scratch: binary_scratch(D).
  void (*add_binary_counts)(const unsigned char* x, std::size_t rows, std::ptrdiff_t row_stride, std::size_t columns,
                            ConstKernelMatrix R, std::size_t width, double* sums, double* scratch);

  // --- assignment ---------------------------------------------------------------------------------------------
  /// R(n, k) = exp(L(n, k) - log_normaliser[n]), log_normaliser[n] = log sum_k exp L(n, k), entropy[n] = -sum_k r log
  /// r. L must be finite. Rows are padded to a multiple of 8: L, R and the results have room for them.
  void (*normalise)(ConstKernelMatrix L, std::size_t rows, KernelMatrix R, double* log_normaliser, double* entropy);
  /// The same R, 0 in the padding, and the sums over the rows alone.
  AssignmentSums (*assign)(ConstKernelMatrix L, std::size_t rows, KernelMatrix R);
  /// The same for 1 to most_univariate_components components of one column, with their statistics and without L and R.
  AssignmentSums (*assign_linear)(const double* x, std::size_t rows, std::size_t count,
                                  const LinearComponents& components, const LinearSums& sums);
  AssignmentSums (*assign_quadratic)(const double* x, std::size_t rows, std::size_t count,
                                     const QuadraticComponents& components, const QuadraticSums& sums);
  /// R(n, k) *= weights[n].
  void (*weigh)(KernelMatrix R, std::size_t rows, const double* weights);
  /// counts[k] += sum_n R(n, k).
  void (*add_counts)(ConstKernelMatrix R, std::size_t rows, double* counts);
};

/// The kernels of the best instruction set that the processor has; the environment variable MIXFAM_SIMD (baseline, avx2
/// or avx512) chooses another. Throws Error(usage) where that is unknown or not there.
const Kernels& kernels();

/// Those that this processor can run, the best last.
std::vector<const Kernels*> available_kernels();

/// Makes `kernels()` return these from now on; none: the choice by processor and environment.
void force_kernels(const Kernels* chosen);

constexpr std::size_t padded(std::size_t count, std::size_t multiple) {
  return (count + multiple - 1) / multiple * multiple;
}
/// Doubles between the columns of a block: not a power of two, so that neighbouring columns fall into different sets of
/// the caches.
constexpr std::size_t column_stride(std::size_t rows) { return padded(rows, 8) + 8; }
inline constexpr std::size_t whitening_rows = 32;
constexpr std::size_t whitening_scratch(std::size_t d) { return whitening_rows * d; }
/// Rows whose residuals stay in the second cache.
constexpr std::size_t scatter_rows(std::size_t d, std::size_t rows) { return d < 128 || rows < 128 ? rows : 128; }
constexpr std::size_t scatter_scratch(std::size_t d, std::size_t rows) {
  return d * column_stride(scatter_rows(d, rows));
}

/// Rows whose patterns of four are tables in the first cache, with the patterns of D columns behind them.
inline constexpr std::size_t binary_rows = 64;
constexpr std::size_t binary_scratch(std::size_t d) {
  return binary_rows * panel_rows + 16 * binary_rows / 4 * panel_rows + padded(binary_rows / 4 * d, 8) / 8;
}

/// Rows of a lower triangular D x D matrix, row-major, in panels up to the diagonal.
std::vector<double> pack_lower(const double* W, std::size_t d);
/// Rows of a K x P matrix, row-major, in panels.
std::vector<double> pack_panels(const double* C, std::size_t rows, std::size_t columns, std::size_t row_stride);

}  // namespace mixfam
