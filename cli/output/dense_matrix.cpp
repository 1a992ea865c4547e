#include "output/dense_matrix.hpp"

namespace mixfam::cli {

bool is_matrix(const Field& field) { return field.domain == Domain::covariance || field.domain == Domain::scatter; }

std::vector<double> dense_matrix(const Field& field, ConstVectorView values) {
  if (field.form == MatrixForm::dense) return {values.begin(), values.end()};
  const std::size_t d = field.dimension;
  std::vector<double> matrix(d * d);
  for (std::size_t i = 0; i < d; ++i) matrix[i * d + i] = values[field.form == MatrixForm::spherical ? 0 : i];
  return matrix;
}

}  // namespace mixfam::cli
