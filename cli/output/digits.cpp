#include "output/digits.hpp"

#include "output/dense_matrix.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

namespace mixfam::cli {

namespace {

constexpr int fewest_digits = 6;
constexpr int most_digits = std::numeric_limits<double>::max_digits10;

/// For each column of a covariance or scatter matrix the least standard deviation of any component; empty where the
/// rows hold no such matrix over these columns.
std::vector<double> standard_deviations(const Schema& schema, ConstMatrixView rows,
                                        const std::vector<std::size_t>& columns) {
  std::vector<double> least;
  for (std::size_t f = 0; f < schema.fields().size(); ++f) {
    const Field& field = schema.fields()[f];
    if (!is_matrix(field) || field.columns != columns) continue;
    const std::size_t d = field.dimension;
    least.assign(d, std::numeric_limits<double>::infinity());
    for (std::size_t k = 0; k < rows.rows(); ++k) {
      const std::vector<double> matrix = dense_matrix(field, rows.row(k).part(schema.offset(f), field.size()));
      for (std::size_t j = 0; j < d; ++j) least[j] = std::min(least[j], std::sqrt(matrix[j * d + j]));
    }
  }
  return least;
}

}  // namespace

int digits_for(double size, double spread) {
  const double ratio = size / spread;
  if (!(spread > 0) || !std::isfinite(ratio) || ratio <= 0) return fewest_digits;
  return std::clamp(static_cast<int>(std::ceil(std::log10(ratio))) + 3, fewest_digits, most_digits);
}

std::vector<int> digits_of(const Schema& schema, ConstMatrixView rows) {
  std::vector<int> digits(schema.size(), fewest_digits);
  for (std::size_t f = 0; f < schema.fields().size(); ++f) {
    const Field& field = schema.fields()[f];
    if (is_matrix(field)) continue;
    const std::vector<double> deviations = standard_deviations(schema, rows, field.columns);
    const bool is_location = field.domain == Domain::real && field.size() == deviations.size();
    for (std::size_t i = 0; i < field.size(); ++i) {
      const std::size_t place = schema.offset(f) + i;
      double least = std::numeric_limits<double>::infinity();
      double greatest = -least;
      for (std::size_t k = 0; k < rows.rows(); ++k) {
        least = std::min(least, rows(k, place));
        greatest = std::max(greatest, rows(k, place));
      }
      digits[place] =
          digits_for(std::max(std::abs(least), std::abs(greatest)), is_location ? deviations[i] : greatest - least);
    }
  }
  return digits;
}

}  // namespace mixfam::cli
