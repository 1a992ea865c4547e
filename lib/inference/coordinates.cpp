#include "inference/coordinates.hpp"

#include "numerics/linear_algebra.hpp"

#include <algorithm>
#include <cmath>

namespace mixfam {

namespace {

/// Added to the diagonal of Gram matrices of unit vectors: directions that differ by less than its root are one.
constexpr double ridge = 1e-10;

ConstMatrixView square_view(const std::vector<double>& values, std::size_t size) {
  return ConstMatrixView::row_major(values.data(), size, size);
}

/// W A W'.
std::vector<double> congruent(const std::vector<double>& W, const std::vector<double>& A, std::size_t size) {
  std::vector<double> result(size * size);
  for (std::size_t i = 0; i < size; ++i)
    for (std::size_t j = 0; j < size; ++j)
      for (std::size_t a = 0; a < size; ++a)
        for (std::size_t b = 0; b < size; ++b)
          result[i * size + j] += W[i * size + a] * A[a * size + b] * W[j * size + b];
  return result;
}

}  // namespace

void Coordinates::add(double factor, const Coordinates& other) {
  for (std::size_t i = 0; i < s.size(); ++i) s[i] += factor * other.s[i];
  for (std::size_t i = 0; i < c.size(); ++i) c[i] += factor * other.c[i];
}

void Coordinates::scale(double factor) {
  for (double& value : s) value *= factor;
  for (double& value : c) value *= factor;
}

double product(const Coordinates& a, const Coordinates& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.s.size(); ++i) sum += a.s[i] * b.c[i] + a.c[i] * b.s[i];
  return 0.5 * sum;
}

std::vector<double> products(const std::vector<Coordinates>& a, const std::vector<Coordinates>& b) {
  const std::size_t size = a.size();
  std::vector<double> result(size * size);
  for (std::size_t i = 0; i < size; ++i)
    for (std::size_t j = 0; j <= i; ++j)
      result[i * size + j] = result[j * size + i] = 0.5 * (product(a[i], b[j]) + product(a[j], b[i]));
  return result;
}

bool normalise(std::vector<Coordinates>& by, std::vector<Coordinates>& along) {
  for (std::size_t i = 0; i < by.size(); ++i) {
    const double square = product(by[i], by[i]);
    if (!(square > 0) || !std::isfinite(square)) return false;
    by[i].scale(1 / std::sqrt(square));
    along[i].scale(1 / std::sqrt(square));
  }
  return true;
}

std::vector<double> inverse_gram_factor(std::vector<double> gram, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) gram[i * size + i] += ridge;
  const auto factor = cholesky(square_view(gram, size));
  return factor.empty() ? factor : invert_lower(square_view(factor, size));
}

std::vector<RitzPair> ritz_pairs(const std::vector<Coordinates>& points, const std::vector<Coordinates>& images) {
  const std::size_t size = points.size();
  const auto W = inverse_gram_factor(products(points, points), size);
  if (W.empty()) return {};
  const auto J = congruent(W, products(points, images), size);
  if (!std::all_of(J.begin(), J.end(), [](double value) { return std::isfinite(value); })) return {};
  const Eigenvectors eigen = eigenvectors(square_view(J, size));
  std::vector<RitzPair> pairs;
  for (std::size_t j = 0; j < size; ++j) {
    RitzPair pair{eigen.values[j], std::vector<double>(size)};
    for (std::size_t i = 0; i < size; ++i)
      for (std::size_t a = i; a < size; ++a) pair.factors[i] += W[a * size + i] * eigen.vectors[a * size + j];
    pairs.push_back(std::move(pair));
  }
  return pairs;
}

Coordinates Frame::coordinates(const Statistics& statistics, const EStepParameters& parameters) const {
  Coordinates result{{statistics.counts().begin(), statistics.counts().end()}, parameters.log_weights};
  for (std::size_t k = 0; k < statistics.components(); ++k) {
    const auto sum = statistics.sum(k);
    const auto origin = statistics_.origin(k);
    std::vector<double> row(sum.begin(), sum.end());
    groups_.family_of(k).recentre(statistics.origin(k), origin, row);
    result.s.insert(result.s.end(), row.begin(), row.end());
    groups_.family_of(k).coefficients(parameters.theta.row(k), origin, row);
    result.c.insert(result.c.end(), row.begin(), row.end());
  }
  return result;
}

Statistics Frame::statistics(const std::vector<double>& s, const Statistics& like) const {
  Statistics result = like;
  result.clear();
  std::copy_n(s.begin(), result.components(), result.counts().begin());
  auto from = s.begin() + static_cast<std::ptrdiff_t>(result.components());
  for (std::size_t k = 0; k < result.components(); ++k) {
    const auto sum = result.sum(k);
    std::copy_n(from, sum.size(), sum.begin());
    from += static_cast<std::ptrdiff_t>(sum.size());
    groups_.family_of(k).recentre(statistics_.origin(k), result.origin(k), sum);
  }
  return result;
}

}  // namespace mixfam
