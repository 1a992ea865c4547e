#pragma once

#include <mixfam/export.hpp>
#include <mixfam/prior.hpp>
#include <mixfam/source.hpp>
#include <mixfam/statistics.hpp>

#include <vector>

namespace mixfam {

/// What is known of weights and parameters once the assignment of rows is given: chi + s.
struct Posterior {
  ParameterTable hyperparameters;  ///< K rows; under their names in the prior; NaN where the parameters are known
  ParameterTable mode;             ///< in the coordinates that the family states; NaN where there is none
  ParameterTable mean;             ///< NaN where it does not exist
  ParameterTable lower;            ///< of the central interval of each marginal; NaN where it has no closed form
  ParameterTable upper;
  double level = 0.95;  ///< probability of the intervals

  std::vector<double> concentration;  ///< of the Dirichlet on the weights; empty for other priors of the weights
  std::vector<double> weight_mean;    ///< fixed weights as they are
  std::vector<double> weight_lower;   ///< of the central interval; NaN for stick-breaking
  std::vector<double> weight_upper;
};

/// The posterior that a prior becomes after the statistics; `known_weights` are the K weights where they are known, as
/// those that a fit keeps. Throws Error(usage) when a family has no conjugate prior, the prior on parameters is flat or
/// known weights are not K.
MIXFAM_API Posterior make_posterior(const FamilyPtr& family, const Statistics& statistics, const Prior& prior,
                                    const std::vector<double>& known_weights = {});
MIXFAM_API Posterior make_posterior(const Groups& groups, const Statistics& statistics, const Prior& prior,
                                    const std::vector<double>& known_weights = {});

/// log p(x_n | posterior), N values: sum_k E[w_k] Z(chi_k + t(x)) / Z(chi_k) h(x). Throws Error(data) for rows outside
/// the support, Error(usage) for an improper posterior or that of another family.
MIXFAM_API std::vector<double> log_predictive(const FamilyPtr& family, const Posterior& posterior, Source& source);
MIXFAM_API std::vector<double> log_predictive(const Groups& groups, const Posterior& posterior, Source& source);

/// log p(X, z) of data with known labels z_n in 0 .. K-1, the parameters integrated out:
/// sum_k log Z(chi + s_k) - log Z(chi) + sum_n log h(x_n), and the Dirichlet-multinomial of the labels, or
/// sum_n log w_{z_n} of known weights. Throws Error(usage) for an improper prior or known weights that are not K,
/// Error(data) for labels that do not fit.
MIXFAM_API double log_marginal_likelihood(const FamilyPtr& family, std::size_t components, Source& source,
                                          const std::vector<std::size_t>& labels, const Prior& prior,
                                          const std::vector<double>& known_weights = {});
MIXFAM_API double log_marginal_likelihood(const Groups& groups, Source& source, const std::vector<std::size_t>& labels,
                                          const Prior& prior, const std::vector<double>& known_weights = {});

}  // namespace mixfam
