#include "numerics/linear_algebra.hpp"

#include "kernels/kernels.hpp"
#include "numerics/aligned.hpp"

#include <algorithm>
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
  double* column(std::size_t j) { return values_.data() + j * stride_; }
  const double* column(std::size_t j) const { return values_.data() + j * stride_; }
  double& operator()(std::size_t i, std::size_t j) { return column(j)[i]; }
  double operator()(std::size_t i, std::size_t j) const { return column(j)[i]; }
  std::ptrdiff_t stride() const { return static_cast<std::ptrdiff_t>(stride_); }

  /// Column j less `factor` times column m, in the rows from `top`.
  void subtract(std::size_t j, std::size_t m, double factor, std::size_t top) {
    double* to = column(j);
    const double* from = column(m);
    for (std::size_t i = top; i < size_; ++i) to[i] -= factor * from[i];
  }
  void divide(std::size_t j, double by, std::size_t top) {
    for (std::size_t i = top; i < size_; ++i) (*this)(i, j) /= by;
  }
  /// The lower triangle, in squares because the lines of the cache run along the one and along the other.
  std::vector<double> row_major() const {
    std::vector<double> result(size_ * size_);
    for (std::size_t top = 0; top < size_; top += panel_rows)
      for (std::size_t left = 0; left <= top; left += panel_rows)
        for (std::size_t i = top; i < std::min(top + panel_rows, size_); ++i)
          for (std::size_t j = left; j < std::min(left + panel_rows, i + 1); ++j) result[i * size_ + j] = (*this)(i, j);
    return result;
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

std::vector<Range> split(Range all, std::size_t size) {
  std::vector<Range> parts;
  for (std::size_t begin = all.begin; begin < all.end; begin += size)
    parts.push_back({begin, std::min(begin + size, all.end)});
  return parts;
}

/// to(i, j) += sum_p from(i, p) factor(p, j) for i in `rows`, j in `columns` and p in `terms`.
template <class Factor>
void add_product(Columns& to, Range rows, Range columns, const Columns& from, Range terms, Factor factor) {
  std::vector<double> panels;
  for (const Range panel : split(columns, panel_rows))
    for (std::size_t p = terms.begin; p < terms.end; ++p)
      for (std::size_t j = panel.begin; j < panel.begin + panel_rows; ++j)
        panels.push_back(j < panel.end ? factor(p, j) : 0);
  for (const Range part : split(rows, block_size)) {
    std::vector<const double*> T;
    for (std::size_t p = terms.begin; p < terms.end; ++p) T.push_back(from.column(p) + part.begin);
    kernels().add_products({T.data(), T.size(), part.end - part.begin}, panels.data(),
                           {to.column(columns.begin) + part.begin, to.stride(), columns.end - columns.begin});
  }
}

}  // namespace

// Left-looking by columns, blocks of them and panels within (Golub and Van Loan 2013, section 4.2).
std::vector<double> cholesky(ConstMatrixView A) {
  count(choleskys);
  const std::size_t d = A.rows();
  const double threshold = 4 * static_cast<double>(d) * epsilon;
  Columns L(d);
  for (std::size_t j = 0; j < d; ++j)
    for (std::size_t i = j; i < d; ++i) L(i, j) = A(j, i);
  const auto subtract_before = [&L, d](Range columns, Range before) {
    if (before.begin < before.end)
      add_product(L, {columns.begin, d}, columns, L, before, [&L](std::size_t p, std::size_t j) { return -L(j, p); });
  };
  for (const Range block : split({0, d}, block_size)) {
    for (const Range before : split({0, block.begin}, block_size)) subtract_before(block, before);
    for (const Range panel : split(block, panel_rows)) {
      subtract_before(panel, {block.begin, panel.begin});
      for (std::size_t j = panel.begin; j < panel.end; ++j) {
        for (std::size_t m = panel.begin; m < j; ++m) L.subtract(j, m, L(j, m), j);
        const double pivot = L(j, j);
        if (!(pivot > threshold * A(j, j)) || !std::isfinite(pivot)) return {};
        L.divide(j, std::sqrt(pivot), j);
      }
    }
  }
  return L.row_major();
}

// W L = 1, solved for the columns of W from the last to the first.
std::vector<double> invert_lower(ConstMatrixView L) {
  count(inverses);
  const std::size_t d = L.rows();
  Columns W(d);
  const auto subtract_behind = [&L, &W, d](Range columns, Range behind) {
    if (behind.begin < behind.end)
      add_product(W, {behind.begin, d}, columns, W, behind, [&L](std::size_t p, std::size_t j) { return -L(p, j); });
  };
  const auto blocks = split({0, d}, block_size);
  for (auto block = blocks.rbegin(); block != blocks.rend(); ++block) {
    for (const Range behind : split({block->end, d}, block_size)) subtract_behind(*block, behind);
    const auto panels = split(*block, panel_rows);
    for (auto panel = panels.rbegin(); panel != panels.rend(); ++panel) {
      subtract_behind(*panel, {panel->end, block->end});
      for (std::size_t j = panel->end; j-- > panel->begin;) {
        for (std::size_t m = j + 1; m < panel->end; ++m) W.subtract(j, m, L(m, j), m);
        W(j, j) = 1;
        W.divide(j, L(j, j), j);
      }
    }
  }
  return W.row_major();
}

FactorisationCounts factorisation_counts() { return {choleskys.load(), inverses.load(), products.load()}; }

double log_determinant(ConstMatrixView L) {
  double sum = 0;
  for (std::size_t i = 0; i < L.rows(); ++i) sum += std::log(L(i, i));
  return 2 * sum;
}

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
  count(products);
  const std::size_t d = W.rows();
  Columns transposed(d), A(d);
  for (std::size_t p = 0; p < d; ++p) std::copy_n(W.row(p).data(), p + 1, transposed.column(p));
  for (const Range block : split({0, d}, block_size))
    for (const Range terms : split({block.begin, d}, block_size))
      add_product(A, {block.begin, terms.end}, block, transposed, terms,
                  [&transposed](std::size_t p, std::size_t j) { return transposed(j, p); });
  std::vector<double> result = A.row_major();
  for (std::size_t i = 0; i < d; ++i)
    for (std::size_t j = 0; j < i; ++j) result[j * d + i] = result[i * d + j];
  return result;
}

}  // namespace mixfam
