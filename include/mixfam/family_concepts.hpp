#pragma once

#if __cplusplus < 202002L
#error "mixfam/family_concepts.hpp is for authors of families and needs C++20"
#endif

#include <mixfam/family.hpp>

#include <concepts>
#include <optional>
#include <string>

namespace mixfam {

/// What a family's file writes of its conjugate prior p(theta) = exp<chi, c(theta)> / Z(chi) with respect to the base
/// measure d(parameters); h stands for its hyperparameters, of which there may be none.
template <class P>
concept PriorFormulas = requires(const P prior, ConstVectorView in, VectorView out, std::size_t components,
                                 Random& random, double level) {
  { prior.hyperparameters() } -> std::convertible_to<Schema>;
  prior.flat(out);                      // h with chi(h) = 0
  prior.standard(in, components, out);  // h scaled from the statistics of all the data, proper whatever they are
  prior.chi(in, components, out);       // h -> chi of each of K components, P values
  prior.from_chi(in, out);              // chi + s -> h
  { prior.log_partition(in) } -> std::convertible_to<std::optional<double>>;  // log Z(chi(h)); none: improper
  // h -> theta, E[c], with E[c(.)] = c(theta) but for its constants; returns by how much more their sum is.
  { prior.expectation(in, out, out) } -> std::convertible_to<double>;
  prior.sample(in, random, out);   // theta ~ p(theta | h), where that is proper
  prior.mean(in, out);             // E[theta]; NaN where it does not exist
  prior.quantile(in, level, out);  // of the marginal of each parameter; NaN where it has no closed form
  { prior.check(in) } -> std::convertible_to<std::optional<std::string>>;  // why no update can use h
};

/// What the file of a family writes: a small immutable shape, and formulas.
///
/// A family whose statistic is taken about an origin (`Located`) writes every formula at the origin 0 and says how
/// parameters and hyperparameters move with it; the origin of a component is its location, so that nothing cancels.
template <class F>
concept ExponentialFamily = std::copy_constructible<F> &&
    requires(const F family, ConstVectorView in, VectorView out, Random& random) {
  { family.spec() } -> std::convertible_to<std::string>;
  { family.columns() } -> std::convertible_to<std::size_t>;
  { family.statistic_size() } -> std::convertible_to<std::size_t>;
  { family.parameters() } -> std::convertible_to<Schema>;
  { family.support(std::size_t{}) } -> std::convertible_to<Support>;
  family.coefficients(in, out);                                           // theta -> c(theta)
  family.mean(in, out);                                                   // theta -> E[t]
  { family.mle(in, out) } -> std::convertible_to<std::optional<Reason>>;  // s -> theta, or why not
  family.sample(in, random, out);                                         // theta -> x
};

/// A part of t: `size` values from `first` on.
struct StatisticRange {
  std::size_t first;
  std::size_t size;
};

/// A family of independent columns, each with a part of t of its own: a missing cell takes its part out of the sums.
template <class F>
concept IndependentColumns = requires(const F family, std::size_t column) {
  { family.statistic_range(column) } -> std::convertible_to<StatisticRange>;
};

/// A family whose statistic is t(x - o).
template <class F>
concept Located = requires(const F family, const Block& x, ConstVectorView in, VectorView out, MatrixView T,
                           double sign) {
  { family.origin_size() } -> std::convertible_to<std::size_t>;
  family.statistic(x, in, T);       // T(n, :) = t(x_n - o)
  family.origin_at(x, out);         // o at the first row
  family.origin(in, out);           // theta -> its location
  family.translate(out, in, sign);  // theta moves by sign * o
  family.recentre(out, in);         // s about 0 becomes s about `in`
  // Why theta is a point and no longer a density to within the rounding of the data, if so.
  { family.collapse(in) } -> std::convertible_to<std::optional<Reason>>;
};

/// A family whose components share parameters. Rows of S are one component each.
template <class F>
concept Tied = requires(const F family, MatrixView S, ConstVectorView h, ConstMatrixView H, Random& random) {
  family.pool_for_mode(S);       // afterwards `mle` of each row gives the joint maximum
  family.pool_for_posterior(S);  // afterwards `from_chi` of each row gives the joint posterior
  // The part of log Z that all components share, and joint draws.
  { family.prior().shared_log_partition(h) } -> std::convertible_to<std::optional<double>>;
  family.prior().sample_all(H, random, S);
};

/// A located family whose formulas need a factorisation of the parameters, such as that of a covariance. It is made
/// once for each component, where the parameters are made.
template <class F>
concept Factored = Located<F> && requires(const F family, const typename F::Factor factor, typename F::Factor& made,
                                          ConstVectorView in, VectorView out) {
  { family.factorise(in, made) } -> std::convertible_to<std::optional<Reason>>;  // theta -> its factor, or why not
  { family.mle(in, out, made) } -> std::convertible_to<std::optional<Reason>>;   // `mle` with the factor of theta
  family.coefficients(in, factor, out);  // location as seen from the origin and factor -> c(theta)
};

template <class F>
concept HasPrior = PriorFormulas<typename F::Prior> && requires(const F family) {
  { family.prior() } -> std::convertible_to<typename F::Prior>;
};

/// A prior of a factored family: its formulas at the theta of `expectation`, of which the factor is known.
template <class P, class Factor>
concept FactoredPrior = requires(const P prior, const Factor factor, ConstVectorView in, VectorView out) {
  { prior.improper_counts(in) } -> std::convertible_to<std::optional<Reason>>;  // improper whatever the factor
  prior.centre(in, out);                                                        // h -> theta
  { prior.add_constants(in, out) } -> std::convertible_to<double>;  // c(theta) -> E[c], and what was added altogether
  { prior.log_partition(in, factor) } -> std::convertible_to<double>;
};

}  // namespace mixfam
