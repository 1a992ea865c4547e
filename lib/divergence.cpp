#include <mixfam/divergence.hpp>
#include <mixfam/error.hpp>

#include <cmath>

namespace mixfam {

namespace {

/// Mean and standard error of values that arrive one by one (Welford 1962).
class RunningMean {
 public:
  void push(double value) {
    ++count_;
    const double step = value - mean_;
    mean_ += step / count_;
    squares_ += step * (value - mean_);
  }
  Estimate estimate() const { return {mean_, count_ > 1 ? std::sqrt(squares_ / (count_ - 1) / count_) : 0}; }

 private:
  double count_ = 0;
  double mean_ = 0;
  double squares_ = 0;
};

MemorySource source_of(const std::vector<double>& values, std::size_t columns) {
  return MemorySource(ConstMatrixView::row_major(values.data(), values.size() / columns, columns));
}

/// The mixture that is component k alone.
Mixture only_component(const Mixture& mixture, std::size_t k) {
  ParameterTable theta(mixture.parameters().schema(), 1);
  const auto row = mixture.parameters().row(k);
  for (std::size_t i = 0; i < row.size(); ++i) theta.row(0)[i] = row[i];
  return {mixture.family_ptr(), {1}, theta};
}

}  // namespace

std::vector<double> component_divergences(const Mixture& mixture) {
  const Family& family = mixture.family();
  const std::size_t K = mixture.components();
  std::vector<double> origin(family.origin_size());
  std::vector<double> mean(family.statistic_size());
  std::vector<double> own(mean.size());
  std::vector<double> other(mean.size());
  std::vector<double> result(K * K);
  for (std::size_t j = 0; j < K; ++j) {
    const auto theta = mixture.parameters().row(j);
    family.origin(theta, origin);
    family.mean_statistic(theta, origin, mean);
    family.coefficients(theta, origin, own);
    for (std::size_t k = 0; k < K; ++k) {
      if (k == j) continue;
      family.coefficients(mixture.parameters().row(k), origin, other);
      for (std::size_t p = 0; p < mean.size(); ++p) result[j * K + k] += (own[p] - other[p]) * mean[p];
    }
  }
  return result;
}

std::vector<Estimate> overlap(const Mixture& mixture, std::size_t draws, std::uint64_t seed) {
  const std::size_t K = mixture.components();
  std::vector<Estimate> result;
  for (std::size_t j = 0; j < K; ++j) {
    const auto x = only_component(mixture, j).sample(draws, seed + j);
    MemorySource source = source_of(x, mixture.family().columns());
    const auto R = mixture.responsibilities(source);
    for (std::size_t k = 0; k < K; ++k) {
      RunningMean mean;
      for (std::size_t n = 0; n < draws; ++n) mean.push(R[n * K + k]);
      result.push_back(mean.estimate());
    }
  }
  return result;
}

Estimate divergence(const Mixture& p, const Mixture& q, std::size_t draws, std::uint64_t seed) {
  if (p.family().columns() != q.family().columns())
    throw Error(ErrorKind::usage, "mixtures over " + std::to_string(p.family().columns()) + " and " +
                                      std::to_string(q.family().columns()) + " columns cannot be compared");
  const auto x = p.sample(draws, seed);
  MemorySource source = source_of(x, p.family().columns());
  const auto log_p = p.log_density(source);
  const auto log_q = q.log_density(source);
  RunningMean mean;
  for (std::size_t n = 0; n < draws; ++n) mean.push(log_p[n] - log_q[n]);
  return mean.estimate();
}

}  // namespace mixfam
