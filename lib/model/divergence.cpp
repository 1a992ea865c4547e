#include <mixfam/divergence.hpp>
#include <mixfam/error.hpp>

#include "data/reduce.hpp"
#include "model/weights.hpp"
#include "numerics/log_sum_exp.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

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

constexpr double infinity = std::numeric_limits<double>::infinity();

/// Whether parameters of the family may make a probability 0.
bool may_exclude(const Family& family) {
  const auto& fields = family.parameters().fields();
  return std::any_of(fields.begin(), fields.end(), [](const Field& field) {
    return field.domain == Domain::probability || field.domain == Domain::probabilities ||
           field.domain == Domain::nonnegative;
  });
}

/// KL(p || q) = <c_p - c_q, E_p[t]> of two members of a family. What q gives probability 0 has the coefficient
/// log_zero; where p has mass there the divergence is infinite.
double member_divergence(const Family& family, ConstVectorView p, ConstVectorView q) {
  std::vector<double> origin(family.origin_size());
  std::vector<double> mean(family.statistic_size());
  std::vector<double> own(mean.size());
  std::vector<double> other(mean.size());
  family.origin(p, origin);
  family.mean_statistic(p, origin, mean);
  family.coefficients(p, origin, own);
  family.coefficients(q, origin, other);
  const bool excludes = may_exclude(family);
  double sum = 0;
  for (std::size_t i = 0; i < mean.size(); ++i) {
    if (mean[i] == 0) continue;
    if (excludes && other[i] == log_zero && own[i] != log_zero) return infinity;
    sum += (own[i] - other[i]) * mean[i];
  }
  return sum;
}

bool in_support(const Family& family, const double* row) {
  for (std::size_t j = 0; j < family.columns(); ++j)
    if (!family.support(j).contains(row[j])) return false;
  return true;
}

/// log p(x_n) of rows that the mixture may not be able to have produced; -infinity for those.
std::vector<double> log_density_anywhere(const Mixture& mixture, const std::vector<double>& x) {
  const Family& family = mixture.family();
  const std::size_t columns = family.columns();
  const std::size_t components = mixture.components();
  std::vector<double> result(x.size() / columns, -infinity);
  std::vector<std::size_t> inside;
  std::vector<double> rows;
  for (std::size_t n = 0; n < result.size(); ++n) {
    if (!in_support(family, x.data() + n * columns)) continue;
    inside.push_back(n);
    rows.insert(rows.end(), x.data() + n * columns, x.data() + (n + 1) * columns);
  }
  if (inside.empty()) return result;

  MemorySource source = source_of(rows, columns);
  const auto step = family.step(mixture.parameters().view());
  const auto log_w = log_weights(mixture.weights());
  visit_blocks(source, [&, log_base = std::vector<double>(), joint = std::vector<double>(components),
                        buffer = AlignedVector(block_stride * components),
                        workspace = Workspace()](const DataBlock& block) mutable {
    const std::size_t count = block.x.rows;
    const MatrixView L(buffer.data(), count, components, 1, static_cast<std::ptrdiff_t>(block_stride));
    for (std::size_t k = 0; k < components; ++k) std::fill_n(L.column(k).data(), count, log_w[k]);
    Workspace::Frame frame(workspace);
    step->add_log_density(step->prepare(block.x, frame), L, workspace);
    log_base.assign(count, 0);
    family.add_log_base(block.x, log_base);
    for (std::size_t n = 0; n < count; ++n) {
      for (std::size_t k = 0; k < components; ++k) joint[k] = L(n, k);
      const double log_joint = log_sum_exp(joint);
      if (log_joint > 0.5 * log_zero) result[inside[block.first_row + n]] = log_joint + log_base[n];
    }
  });
  return result;
}

}  // namespace

std::vector<double> component_divergences(const Mixture& mixture) {
  const std::size_t K = mixture.components();
  std::vector<double> result(K * K);
  for (std::size_t j = 0; j < K; ++j)
    for (std::size_t k = 0; k < K; ++k)
      if (k != j)
        result[j * K + k] =
            member_divergence(mixture.family(), mixture.parameters().row(j), mixture.parameters().row(k));
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
  if (p.components() == 1 && q.components() == 1 && p.family().spec() == q.family().spec())
    return {member_divergence(p.family(), p.parameters().row(0), q.parameters().row(0)), 0};
  if (draws < 2) throw Error(ErrorKind::usage, std::to_string(draws) + " draws for a divergence (must be at least 2)");
  const auto x = p.sample(draws, seed);
  MemorySource source = source_of(x, p.family().columns());
  const auto log_p = p.log_density(source);
  const auto log_q = log_density_anywhere(q, x);
  RunningMean mean;
  for (std::size_t n = 0; n < draws; ++n) {
    if (log_q[n] == -infinity) return {infinity, 0};
    mean.push(log_p[n] - log_q[n]);
  }
  return mean.estimate();
}

}  // namespace mixfam
