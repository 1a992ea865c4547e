#pragma once

#include <mixfam/family.hpp>

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

/// The contract of a family as laws over generated parameters. A test of a family is one call:
///
///     LawOptions options;
///     options.parameters = [](Random& random) { return std::vector{log_uniform(random, 1e-3, 1e3)}; };
///     options.log_density = [](ConstVectorView theta, ConstVectorView x) {
///       return log(pdf(exponential(theta[0]), x[0]));
///     };
///     CHECK(check_laws(family, options) >= least_law_cases);
namespace mixfam {

/// Address sanitizers make the laws ten times slower, so that they see a tenth of the cases; all builds run all laws.
/// Of combinations of options each eleventh is tried there: a number that has no factor in common with theirs.
#ifdef __SANITIZE_ADDRESS__
inline constexpr std::size_t law_cases = 100;
inline constexpr std::size_t combination_stride = 11;
#else
inline constexpr std::size_t law_cases = 1000;
inline constexpr std::size_t combination_stride = 1;
#endif
/// What the laws of a family come to at the least.
inline constexpr std::size_t least_law_cases = 10 * law_cases;

struct LawOptions {
  /// Valid parameters theta, Q values. Required.
  std::function<std::vector<double>(Random&)> parameters;
  /// Hyperparameters h of a proper prior whose posterior has an interior mode, H values. Without: no laws of the prior.
  std::function<std::vector<double>(Random&)> hyperparameters;
  /// log p(x | theta) from another source than the family: Boost.Math, or the formula of a book.
  std::function<double(ConstVectorView theta, ConstVectorView x)> log_density;
  /// log p(theta | h) from another source than the family.
  std::function<double(ConstVectorView h, ConstVectorView theta)> log_prior;
  /// The posterior mode that the family's docs state, from rows (N x D) by two passes.
  std::function<std::vector<double>(ConstVectorView h, ConstMatrixView rows)> posterior_mode;
  /// All x that matter, for whole numbers in several dependent columns (multinomial).
  std::function<std::vector<std::vector<double>>(ConstVectorView theta)> support_points;
  /// What the generated parameters amplify rounding by, such as the condition number of a covariance.
  double condition = 1;
  /// Cases of each cheap law; the laws that integrate, sum or draw samples take one in twenty of them.
  std::size_t cases = law_cases;
};

/// Checks every law that the options allow; each broken one fails the running test with the case and with who is
/// guilty. Returns the number of cases. The seed is fixed; RC_PARAMS="seed=.." gives another.
std::size_t check_laws(const FamilyPtr& family, const LawOptions& options);

/// The options of D independent columns (`make_columnwise_family`) from those of one column of the family `single`.
LawOptions columnwise(const FamilyPtr& single, const LawOptions& options, std::size_t columns);

// --- generators -------------------------------------------------------------------------------------------------
double uniform_between(Random& random, double lower, double upper);
/// exp of a uniform number between the logarithms.
double log_uniform(Random& random, double lower, double upper);
/// D x D, row-major: variances within [1e-2, 1e2], condition number of the correlation at most about 1e2.
std::vector<double> random_covariance(Random& random, std::size_t d);
/// `categories` probabilities > 0 that sum to 1, uniform on the simplex.
std::vector<double> random_probabilities(Random& random, std::size_t categories);

}  // namespace mixfam
