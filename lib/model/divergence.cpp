#include <mixfam/divergence.hpp>
#include <mixfam/error.hpp>

#include "data/reduce.hpp"
#include "model/e_step.hpp"
#include "model/weights.hpp"
#include "numerics/log_sum_exp.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

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

/// Some components of a group as a mixture of their own; their weights may not all be 0.
Mixture part_of(const Mixture& mixture, std::size_t g, std::size_t first, std::size_t count) {
  ParameterTable theta(mixture.groups().family(g).parameters(), count);
  std::vector<double> weights;
  double sum = 0;
  for (std::size_t i = 0; i < count; ++i) {
    std::ranges::copy(mixture.parameters().row(first + i), theta.row(i).begin());
    weights.push_back(mixture.weights()[first + i]);
    sum += weights.back();
  }
  for (double& weight : weights) weight = count == 1 ? 1 : weight / sum;
  return {mixture.groups().family_ptr(g), std::move(weights), std::move(theta)};
}

Mixture only_component(const Mixture& mixture, std::size_t k) {
  return part_of(mixture, mixture.groups().group_of(k), k, 1);
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

/// log p(x_n) of rows that a mixture of one family may not be able to have produced; -infinity for those.
std::vector<double> log_density_of_group(const Mixture& mixture, const std::vector<double>& x) {
  const Family& family = mixture.family();
  const std::size_t columns = family.columns();
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
  visit_blocks(source, [&, assignment = BlockAssignment(EStepParameters::of(mixture)),
                        log_base = std::vector<double>()](const DataBlock& block) mutable {
    assignment.compute_anywhere(block);
    log_base.assign(block.x.rows, 0);
    family.add_log_base(block.x, log_base);
    for (std::size_t n = 0; n < block.x.rows; ++n)
      if (const double log_joint = assignment.log_normaliser()[n]; log_joint > 0.5 * log_zero)
        result[inside[block.first_row + n]] = log_joint + log_base[n];
  });
  return result;
}

/// The same of any mixture.
std::vector<double> log_density_anywhere(const Mixture& mixture, const std::vector<double>& x) {
  const Groups& groups = mixture.groups();
  if (groups.size() == 1) return log_density_of_group(mixture, x);
  const std::size_t rows = x.size() / groups.columns();
  std::vector<double> joint(rows * groups.size(), -infinity);
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const auto first = mixture.weights().begin() + static_cast<std::ptrdiff_t>(groups.first(g));
    const double weight = std::accumulate(first, first + static_cast<std::ptrdiff_t>(groups.components(g)), 0.0);
    if (!(weight > 0)) continue;
    const auto log_density = log_density_of_group(part_of(mixture, g, groups.first(g), groups.components(g)), x);
    for (std::size_t n = 0; n < rows; ++n) joint[n * groups.size() + g] = std::log(weight) + log_density[n];
  }
  std::vector<double> result(rows, -infinity);
  for (std::size_t n = 0; n < rows; ++n) {
    const ConstVectorView of_row = ConstVectorView(joint).part(n * groups.size(), groups.size());
    if (std::ranges::any_of(of_row, [](double value) { return value > -infinity; })) result[n] = log_sum_exp(of_row);
  }
  return result;
}

}  // namespace

std::vector<Estimate> component_divergences(const Mixture& mixture, std::size_t draws, std::uint64_t seed) {
  const std::size_t K = mixture.components();
  std::vector<Estimate> result(K * K);
  for (std::size_t j = 0; j < K; ++j)
    for (std::size_t k = 0; k < K; ++k)
      if (k != j)
        result[j * K + k] = divergence(only_component(mixture, j), only_component(mixture, k), draws, seed + j);
  return result;
}

std::vector<double> component_divergences(const Mixture& mixture) {
  const Family& family = mixture.family();
  const std::size_t K = mixture.components();
  std::vector<double> result(K * K);
  for (std::size_t j = 0; j < K; ++j)
    for (std::size_t k = 0; k < K; ++k)
      if (k != j)
        result[j * K + k] = member_divergence(family, mixture.parameters().row(j), mixture.parameters().row(k));
  return result;
}

namespace {

/// p(z = k | x) of rows that not all components can have produced, N x K.
std::vector<double> responsibilities_anywhere(const Mixture& mixture, const std::vector<double>& x) {
  const std::size_t K = mixture.components();
  MemorySource source = source_of(x, mixture.groups().columns());
  if (mixture.groups().size() == 1) return mixture.responsibilities(source);
  const auto log_w = log_weights(mixture.weights());
  std::vector<double> R(source.rows() * K);
  for (std::size_t k = 0; k < K; ++k) {
    const auto log_density = log_density_of_group(only_component(mixture, k), x);
    for (std::size_t n = 0; n < source.rows(); ++n) R[n * K + k] = log_w[k] + log_density[n];
  }
  for (std::size_t n = 0; n < source.rows(); ++n) {
    const VectorView row = VectorView(R).part(n * K, K);
    const double log_sum = log_sum_exp(row);
    for (double& value : row) value = std::exp(value - log_sum);
  }
  return R;
}

}  // namespace

std::vector<Estimate> overlap(const Mixture& mixture, std::size_t draws, std::uint64_t seed) {
  const std::size_t K = mixture.components();
  std::vector<Estimate> result;
  for (std::size_t j = 0; j < K; ++j) {
    const auto R = responsibilities_anywhere(mixture, only_component(mixture, j).sample(draws, seed + j));
    for (std::size_t k = 0; k < K; ++k) {
      RunningMean mean;
      for (std::size_t n = 0; n < draws; ++n) mean.push(R[n * K + k]);
      result.push_back(mean.estimate());
    }
  }
  return result;
}

Estimate divergence(const Mixture& p, const Mixture& q, std::size_t draws, std::uint64_t seed) {
  if (p.groups().columns() != q.groups().columns())
    throw Error(ErrorKind::usage, "mixtures over " + std::to_string(p.groups().columns()) + " and " +
                                      std::to_string(q.groups().columns()) + " columns cannot be compared");
  if (p.components() == 1 && q.components() == 1 && p.groups().spec() == q.groups().spec())
    return {member_divergence(p.family(), p.parameters().row(0), q.parameters().row(0)), 0};
  if (draws < 2) throw Error(ErrorKind::usage, std::to_string(draws) + " draws for a divergence (must be at least 2)");
  const auto x = p.sample(draws, seed);
  MemorySource source = source_of(x, p.groups().columns());
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
