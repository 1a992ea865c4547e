#include "numerics/linear_algebra.hpp"

#include "kernels/kernels.hpp"
#include "numerics/aligned.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

namespace mixfam {

namespace {

constexpr double epsilon = std::numeric_limits<double>::epsilon();

std::atomic<std::size_t> choleskys{0};
std::atomic<std::size_t> inverses{0};
std::atomic<std::size_t> products{0};

void count(std::atomic<std::size_t>& counter) { counter.fetch_add(1, std::memory_order_relaxed); }

/// A D x D matrix column by column, as the kernels take it.
class Columns {
 public:
  explicit Columns(std::size_t size) : size_(size), stride_(column_stride(size)), values_(size * stride_) {}
  std::size_t size() const { return size_; }
  double* column(std::size_t j) { return values_.data() + j * stride_; }
  const double* column(std::size_t j) const { return values_.data() + j * stride_; }
  double& operator()(std::size_t i, std::size_t j) { return column(j)[i]; }
  double operator()(std::size_t i, std::size_t j) const { return column(j)[i]; }
  std::ptrdiff_t stride() const { return static_cast<std::ptrdiff_t>(stride_); }
  void clear() { std::fill(values_.begin(), values_.end(), 0.0); }

  /// Column j less `factor` times column m, in the rows from `top`.
  void subtract(std::size_t j, std::size_t m, double factor, std::size_t top) {
    double* to = column(j);
    const double* from = column(m);
    for (std::size_t i = top; i < size_; ++i) to[i] -= factor * from[i];
  }
  void divide(std::size_t j, double by, std::size_t top) {
    for (std::size_t i = top; i < size_; ++i) (*this)(i, j) /= by;
  }
  /// The lower triangle, with zeros above it, in squares because the lines of the cache run along the one and along the
  /// other.
  void copy_lower(MatrixView to) const {
    for (std::size_t top = 0; top < size_; top += panel_rows)
      for (std::size_t left = 0; left < size_; left += panel_rows)
        for (std::size_t i = top; i < std::min(top + panel_rows, size_); ++i)
          for (std::size_t j = left; j < std::min(left + panel_rows, size_); ++j) to(i, j) = j <= i ? (*this)(i, j) : 0;
  }

 private:
  std::size_t size_;
  std::size_t stride_;
  AlignedVector values_;
};

/// Rows or columns begin .. end - 1.
struct Range {
  std::size_t begin;
  std::size_t end;
};

/// So many rows and columns stay in the first cache while they are multiplied.
constexpr std::size_t block_size = 64;

/// A range in parts of a size, of which the last may be smaller.
class Parts {
 public:
  class Iterator {
   public:
    Iterator(const Parts& parts, std::size_t place) : parts_(&parts), place_(place) {}
    Range operator*() const { return (*parts_)[place_]; }
    Iterator& operator++() {
      ++place_;
      return *this;
    }
    bool operator==(const Iterator& other) const { return place_ == other.place_; }

   private:
    const Parts* parts_;
    std::size_t place_;
  };

  Parts(Range all, std::size_t size) : all_(all), size_(size) {}
  std::size_t count() const { return (all_.end - all_.begin + size_ - 1) / size_; }
  Range operator[](std::size_t i) const {
    const std::size_t begin = all_.begin + i * size_;
    return {begin, std::min(begin + size_, all_.end)};
  }
  Iterator begin() const { return {*this, 0}; }
  Iterator end() const { return {*this, count()}; }

 private:
  Range all_;
  std::size_t size_;
};

/// to(i, j) += sum_p from(i, p) factor(p, j) for i in `rows`, j in `columns` and p in `terms`; of the latter two there
/// are at most block_size.
template <class Factor>
void add_product(Columns& to, Range rows, Range columns, const Columns& from, Range terms, Factor factor) {
  std::array<double, block_size * block_size> panels;
  double* next = panels.data();
  for (const Range panel : Parts(columns, panel_rows))
    for (std::size_t p = terms.begin; p < terms.end; ++p)
      for (std::size_t j = panel.begin; j < panel.begin + panel_rows; ++j) *next++ = j < panel.end ? factor(p, j) : 0;
  std::array<const double*, block_size> T;
  for (const Range part : Parts(rows, block_size)) {
    for (std::size_t p = terms.begin; p < terms.end; ++p) T[p - terms.begin] = from.column(p) + part.begin;
    kernels().add_products({T.data(), terms.end - terms.begin, part.end - part.begin}, panels.data(),
                           {to.column(columns.begin) + part.begin, to.stride(), columns.end - columns.begin});
  }
}

/// The Cholesky factor L of A; false where A is not positive definite. L is 0 before.
// Left-looking by columns, blocks of them and panels within (Golub and Van Loan 2013, section 4.2).
bool factorise(ConstMatrixView A, Columns& L) {
  count(choleskys);
  const std::size_t d = A.rows();
  const double threshold = 4 * static_cast<double>(d) * epsilon;
  for (std::size_t j = 0; j < d; ++j)
    for (std::size_t i = j; i < d; ++i) L(i, j) = A(j, i);
  const auto subtract_before = [&L, d](Range columns, Range before) {
    if (before.begin < before.end)
      add_product(L, {columns.begin, d}, columns, L, before, [&L](std::size_t p, std::size_t j) { return -L(j, p); });
  };
  for (const Range block : Parts({0, d}, block_size)) {
    for (const Range before : Parts({0, block.begin}, block_size)) subtract_before(block, before);
    for (const Range panel : Parts(block, panel_rows)) {
      subtract_before(panel, {block.begin, panel.begin});
      for (std::size_t j = panel.begin; j < panel.end; ++j) {
        for (std::size_t m = panel.begin; m < j; ++m) L.subtract(j, m, L(j, m), j);
        const double pivot = L(j, j);
        if (!(pivot > threshold * A(j, j)) || !std::isfinite(pivot)) return false;
        L.divide(j, std::sqrt(pivot), j);
      }
    }
  }
  return true;
}

/// W = L^-1 for an L that is Columns or a view. W is 0 before.
// W L = 1, solved for the columns of W from the last to the first.
template <class Lower>
void invert_triangle(const Lower& L, Columns& W) {
  count(inverses);
  const std::size_t d = W.size();
  const auto subtract_behind = [&L, &W, d](Range columns, Range behind) {
    if (behind.begin < behind.end)
      add_product(W, {behind.begin, d}, columns, W, behind, [&L](std::size_t p, std::size_t j) { return -L(p, j); });
  };
  const Parts blocks({0, d}, block_size);
  for (std::size_t b = blocks.count(); b-- > 0;) {
    const Range block = blocks[b];
    for (const Range behind : Parts({block.end, d}, block_size)) subtract_behind(block, behind);
    const Parts panels(block, panel_rows);
    for (std::size_t p = panels.count(); p-- > 0;) {
      const Range panel = panels[p];
      subtract_behind(panel, {panel.end, block.end});
      for (std::size_t j = panel.end; j-- > panel.begin;) {
        for (std::size_t m = j + 1; m < panel.end; ++m) W.subtract(j, m, L(m, j), m);
        W(j, j) = 1;
        W.divide(j, L(j, j), j);
      }
    }
  }
}

/// The lower triangle of A = W' W for a lower triangular W. A and T, which takes W', are 0 before.
void multiply_transposed(ConstMatrixView W, Columns& T, Columns& A) {
  count(products);
  const std::size_t d = A.size();
  for (std::size_t p = 0; p < d; ++p)
    for (std::size_t j = 0; j <= p; ++j) T(j, p) = W(p, j);
  for (const Range block : Parts({0, d}, block_size))
    for (const Range terms : Parts({block.begin, d}, block_size))
      add_product(A, {block.begin, terms.end}, block, T, terms, [&T](std::size_t p, std::size_t j) { return T(j, p); });
}

void copy_symmetric(const Columns& lower, MatrixView A) {
  lower.copy_lower(A);
  for (std::size_t i = 0; i < A.rows(); ++i)
    for (std::size_t j = 0; j < i; ++j) A(j, i) = A(i, j);
}

template <class Lower>
double log_determinant_of(const Lower& L, std::size_t d) {
  double sum = 0;
  for (std::size_t i = 0; i < d; ++i) sum += std::log(L(i, i));
  return 2 * sum;
}

MatrixView square(std::vector<double>& values, std::size_t d) { return MatrixView::row_major(values.data(), d, d); }

}  // namespace

bool cholesky(ConstMatrixView A, MatrixView L) {
  Columns factor(A.rows());
  if (!factorise(A, factor)) return false;
  factor.copy_lower(L);
  return true;
}

std::vector<double> cholesky(ConstMatrixView A) {
  std::vector<double> L(A.rows() * A.rows());
  if (!cholesky(A, square(L, A.rows()))) L.clear();
  return L;
}

bool is_positive_definite(ConstMatrixView A) {
  Columns factor(A.rows());
  return factorise(A, factor);
}

void invert_lower(ConstMatrixView L, MatrixView W) {
  Columns inverse(L.rows());
  invert_triangle(L, inverse);
  inverse.copy_lower(W);
}

std::vector<double> invert_lower(ConstMatrixView L) {
  std::vector<double> W(L.rows() * L.rows());
  invert_lower(L, square(W, L.rows()));
  return W;
}

std::optional<double> invert(ConstMatrixView A, MatrixView W, MatrixView inverse) {
  const std::size_t d = A.rows();
  Columns first(d), second(d);
  if (!factorise(A, first)) return std::nullopt;
  const double log_determinant = log_determinant_of(first, d);
  invert_triangle(first, second);
  second.copy_lower(W);
  first.clear();
  second.clear();
  multiply_transposed(W, first, second);
  copy_symmetric(second, inverse);
  return log_determinant;
}

FactorisationCounts factorisation_counts() { return {choleskys.load(), inverses.load(), products.load()}; }

void triangularise(MatrixView A, std::size_t columns) {
  std::vector<double> v(A.rows());
  for (std::size_t j = 0; j < columns; ++j) {
    double greatest = 0;
    for (std::size_t i = j; i < A.rows(); ++i) greatest = std::max(greatest, std::abs(A(i, j)));
    if (!(greatest > 0)) continue;
    double square = 0;
    for (std::size_t i = j; i < A.rows(); ++i) {
      v[i] = A(i, j) / greatest;
      square += v[i] * v[i];
    }
    const double length = v[j] > 0 ? std::sqrt(square) : -std::sqrt(square);
    const double factor = 1 / (square + std::abs(v[j] * length));  // 2 / |v|^2 of the v that follows
    v[j] += length;
    for (std::size_t c = j; c < A.columns(); ++c) {
      double product = 0;
      for (std::size_t i = j; i < A.rows(); ++i) product += v[i] * A(i, c);
      for (std::size_t i = j; i < A.rows(); ++i) A(i, c) -= factor * product * v[i];
    }
    for (std::size_t i = j + 1; i < A.rows(); ++i) A(i, j) = 0;
  }
}

double log_determinant(ConstMatrixView L) { return log_determinant_of(L, L.rows()); }

// Cyclic Jacobi: rotations until each entry off the diagonal is rounding of its two diagonal entries (Demmel and
// Veselic 1992, algorithm 3.1).
Eigenvectors eigenvectors(ConstMatrixView A) {
  constexpr int most_sweeps = 64;
  const std::size_t d = A.rows();
  std::vector<double> matrix(d * d), rotation(d * d);
  const auto M = MatrixView::row_major(matrix.data(), d, d);
  const auto Q = MatrixView::row_major(rotation.data(), d, d);  // an eigenvector in each row
  for (std::size_t i = 0; i < d; ++i) {
    Q(i, i) = 1;
    for (std::size_t j = 0; j <= i; ++j) M(i, j) = M(j, i) = A(i, j);
  }
  bool rotated = true;
  for (int sweep = 0; rotated && sweep < most_sweeps; ++sweep) {
    rotated = false;
    for (std::size_t p = 0; p < d; ++p)
      for (std::size_t q = p + 1; q < d; ++q) {
        if (!(std::abs(M(p, q)) > epsilon * std::sqrt(std::abs(M(p, p))) * std::sqrt(std::abs(M(q, q))))) continue;
        rotated = true;
        const double ratio = (M(q, q) - M(p, p)) / (2 * M(p, q));
        const double tangent = std::copysign(1 / (std::abs(ratio) + std::hypot(ratio, 1)), ratio);
        const double cosine = 1 / std::hypot(tangent, 1);
        const double sine = tangent * cosine;
        const auto rotate = [=](double& x, double& y) {
          const double turned = cosine * x - sine * y;
          y = sine * x + cosine * y;
          x = turned;
        };
        for (std::size_t i = 0; i < d; ++i) rotate(M(p, i), M(q, i));
        for (std::size_t i = 0; i < d; ++i) rotate(M(i, p), M(i, q));
        for (std::size_t i = 0; i < d; ++i) rotate(Q(p, i), Q(q, i));
        M(p, q) = M(q, p) = 0;
      }
  }
  std::vector<std::size_t> order(d);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&M](std::size_t i, std::size_t j) { return M(i, i) < M(j, j); });
  Eigenvectors result;
  for (const std::size_t j : order) result.values.push_back(M(j, j));
  for (std::size_t i = 0; i < d; ++i)
    for (const std::size_t j : order) result.vectors.push_back(Q(j, i));
  return result;
}

std::vector<double> inverse_from_factor(ConstMatrixView W) {
  const std::size_t d = W.rows();
  Columns transposed(d), A(d);
  multiply_transposed(W, transposed, A);
  std::vector<double> result(d * d);
  copy_symmetric(A, square(result, d));
  return result;
}

}  // namespace mixfam
