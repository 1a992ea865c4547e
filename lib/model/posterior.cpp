#include <mixfam/error.hpp>
#include <mixfam/posterior.hpp>

#include "data/reduce.hpp"
#include "family/data_check.hpp"
#include "family/responsibilities.hpp"
#include "model/check_weights.hpp"
#include "model/update.hpp"
#include "model/weights.hpp"
#include "numerics/log_sum_exp.hpp"
#include "numerics/plural.hpp"
#include "numerics/special.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>

namespace mixfam {

namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

ParameterTable posterior_mode(const Groups& groups, const Statistics& posterior) {
  ParameterTable mode = groups.parameters();
  for (std::size_t g = 0; g < groups.size(); ++g)
    for (const Degeneracy& one : groups.family(g).mle(posterior.sums(g), posterior.origins(g), mode.view(g)).degenerate)
      std::ranges::fill(mode.view(g).row(one.component), nan);
  return mode;
}

void check_known_weights(const std::vector<double>& known, std::size_t components) {
  if (known.empty()) return;
  if (known.size() != components)
    throw Error(ErrorKind::usage, plural(known.size(), "known weight") + " for " + plural(components, "component") +
                                      " (there must be as many)");
  check_weights(known);
}

/// Marginals of a Dirichlet are beta distributions; of other priors of the weights none is closed.
void describe_weights(const Statistics& statistics, const Prior& prior, const std::vector<double>& known,
                      Posterior& posterior) {
  const std::size_t components = statistics.components();
  posterior.weight_mean = weights_mean(statistics.counts(), prior, known);
  posterior.weight_lower.assign(components, nan);
  posterior.weight_upper.assign(components, nan);
  if (!known.empty()) posterior.weight_lower = posterior.weight_upper = known;
  if (!known.empty() || prior.weights != WeightsPrior::dirichlet) return;
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

void require_prior(const Groups& groups, const Prior& prior) {
  if (!groups.has_prior() || !prior.components)
    throw Error(ErrorKind::usage, "'" + groups.spec() + "' needs a prior on its parameters for this");
}

/// log Z(chi_k + t(x)) / Z(chi_k) h_k(x) of a component at the rows of blocks; copies work for a thread each.
class ComponentPredictive {
 public:
  ComponentPredictive(const Family& family, ConstVectorView hyperparameters)
      : family_(&family),
        origin_(family.origin_size()),
        chi_(family.statistic_size()),
        with_row_(family.statistic_size()),
        h_(hyperparameters.size()),
        statistics_(block_rows * family.statistic_size()) {
    ParameterTable centre(family.parameters(), 1);
    family.prior()->mean(row_of(hyperparameters), centre.view());
    family.origin(centre.row(0), origin_);
    family.prior()->add_chi(hyperparameters, row_of(ConstVectorView(origin_)), row_of(VectorView(chi_)));
    log_partition_ = log_partition(chi_);
  }

  void add(const Block& x, VectorView out) {
    const auto T = MatrixView::column_major(statistics_.data(), x.rows, chi_.size());
    family_->statistic(x, origin_, T);
    for (std::size_t n = 0; n < x.rows; ++n) {
      for (std::size_t p = 0; p < chi_.size(); ++p) with_row_[p] = chi_[p] + T(n, p);
      out[n] += log_partition(with_row_) - log_partition_;
    }
  }

 private:
  template <class T>
  static BasicMatrixView<T> row_of(BasicVectorView<T> values) {
    return BasicMatrixView<T>::row_major(values.data(), 1, values.size());
  }
  double log_partition(ConstVectorView chi) {
    const auto H = row_of(VectorView(h_));
    family_->prior()->from_chi(row_of(chi), row_of(ConstVectorView(origin_)), H);
    const auto result = family_->prior()->log_partition(H);
    if (!result)
      throw Error(ErrorKind::usage,
                  "an improper posterior of '" + family_->spec() + "' has no predictive density; use a proper prior");
    return *result;
  }

  const Family* family_;
  std::vector<double> origin_;
  std::vector<double> chi_;
  std::vector<double> with_row_;
  std::vector<double> h_;
  std::vector<double> statistics_;
  double log_partition_ = 0;
};

/// Adds the log of a predictive density at the rows of a block.
using AddPredictive = std::function<void(const Block&, VectorView)>;

/// Of a component that has no posterior because its parameters are known: its density, but for log h.
AddPredictive known_component(const Family& family, ConstVectorView theta) {
  return [step = family.step(ConstMatrixView::row_major(theta.data(), 1, theta.size()))](const Block& x,
                                                                                         VectorView out) {
    Workspace workspace;
    Workspace::Frame frame(workspace);
    double* log_density = frame.zeros(block_stride);
    step->add_log_density(step->prepare(x, frame),
                          MatrixView(log_density, x.rows, 1, 1, static_cast<std::ptrdiff_t>(block_stride)), workspace);
    for (std::size_t n = 0; n < x.rows; ++n) out[n] += log_density[n];
  };
}

/// log sum_k E[w_k] p(x | chi_k) of the rows of blocks; copies work for a thread each.
class Predictive {
 public:
  Predictive(const Groups& groups, const Posterior& posterior)
      : groups_(groups), log_weights_(log_weights(posterior.weight_mean)), log_joint_(groups.components()) {
    for (std::size_t k = 0; k < groups.components(); ++k) {
      const Family& family = groups.family_of(k);
      const ConstVectorView h = posterior.hyperparameters.row(k);
      if (std::ranges::any_of(h, [](double value) { return std::isnan(value); })) {
        components_.emplace_back(known_component(family, posterior.mean.row(k)));
      } else {
        components_.emplace_back(
            [own = ComponentPredictive(family, h)](const Block& x, VectorView out) mutable { own.add(x, out); });
      }
    }
  }

  void compute(const Block& x, VectorView out) {
    joint_.resize(x.rows * components_.size());
    log_base_.resize(x.rows);
    for (std::size_t g = 0; g < groups_.size(); ++g) {
      std::fill(log_base_.begin(), log_base_.end(), 0.0);
      groups_.family(g).add_log_base(x, log_base_);
      for (std::size_t k = groups_.first(g); k < groups_.end(g); ++k) {
        const VectorView joint(joint_.data() + k * x.rows, x.rows);
        for (std::size_t n = 0; n < x.rows; ++n) joint[n] = log_weights_[k] + std::max(log_base_[n], log_zero);
        components_[k](x, joint);
      }
    }
    for (std::size_t n = 0; n < x.rows; ++n) {
      for (std::size_t k = 0; k < components_.size(); ++k) log_joint_[k] = joint_[k * x.rows + n];
      out[n] = log_sum_exp(log_joint_);
    }
  }

 private:
  Groups groups_;
  std::vector<double> log_weights_;
  std::vector<AddPredictive> components_;
  std::vector<double> joint_;
  std::vector<double> log_base_;
  std::vector<double> log_joint_;
};

}  // namespace

Posterior make_posterior(const FamilyPtr& family, const Statistics& statistics, const Prior& prior,
                         const std::vector<double>& known_weights) {
  return make_posterior(Groups(family, statistics.components()), statistics, prior, known_weights);
}

Posterior make_posterior(const Groups& groups, const Statistics& statistics, const Prior& prior,
                         const std::vector<double>& known_weights) {
  require_prior(groups, prior);
  check_known_weights(known_weights, groups.components());
  Posterior result;
  result.hyperparameters = posterior_hyperparameters(groups, statistics, prior);
  result.mode = posterior_mode(groups, with_prior(groups, statistics, prior));
  result.mean = result.lower = result.upper = groups.parameters();
  const double tail = 0.5 * (1 - result.level);
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const ConjugatePrior& of_group = *groups.family(g).prior();
    const auto H = std::as_const(result.hyperparameters).view(g);
    of_group.mean(H, result.mean.view(g));
    of_group.quantile(H, tail, result.lower.view(g));
    of_group.quantile(H, 1 - tail, result.upper.view(g));
  }
  describe_weights(statistics, prior, known_weights, result);
  return result;
}

std::vector<double> log_predictive(const FamilyPtr& family, const Posterior& posterior, Source& source) {
  return log_predictive(Groups(family, posterior.hyperparameters.components()), posterior, source);
}

namespace {

/// Throws Error(data) where cells are missing.
void require_complete(const DataCheck& check, const Source& source, const std::string& what) {
  if (check.missing_cells > 0)
    throw Error(ErrorKind::data, source.name() + " has missing cells; " + what + " is of complete rows only");
}

}  // namespace

std::vector<double> log_predictive(const Groups& groups, const Posterior& posterior, Source& source) {
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const Family& family = groups.family(g);
    if (family.prior() == nullptr)
      throw Error(ErrorKind::usage, "'" + family.spec() + "' has no conjugate prior, and so no predictive density");
    if (const auto reason =
            family.prior()->hyperparameters().mismatch(posterior.hyperparameters.schema(groups.first(g))))
      throw Error(ErrorKind::usage, "this is no posterior of '" + family.spec() + "': " + *reason);
  }
  require_complete(check_data(groups, every_row(source)), source, "the predictive density");
  std::vector<double> result(source.rows());
  visit_blocks(every_row(source), [&, predictive = Predictive(groups, posterior)](const DataBlock& block) mutable {
    predictive.compute(block.x, VectorView(result).part(block.first_row, block.x.rows));
  });
  return result;
}

double log_marginal_likelihood(const FamilyPtr& family, std::size_t components, Source& source,
                               const std::vector<std::size_t>& labels, const Prior& prior,
                               const std::vector<double>& known_weights) {
  return log_marginal_likelihood(Groups(family, components), source, labels, prior, known_weights);
}

namespace {

void check_label_range(const std::vector<std::size_t>& labels, std::size_t components, const Source& source) {
  if (labels.size() != source.rows())
    throw Error(ErrorKind::data, plural(labels.size(), "label") + " for " + source.name() + " with " +
                                     plural(source.rows(), "row") + " (there must be as many)");
  for (std::size_t n = 0; n < labels.size(); ++n)
    if (labels[n] >= components)
      throw Error(ErrorKind::data, "label " + std::to_string(labels[n]) + " of row " + std::to_string(n) +
                                       " (must be below " + std::to_string(components) + ")");
}

/// sum_k log Z of a prior, one row for each group.
double log_prior_partition(const Groups& groups, const ParameterTable& prior) {
  double sum = 0;
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const ConstVectorView h = prior.row(g);
    const ConstMatrixView repeated(h.data(), groups.components(g), h.size(), 0, 1);
    const auto log_partition = groups.family(g).prior()->log_partition(repeated);
    if (!log_partition) throw Error(ErrorKind::usage, "the marginal likelihood needs a proper prior on the parameters");
    sum += *log_partition;
  }
  return sum;
}

double log_posterior_partition(const Groups& groups, const ParameterTable& H) {
  double sum = 0;
  for (std::size_t g = 0; g < groups.size(); ++g)
    sum += groups.family(g).prior()->log_partition(H.view(g)).value_or(nan);
  return sum;
}

}  // namespace

double log_marginal_likelihood(const Groups& groups, Source& source, const std::vector<std::size_t>& labels,
                               const Prior& prior, const std::vector<double>& known_weights) {
  const std::size_t components = groups.components();
  require_prior(groups, prior);
  check_prior(groups, prior);
  const DataCheck check = check_data(groups, source);
  require_complete(check, source, "the marginal likelihood");
  if (prior.weights == WeightsPrior::stick_breaking)
    throw Error(ErrorKind::usage, "the marginal likelihood of labels needs Dirichlet or known weights");
  check_known_weights(known_weights, components);
  check_label_range(labels, components, source);
  const double prior_partition = log_prior_partition(groups, *prior.components);

  std::vector<double> R(labels.size() * components);
  for (std::size_t n = 0; n < labels.size(); ++n) R[n * components + labels[n]] = 1;
  const Statistics statistics =
      statistics_of_responsibilities(groups, ConstMatrixView::row_major(R.data(), labels.size(), components), source);
  const double posterior_partition =
      log_posterior_partition(groups, posterior_hyperparameters(groups, statistics, prior));
  double log_labels = 0;
  if (known_weights.empty()) {
    log_labels = log_marginal_labels(statistics.counts(), prior);
  } else {
    for (std::size_t k = 0; k < components; ++k)
      if (statistics.counts()[k] > 0) log_labels += statistics.counts()[k] * std::log(known_weights[k]);
  }
  return posterior_partition - prior_partition + log_labels + check.log_base + statistics.expected_log_base();
}

}  // namespace mixfam
