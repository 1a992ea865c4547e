#pragma once

#if __cplusplus < 202002L
#error "mixfam/exponential_family.hpp is for authors of families and needs C++20"
#endif

#include <mixfam/error.hpp>
#include <mixfam/family.hpp>

#include <algorithm>
#include <concepts>
#include <limits>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace mixfam {

/// A conjugate prior p(theta) = exp<chi, c(theta)> / Z(chi) with respect to the base measure d(parameters); h stands
/// for its hyperparameters.
template <class P>
concept ConjugatePrior = requires(const P prior, ConstVectorView in, VectorView out, std::size_t components,
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
concept HasPrior = ConjugatePrior<typename F::Prior> && requires(const F family) {
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

namespace detail {

/// Why nothing can be expected of p(theta | h), or drawn from it: a prior may say more than that log Z is not finite.
template <ConjugatePrior P>
std::optional<Reason> improper(const P& prior, ConstVectorView h) {
  if constexpr (requires { prior.improper(h); }) {
    return prior.improper(h);
  } else {
    if (prior.log_partition(h)) return std::nullopt;
    return "the posterior of its parameters has no finite integral";
  }
}

/// L += T C' for blocks of columns T (rows x P) and coefficients C (K x P), in the vectors of the processor.
class MIXFAM_API Products {
 public:
  explicit Products(ConstMatrixView C);
  void add(const Block& T, MatrixView L) const;

 private:
  std::size_t components_;
  std::vector<double> panels_;
};

/// S += R' T for a block of columns T (rows x P) and responsibilities R (rows x K, column-major); S: K x P.
MIXFAM_API void accumulate_products(const Block& T, ConstMatrixView R, MatrixView S);

/// t(X) of a block, column by column, in the memory of a frame.
class StatisticColumns {
 public:
  StatisticColumns(std::size_t rows, std::size_t size, Workspace::Frame& frame)
      : rows_(rows), size_(size), values_(frame.take(stride(rows) * size)), columns_(frame.take<const double*>(size)) {
    for (std::size_t p = 0; p < size; ++p) columns_[p] = values_ + p * stride(rows);
  }
  MatrixView view() { return {values_, rows_, size_, 1, static_cast<std::ptrdiff_t>(stride(rows_))}; }
  Block block() const { return {columns_, size_, rows_}; }

 private:
  /// Not a power of two: such columns would share their places in the caches.
  static std::size_t stride(std::size_t rows) { return (rows + 7) / 8 * 8 + 8; }

  std::size_t rows_;
  std::size_t size_;
  double* values_;
  const double** columns_;
};

/// sum_n a[n] b[n] in eight running sums: a fixed order that vectorises.
inline double dot(const double* a, const double* b, std::size_t size) {
  double lanes[8] = {};
  std::size_t n = 0;
  for (; n + 8 <= size; n += 8)
    for (std::size_t lane = 0; lane < 8; ++lane) lanes[lane] += a[n + lane] * b[n + lane];
  for (std::size_t lane = 0; n < size; ++n, ++lane) lanes[lane] += a[n] * b[n];
  return ((lanes[0] + lanes[4]) + (lanes[1] + lanes[5])) + ((lanes[2] + lanes[6]) + (lanes[3] + lanes[7]));
}

struct Nothing {};

template <class F>
struct FactorOf {
  using Type = Nothing;
};
template <Factored F>
struct FactorOf<F> {
  using Type = typename F::Factor;
};

template <class F>
auto make_prior(const F& family) {
  if constexpr (HasPrior<F>) {
    return family.prior();
  } else {
    return Nothing();
  }
}

/// What a family does with blocks in a way of its own; nothing where it leaves that to products with t(X).
template <class F, class Factor>
auto make_blocks(const F& family, ConstMatrixView theta, [[maybe_unused]] ConstMatrixView origins,
                 [[maybe_unused]] const std::vector<Factor>& factors) {
  if constexpr (requires { family.step(origins, factors); }) {
    return family.step(origins, factors);
  } else if constexpr (requires { family.step(theta, origins); }) {
    return family.step(theta, origins);
  } else if constexpr (requires { family.step(theta); }) {
    return family.step(theta);
  } else {
    return Nothing();
  }
}

/// The face of a family made of formulas: block operations are products with t(X), parameters move with the origin.
template <ExponentialFamily F>
class FamilyModel final : public Family {
  static_assert(
      HasPrior<F> || !requires { typename F::Prior; }, "F::Prior lacks some of ConjugatePrior");

  using Factor = typename FactorOf<F>::Type;

 public:
  explicit FamilyModel(F family)
      : family_(std::move(family)),
        prior_(make_prior(family_)),
        parameters_(family_.parameters()),
        hyperparameters_(make_hyperparameters()) {
    for (std::size_t j = 0; j < family_.columns(); ++j) supports_.push_back(family_.support(j));
  }

  std::string spec() const override { return family_.spec(); }
  std::size_t columns() const override { return family_.columns(); }
  const Schema& parameters() const override { return parameters_; }
  const Schema& hyperparameters() const override { return hyperparameters_; }
  std::size_t statistic_size() const override { return family_.statistic_size(); }
  std::size_t origin_size() const override {
    if constexpr (Located<F>) return family_.origin_size();
    return 0;
  }
  std::size_t free_parameters(std::size_t components) const override {
    if constexpr (requires { family_.free_parameters(components); }) return family_.free_parameters(components);
    return components * parameters_.free_values();
  }
  const Support& support(std::size_t column) const override { return supports_[column]; }

  void add_log_base(const Block& x, VectorView out) const override {
    if constexpr (requires { family_.add_log_base(x, out); }) family_.add_log_base(x, out);
  }

  bool reads_native(ElementType type) const override {
    if constexpr (requires { family_.reads_native(type); }) return family_.reads_native(type);
    return false;
  }

  void statistic(const Block& x, ConstVectorView origin, MatrixView T) const override {
    if constexpr (Located<F>) {
      family_.statistic(x, origin, T);
    } else {
      family_.statistic(x, T);
    }
  }

  void accumulate(const Block& x, ConstMatrixView R, ConstMatrixView origins, MatrixView S,
                  Workspace& workspace) const override {
    if constexpr (requires { family_.accumulate(x, R, origins, S, workspace); }) {
      family_.accumulate(x, R, origins, S, workspace);
    } else {
      Workspace::Frame frame(workspace);
      StatisticColumns T(x.rows, statistic_size(), frame);
      if constexpr (Located<F>) {
        for (std::size_t k = 0; k < R.columns(); ++k) {
          statistic(x, origins.row(k), T.view());
          accumulate_products(T.block(), R.column_range(k, 1), S.row_range(k, 1));
        }
      } else {
        statistic(x, {}, T.view());
        accumulate_products(T.block(), R, S);
      }
    }
  }

  StepPtr step(ConstMatrixView theta) const override {
    std::vector<Factor> factors(theta.rows());
    if constexpr (Factored<F>)
      for (std::size_t k = 0; k < theta.rows(); ++k)
        if (const std::optional<Reason> reason = family_.factorise(theta.row(k), factors[k]))
          throw Error(ErrorKind::numerical, "component " + std::to_string(k) + ": " + reason->text);
    return make_step(theta, std::move(factors));
  }

  void origin_at(const Block& x, VectorView origin) const override {
    if constexpr (Located<F>) family_.origin_at(x, origin);
  }

  std::size_t feature_size() const override {
    if constexpr (requires { family_.feature_size(); }) return family_.feature_size();
    return columns();
  }
  void features(const Block& x, MatrixView out) const override {
    if constexpr (requires { family_.features(x, out); }) {
      family_.features(x, out);
    } else {
      for (std::size_t j = 0; j < columns(); ++j)
        for (std::size_t n = 0; n < x.rows; ++n) out(n, j) = x.column(j)[n];
    }
  }

  void origin(ConstVectorView theta, VectorView out) const override {
    if constexpr (Located<F>) family_.origin(theta, out);
  }
  void coefficients(ConstVectorView theta, ConstVectorView origin, VectorView c) const override {
    family_.coefficients(moved(theta, origin, -1), c);
  }
  void mean_statistic(ConstVectorView theta, ConstVectorView origin, VectorView s) const override {
    family_.mean(moved(theta, origin, -1), s);
  }
  void recentre(ConstVectorView from, ConstVectorView to, VectorView s) const override {
    if constexpr (Located<F>) {
      std::vector<double> by(to.begin(), to.end());
      for (std::size_t i = 0; i < by.size(); ++i) by[i] -= from[i];
      family_.recentre(s, by);
    }
  }
  Sampler sampler(ConstVectorView theta) const override {
    if constexpr (requires { family_.sampler(theta); }) {
      return family_.sampler(theta);
    } else {
      return [this, parameters = std::vector<double>(theta.begin(), theta.end())](Random& random, VectorView x) {
        family_.sample(parameters, random, x);
      };
    }
  }

  Estimates mle(ConstMatrixView S, ConstMatrixView origins, MatrixView theta) const override {
    std::vector<double> buffer;
    if constexpr (Tied<F>) {
      const auto pooled = copy(S, buffer);
      family_.pool_for_mode(pooled);
      S = pooled;
    }
    std::vector<Factor> factors(S.rows());
    return make_parameters(theta, factors, [&](std::size_t k) {
      std::optional<Reason> reason = most_likely(S.row(k), theta.row(k), factors[k]);
      if constexpr (Located<F>) {
        family_.translate(theta.row(k), origins.row(k), 1);
        if (!reason) reason = family_.collapse(theta.row(k));
      }
      return reason;
    });
  }

  void flat_prior(VectorView h) const override {
    if constexpr (HasPrior<F>) prior_.flat(h);
  }
  void default_prior(ConstVectorView s, ConstVectorView origin, std::size_t components, VectorView h) const override {
    if constexpr (HasPrior<F>) {
      prior_.standard(s, components, h);
      if constexpr (Located<F>) {
        prior_.translate(h, origin, 1);
        if constexpr (requires { prior_.make_proper(s, h); }) prior_.make_proper(s, h);
      }
    }
  }
  std::optional<std::string> check_prior(ConstVectorView h) const override {
    if constexpr (HasPrior<F>) return prior_.check(h);
    return "this family has no conjugate prior";
  }
  void add_prior(ConstVectorView h, ConstMatrixView origins, MatrixView S) const override {
    std::vector<double> chi(statistic_size());
    for (std::size_t k = 0; k < S.rows(); ++k) {
      chi_at(h, origins.row(k), S.rows(), chi);
      for (std::size_t p = 0; p < chi.size(); ++p) S(k, p) += chi[p];
    }
  }
  double log_prior(ConstVectorView h, const Step& step) const override {
    double sum = 0;
    if constexpr (HasPrior<F>) {
      const double components = static_cast<double>(step.components());
      std::vector<double> chi(statistic_size());
      std::vector<double> c(statistic_size());
      for (std::size_t k = 0; k < step.components(); ++k) {
        chi_at(h, step.origins().row(k), step.components(), chi);
        step.coefficients(k, step.origins().row(k), c);
        sum += dot(chi.data(), c.data(), c.size());
      }
      const std::optional<double> log_partition_of_one = prior_.log_partition(h);
      if (!log_partition_of_one) return sum;
      sum -= components * *log_partition_of_one;
      if constexpr (Tied<F>) sum += (components - 1) * prior_.shared_log_partition(h).value_or(0);
    }
    return sum;
  }

  void posterior(ConstMatrixView S, ConstMatrixView origins, MatrixView H) const override {
    if constexpr (HasPrior<F>) {
      std::vector<double> buffer;
      if constexpr (Tied<F>) {
        const auto pooled = copy(S, buffer);
        family_.pool_for_posterior(pooled);
        S = pooled;
      }
      for (std::size_t k = 0; k < S.rows(); ++k) {
        prior_.from_chi(S.row(k), H.row(k));
        if constexpr (Located<F>) prior_.translate(H.row(k), origins.row(k), 1);
      }
    }
  }
  std::optional<double> log_partition(ConstMatrixView H) const override {
    double sum = 0;
    if constexpr (HasPrior<F>) {
      for (std::size_t k = 0; k < H.rows(); ++k) {
        const std::optional<double> one = prior_.log_partition(H.row(k));
        if (!one) return std::nullopt;
        sum += *one;
      }
      if constexpr (Tied<F>)
        sum -= static_cast<double>(H.rows() - 1) * prior_.shared_log_partition(H.row(0)).value_or(0);
    }
    return sum;
  }
  Estimates expectation(ConstMatrixView H, MatrixView theta, VectorView log_scale) const override {
    if constexpr (HasPrior<F>) {
      std::vector<double> c(statistic_size());
      std::vector<Factor> factors(H.rows());
      return make_parameters(theta, factors, [&](std::size_t k) -> std::optional<Reason> {
        if constexpr (Factored<F>) {
          static_assert(FactoredPrior<Prior, Factor>);
          if (const auto reason = prior_.improper_counts(H.row(k))) return reason;
          prior_.centre(H.row(k), theta.row(k));
          if (auto reason = family_.factorise(theta.row(k), factors[k])) {
            const std::optional<Reason> why = improper(prior_, H.row(k));
            return why ? why : reason;
          }
          log_scale[k] = prior_.add_constants(H.row(k), c);
        } else {
          if (const auto reason = improper(prior_, H.row(k))) return reason;
          log_scale[k] = prior_.expectation(H.row(k), theta.row(k), c);
        }
        return unusable(theta.row(k), Factored<F>);
      });
    }
    return {};
  }
  void add_kl_to_prior(ConstMatrixView H, ConstVectorView h, const Step& step, VectorView out) const override {
    if constexpr (HasPrior<F>) {
      std::vector<double> q(statistic_size());
      std::vector<double> p(statistic_size());
      std::vector<double> c(statistic_size());
      std::vector<double> theta(parameters_.size());
      std::vector<double> local(hyperparameters_.size());
      const double prior_log_partition = prior_.log_partition(h).value_or(0);
      double prior_shared = 0;
      if constexpr (Tied<F>) prior_shared = prior_.shared_log_partition(h).value_or(0);
      for (std::size_t k = 0; k < H.rows(); ++k) {
        const auto location = step.origins().row(k);
        std::copy(H.row(k).begin(), H.row(k).end(), local.begin());
        if constexpr (Located<F>) prior_.translate(local, location, -1);
        if constexpr (Factored<F>) {
          step.coefficients(k, location, c);
          prior_.add_constants(local, c);
        } else {
          prior_.expectation(local, theta, c);
        }
        prior_.chi(local, H.rows(), q);
        chi_at(h, location, H.rows(), p);
        for (std::size_t i = 0; i < c.size(); ++i) out[k] += (q[i] - p[i]) * c[i];
        out[k] += prior_log_partition - log_partition_of(H.row(k), step, k);
        if constexpr (Tied<F>) {
          const double others = 1 - 1 / static_cast<double>(H.rows());
          out[k] -= others * (prior_shared - prior_.shared_log_partition(local, factor_of(step, k)));
        }
      }
    }
  }
  Estimates sample_parameters(ConstMatrixView H, Random& random, MatrixView theta) const override {
    if constexpr (HasPrior<F>) {
      std::vector<Factor> factors(H.rows());
      return make_parameters(theta, factors, [&](std::size_t k) -> std::optional<Reason> {
        if (const auto reason = improper(prior_, H.row(k))) return reason;
        if constexpr (!Tied<F>) {
          prior_.sample(H.row(k), random, theta.row(k));
        } else if (k == 0) {
          prior_.sample_all(H, random, theta);
        }
        if (const auto reason = unusable(theta.row(k), Factored<F>)) return reason;
        if constexpr (Factored<F>) return family_.factorise(theta.row(k), factors[k]);
        return std::nullopt;
      });
    }
    return {};
  }
  void posterior_mean(ConstMatrixView H, MatrixView theta) const override {
    if constexpr (HasPrior<F>)
      describe_posterior(H, theta, [&](std::size_t k) { prior_.mean(H.row(k), theta.row(k)); });
  }
  void posterior_quantile(ConstMatrixView H, double level, MatrixView theta) const override {
    if constexpr (HasPrior<F>)
      describe_posterior(H, theta, [&](std::size_t k) { prior_.quantile(H.row(k), level, theta.row(k)); });
  }

 private:
  using Prior = decltype(make_prior(std::declval<const F&>()));
  using Blocks = decltype(make_blocks(std::declval<const F&>(), ConstMatrixView(), ConstMatrixView(),
                                      std::declval<const std::vector<Factor>&>()));

  /// Parameters, or the factors of them, and what is made of them for blocks. Without a way of the family's own the
  /// E-step is a product L += t(X) C'.
  class ModelStep final : public Step {
   public:
    ModelStep(const FamilyModel& model, ConstMatrixView theta, std::vector<Factor> factors)
        : Step(theta.rows(), model.origins_of(theta)),
          model_(model),
          factors_(std::move(factors)),
          blocks_(make_blocks(model.family_, theta, origins(), factors_)) {
      if constexpr (!Factored<F>) copy(theta, theta_);
      if constexpr (std::is_same_v<Blocks, Nothing>) make_products(theta);
    }

    const Factor& factor(std::size_t k) const { return factors_[k]; }

    Block prepare(const Block& x, Workspace::Frame& frame) const override {
      if constexpr (requires { blocks_.prepare(x, frame); }) return blocks_.prepare(x, frame);
      return x;
    }
    void add_log_density(const Block& x, MatrixView L, Workspace& workspace) const override {
      if constexpr (!std::is_same_v<Blocks, Nothing>) {
        blocks_.add_log_density(x, L, workspace);
      } else {
        Workspace::Frame frame(workspace);
        StatisticColumns T(x.rows, model_.statistic_size(), frame);
        if constexpr (Located<F>) {
          for (std::size_t k = 0; k < components(); ++k) {
            model_.statistic(x, origins().row(k), T.view());
            products_[k].add(T.block(), L.column_range(k, 1));
          }
        } else {
          model_.statistic(x, {}, T.view());
          products_.front().add(T.block(), L);
        }
      }
    }
    void accumulate(const Block& x, ConstMatrixView R, MatrixView S, Workspace& workspace) const override {
      if constexpr (requires { blocks_.accumulate(x, R, S, workspace); }) {
        blocks_.accumulate(x, R, S, workspace);
      } else {
        model_.accumulate(x, R, origins(), S, workspace);
      }
    }
    bool add_soft(const Block& x, ConstVectorView log_weights, Statistics& statistics,
                  Workspace& workspace) const override {
      if constexpr (requires { blocks_.add_soft(x, log_weights, statistics, workspace); })
        return blocks_.add_soft(x, log_weights, statistics, workspace);
      return false;
    }
    void coefficients(std::size_t k, ConstVectorView origin, VectorView c) const override {
      if constexpr (Factored<F>) {
        std::vector<double> location(origins().row(k).begin(), origins().row(k).end());
        for (std::size_t i = 0; i < location.size(); ++i) location[i] -= origin[i];
        model_.family_.coefficients(location, factors_[k], c);
      } else {
        const std::size_t size = model_.parameters().size();
        model_.coefficients(ConstVectorView(theta_).part(k * size, size), origin, c);
      }
    }

   private:
    void make_products(ConstMatrixView theta) {
      std::vector<double> coefficients(components() * model_.statistic_size());
      const auto C = MatrixView::row_major(coefficients.data(), components(), model_.statistic_size());
      for (std::size_t k = 0; k < components(); ++k) model_.coefficients(theta.row(k), origins().row(k), C.row(k));
      if constexpr (Located<F>) {
        for (std::size_t k = 0; k < components(); ++k) products_.emplace_back(C.row_range(k, 1));
      } else {
        products_.emplace_back(C);
      }
    }

    const FamilyModel& model_;
    std::vector<double> theta_;
    std::vector<Factor> factors_;
    [[no_unique_address]] Blocks blocks_;
    std::vector<Products> products_;  // one for all components, or one for each where t depends on the origin
  };

  StepPtr make_step(ConstMatrixView theta, std::vector<Factor> factors) const {
    return std::make_shared<const ModelStep>(*this, theta, std::move(factors));
  }
  std::vector<double> origins_of(ConstMatrixView theta) const {
    std::vector<double> origins(theta.rows() * origin_size());
    for (std::size_t k = 0; k < theta.rows(); ++k)
      origin(theta.row(k), VectorView(origins).part(k * origin_size(), origin_size()));
    return origins;
  }
  /// Of a step of this family.
  static const Factor& factor_of(const Step& step, std::size_t k) {
    return static_cast<const ModelStep&>(step).factor(k);
  }
  double log_partition_of(ConstVectorView h, [[maybe_unused]] const Step& step, [[maybe_unused]] std::size_t k) const {
    if constexpr (Factored<F>) {
      return prior_.log_partition(h, factor_of(step, k));
    } else {
      return prior_.log_partition(h).value_or(std::numeric_limits<double>::quiet_NaN());
    }
  }
  std::optional<Reason> most_likely(ConstVectorView s, VectorView theta, [[maybe_unused]] Factor& factor) const {
    if constexpr (Factored<F>) {
      return family_.mle(s, theta, factor);
    } else {
      return family_.mle(s, theta);
    }
  }

  Schema make_hyperparameters() const {
    if constexpr (HasPrior<F>) return prior_.hyperparameters();
    return {};
  }

  /// Calls make(k), which fills theta and its factor or says why there is none, for each component.
  template <class Make>
  Estimates make_parameters(ConstMatrixView theta, std::vector<Factor>& factors, Make make) const {
    Estimates result;
    for (std::size_t k = 0; k < theta.rows(); ++k)
      if (std::optional<Reason> reason = make(k)) result.degenerate.push_back({k, std::move(*reason)});
    if (result.degenerate.empty()) result.step = make_step(theta, std::move(factors));
    return result;
  }

  /// Calls describe(k) for each row of H that is proper; theta of the others is NaN.
  template <class Describe>
  void describe_posterior(ConstMatrixView H, MatrixView theta, Describe describe) const {
    for (std::size_t k = 0; k < H.rows(); ++k) {
      if (improper(family_.prior(), H.row(k))) {
        for (double& value : theta.row(k)) value = std::numeric_limits<double>::quiet_NaN();
      } else {
        describe(k);
      }
    }
  }

  /// Why no E-step can use theta, if so; but for its factorisation where that is another matter.
  std::optional<Reason> unusable(ConstVectorView theta, bool factorised) const {
    if constexpr (Located<F>)
      if (std::optional<Reason> reason = family_.collapse(theta)) return reason;
    if (auto reason = parameters_.check(theta, factorised)) return Reason(std::move(*reason));
    return std::nullopt;
  }

  /// theta as seen from the origin (sign = -1).
  std::vector<double> moved(ConstVectorView theta, [[maybe_unused]] ConstVectorView origin,
                            [[maybe_unused]] double sign) const {
    std::vector<double> result(theta.begin(), theta.end());
    if constexpr (Located<F>) family_.translate(result, origin, sign);
    return result;
  }

  /// chi of the hyperparameters as seen from the origin.
  void chi_at(ConstVectorView h, [[maybe_unused]] ConstVectorView origin, std::size_t components,
              VectorView chi) const {
    if constexpr (HasPrior<F>) {
      std::vector<double> local(h.begin(), h.end());
      if constexpr (Located<F>) prior_.translate(local, origin, -1);
      prior_.chi(local, components, chi);
    }
  }

  /// One row seen K times.
  static ConstMatrixView repeated(ConstVectorView h, std::size_t components) {
    return {h.data(), components, h.size(), 0, 1};
  }

  static MatrixView copy(ConstMatrixView A, std::vector<double>& buffer) {
    buffer.resize(A.rows() * A.columns());
    const auto result = MatrixView::row_major(buffer.data(), A.rows(), A.columns());
    for (std::size_t i = 0; i < A.rows(); ++i)
      for (std::size_t j = 0; j < A.columns(); ++j) result(i, j) = A(i, j);
    return result;
  }

  F family_;
  [[no_unique_address]] Prior prior_;
  Schema parameters_;
  Schema hyperparameters_;
  std::vector<Support> supports_;
};

}  // namespace detail

/// The type-erased face of a family.
template <ExponentialFamily F>
FamilyPtr make_family(F family) {
  return std::make_shared<const detail::FamilyModel<F>>(std::move(family));
}

}  // namespace mixfam
