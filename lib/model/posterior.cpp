#include <mixfam/error.hpp>
#include <mixfam/posterior.hpp>

#include "data/reduce.hpp"
#include "family/data_check.hpp"
#include "family/require_family.hpp"
#include "family/responsibilities.hpp"
#include "model/check_weights.hpp"
#include "model/update.hpp"
#include "numerics/log_sum_exp.hpp"
#include "numerics/special.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace mixfam {

namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

ParameterTable posterior_mode(const Family& family, const Statistics& posterior) {
  ParameterTable mode(family.parameters(), posterior.components());
  for (const Degeneracy& one : family.mle(posterior.sums(), posterior.origins(), mode.view()).degenerate) {
    const auto row = mode.row(one.component);
    std::fill(row.begin(), row.end(), nan);
  }
  return mode;
}

/// Those that a fixed prior of the weights stands for; none otherwise.
std::vector<double> known_weights(const Prior& prior, std::size_t components, const std::vector<double>& given) {
  if (prior.weights != WeightsPrior::fixed) return {};
  if (given.size() != components)
    throw Error(ErrorKind::usage, std::to_string(given.size()) + " fixed weights for " + std::to_string(components) +
                                      " components (there must be as many); give those of the mixture");
  check_weights(given);
  return given;
}

/// Marginals of a Dirichlet are beta distributions; of other priors of the weights none is closed.
void describe_weights(const Statistics& statistics, const Prior& prior, const std::vector<double>& known,
                      Posterior& posterior) {
  const std::size_t components = statistics.components();
  posterior.weight_mean = weights_mean(statistics.counts(), prior, known);
  posterior.weight_lower.assign(components, nan);
  posterior.weight_upper.assign(components, nan);
  if (prior.weights == WeightsPrior::fixed) posterior.weight_lower = posterior.weight_upper = known;
  if (prior.weights != WeightsPrior::dirichlet) return;
  posterior.concentration = concentrations(prior, components);
  for (std::size_t k = 0; k < components; ++k) posterior.concentration[k] += statistics.counts()[k];
  const double total = std::accumulate(posterior.concentration.begin(), posterior.concentration.end(), 0.0);
  const double tail = 0.5 * (1 - posterior.level);
  for (std::size_t k = 0; k < components; ++k) {
    const double a = posterior.concentration[k];
    posterior.weight_lower[k] = components == 1 ? 1 : special::beta_quantile(a, total - a, tail);
    posterior.weight_upper[k] = components == 1 ? 1 : special::beta_quantile(a, total - a, 1 - tail);
  }
}

void require_prior(const Family& family, const Prior& prior) {
  if (!family.prior() || !prior.components)
    throw Error(ErrorKind::usage, "'" + family.spec() + "' needs a prior on its parameters for this");
}

/// log sum_k E[w_k] Z(chi_k + t(x)) / Z(chi_k) of the rows of blocks; copies work for a thread each.
class Predictive {
 public:
  Predictive(const Family& family, const Posterior& posterior)
      : family_(family),
        prior_(*family.prior()),
        components_(posterior.hyperparameters.components()),
        origins_(components_ * family.origin_size()),
        chis_(components_ * family.statistic_size()),
        log_scales_(components_),
        statistics_(block_rows * family.statistic_size()),
        chi_(family.statistic_size()),
        h_(prior_.hyperparameters().size()),
        log_joint_(block_rows * components_) {
    ParameterTable centre(family.parameters(), components_);
    prior_.mean(posterior.hyperparameters.view(), centre.view());
    for (std::size_t k = 0; k < components_; ++k) family.origin(centre.row(k), origin(k));
    for (std::size_t k = 0; k < components_; ++k) {
      prior_.add_chi(posterior.hyperparameters.row(k), row_of(origin(k)), row_of(chi(k)));
      log_scales_[k] = std::log(posterior.weight_mean[k]) - log_partition(chi(k), k);
    }
  }

  void compute(const Block& x, VectorView out) {
    const auto T = MatrixView::column_major(statistics_.data(), x.rows, chi_.size());
    for (std::size_t k = 0; k < components_; ++k) {
      family_.statistic(x, origin(k), T);
      for (std::size_t n = 0; n < x.rows; ++n) {
        for (std::size_t p = 0; p < chi_.size(); ++p) chi_[p] = chi(k)[p] + T(n, p);
        log_joint_[n * components_ + k] = log_scales_[k] + log_partition(chi_, k);
      }
    }
    for (std::size_t n = 0; n < x.rows; ++n)
      out[n] = log_sum_exp(ConstVectorView(log_joint_).part(n * components_, components_));
  }

 private:
  template <class T>
  static BasicMatrixView<T> row_of(BasicVectorView<T> values) {
    return BasicMatrixView<T>::row_major(values.data(), 1, values.size());
  }
  VectorView origin(std::size_t k) {
    return VectorView(origins_).part(k * family_.origin_size(), family_.origin_size());
  }
  VectorView chi(std::size_t k) { return VectorView(chis_).part(k * chi_.size(), chi_.size()); }
  double log_partition(ConstVectorView chi, std::size_t k) {
    const auto H = row_of(VectorView(h_));
    prior_.from_chi(row_of(chi), row_of(ConstVectorView(origin(k))), H);
    const auto result = prior_.log_partition(H);
    if (!result)
      throw Error(ErrorKind::usage,
                  "an improper posterior of '" + family_.spec() + "' has no predictive density; use a proper prior");
    return *result;
  }

  const Family& family_;
  const ConjugatePrior& prior_;
  std::size_t components_;
  std::vector<double> origins_;
  std::vector<double> chis_;
  std::vector<double> log_scales_;
  // The work of a block.
  std::vector<double> statistics_;
  std::vector<double> chi_;
  std::vector<double> h_;
  std::vector<double> log_joint_;
};

}  // namespace

Posterior make_posterior(const FamilyPtr& family, const Statistics& statistics, const Prior& prior,
                         const std::vector<double>& fixed_weights) {
  require(family);
  require_prior(*family, prior);
  const std::size_t components = statistics.components();
  Posterior result;
  result.hyperparameters = posterior_hyperparameters(*family, statistics, prior);
  result.mode = posterior_mode(*family, with_prior(*family, statistics, prior));
  result.mean = result.lower = result.upper = ParameterTable(family->parameters(), components);
  const auto H = result.hyperparameters.view();
  const double tail = 0.5 * (1 - result.level);
  family->prior()->mean(H, result.mean.view());
  family->prior()->quantile(H, tail, result.lower.view());
  family->prior()->quantile(H, 1 - tail, result.upper.view());
  describe_weights(statistics, prior, known_weights(prior, components, fixed_weights), result);
  return result;
}

std::vector<double> log_predictive(const FamilyPtr& family, const Posterior& posterior, Source& source) {
  require(family);
  if (!family->prior())
    throw Error(ErrorKind::usage, "'" + family->spec() + "' has no conjugate prior, and so no posterior of its form");
  if (const auto reason = family->prior()->hyperparameters().mismatch(posterior.hyperparameters.schema()))
    throw Error(ErrorKind::usage, "this is no posterior of '" + family->spec() + "': " + *reason);
  check_data(*family, every_row(source));
  std::vector<double> result(source.rows());
  visit_blocks(every_row(source), [&, predictive = Predictive(*family, posterior)](const DataBlock& block) mutable {
    const auto out = VectorView(result).part(block.first_row, block.x.rows);
    predictive.compute(block.x, out);
    family->add_log_base(block.x, out);
  });
  return result;
}

double log_marginal_likelihood(const FamilyPtr& family, std::size_t components, Source& source,
                               const std::vector<std::size_t>& labels, const Prior& prior,
                               const std::vector<double>& fixed_weights) {
  require(family);
  require_prior(*family, prior);
  check_prior(*family, components, prior);
  const DataCheck check = check_data(*family, source);
  if (prior.weights == WeightsPrior::stick_breaking)
    throw Error(ErrorKind::usage, "the marginal likelihood of labels needs Dirichlet or fixed weights");
  const std::vector<double> known = known_weights(prior, components, fixed_weights);
  if (labels.size() != source.rows())
    throw Error(ErrorKind::data, std::to_string(labels.size()) + " labels for " + source.name() + " with " +
                                     std::to_string(source.rows()) + " rows (there must be as many)");
  for (std::size_t n = 0; n < labels.size(); ++n)
    if (labels[n] >= components)
      throw Error(ErrorKind::data, "label " + std::to_string(labels[n]) + " of row " + std::to_string(n) +
                                       " (must be below " + std::to_string(components) + ")");

  const ParameterTable& h = *prior.components;
  ParameterTable prior_rows(h.schema(), components);
  for (std::size_t k = 0; k < components; ++k) std::copy(h.row(0).begin(), h.row(0).end(), prior_rows.row(k).begin());
  const auto prior_partition = family->prior()->log_partition(prior_rows.view());
  if (!prior_partition) throw Error(ErrorKind::usage, "the marginal likelihood needs a proper prior on the parameters");

  std::vector<double> R(labels.size() * components);
  for (std::size_t n = 0; n < labels.size(); ++n) R[n * components + labels[n]] = 1;
  const Statistics statistics =
      statistics_of_responsibilities(*family, ConstMatrixView::row_major(R.data(), labels.size(), components), source);
  const double posterior_partition =
      family->prior()->log_partition(posterior_hyperparameters(*family, statistics, prior).view()).value_or(nan);
  double log_labels = 0;
  if (prior.weights == WeightsPrior::dirichlet) {
    log_labels = log_marginal_labels(statistics.counts(), prior);
  } else {
    for (std::size_t k = 0; k < components; ++k)
      if (statistics.counts()[k] > 0) log_labels += statistics.counts()[k] * std::log(known[k]);
  }
  return posterior_partition - *prior_partition + log_labels + check.log_base;
}

}  // namespace mixfam
