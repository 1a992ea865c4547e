#include "family/collinearity.hpp"

#include <algorithm>
#include <cmath>

namespace mixfam {

namespace {

/// The share of its variance that a column may keep beside others and still be determined by them: well above the
/// rounding of a correlation, well below what data of few digits leave.
constexpr double determined = 1e-11;

/// Factors of standardised columns below this are rounding.
constexpr double negligible_factor = 1e-5;

/// Columns that do not determine each other, with the Cholesky factor of their correlations.
class IndependentColumns {
 public:
  explicit IndependentColumns(ConstMatrixView A) : A_(A) {}

  /// Adds column i, or returns the relation that determines it.
  std::vector<ColumnTerm> add(std::size_t i) {
    if (!(A_(i, i) > 0)) return {{i, 1}};
    std::vector<double> row;
    double left = 1;
    for (std::size_t a = 0; a < columns_.size(); ++a) {
      double value = correlation(i, columns_[a]);
      for (std::size_t b = 0; b < a; ++b) value -= factor_[a][b] * row[b];
      row.push_back(value / factor_[a][a]);
      left -= row[a] * row[a];
    }
    if (!(left > determined)) return relation(i, std::move(row));
    row.push_back(std::sqrt(left));
    factor_.push_back(std::move(row));
    columns_.push_back(i);
    return {};
  }

 private:
  double correlation(std::size_t i, std::size_t j) const {
    return A_(i, j) / std::sqrt(A_(i, i)) / std::sqrt(A_(j, j));
  }

  /// x_i less its regression on the columns.
  std::vector<ColumnTerm> relation(std::size_t i, std::vector<double> b) const {
    for (std::size_t a = b.size(); a-- > 0;) {
      for (std::size_t c = a + 1; c < b.size(); ++c) b[a] -= factor_[c][a] * b[c];
      b[a] /= factor_[a][a];
    }
    std::vector<ColumnTerm> terms;
    for (std::size_t a = 0; a < b.size(); ++a)
      if (std::abs(b[a]) > negligible_factor)
        terms.push_back({columns_[a], -b[a] / std::sqrt(A_(columns_[a], columns_[a]))});
    terms.push_back({i, 1 / std::sqrt(A_(i, i))});
    const double first = terms.front().factor;
    for (ColumnTerm& term : terms) term.factor /= first;
    return terms;
  }

  ConstMatrixView A_;
  std::vector<std::size_t> columns_;
  std::vector<std::vector<double>> factor_;
};

}  // namespace

std::vector<std::vector<ColumnTerm>> constant_combinations(ConstMatrixView A) {
  IndependentColumns independent(A);
  std::vector<std::vector<ColumnTerm>> result;
  for (std::size_t i = 0; i < A.rows(); ++i)
    if (auto terms = independent.add(i); !terms.empty()) result.push_back(std::move(terms));
  return result;
}

}  // namespace mixfam
