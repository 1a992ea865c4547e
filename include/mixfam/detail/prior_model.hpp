#pragma once

#include <mixfam/family_concepts.hpp>

#include <mixfam/detail/family_model.hpp>

#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace mixfam::detail {

/// Why nothing can be expected of p(theta | h), or drawn from it: a prior may say more than that log Z is not finite.
template <PriorFormulas P>
std::optional<Reason> improper(const P& prior, ConstVectorView h) {
  if constexpr (requires { prior.improper(h); }) {
    return prior.improper(h);
  } else {
    if (prior.log_partition(h)) return std::nullopt;
    return "the posterior of its parameters has no finite integral";
  }
}

/// The face of a conjugate prior made of formulas: they move with the origin, components that share parameters are
/// pooled.
template <ExponentialFamily F>
class FamilyModel<F>::PriorModel final : public ConjugatePrior {
 public:
  explicit PriorModel(const FamilyModel& model)
      : model_(model), formulas_(model.family_.prior()), hyperparameters_(formulas_.hyperparameters()) {}

  const Schema& hyperparameters() const override { return hyperparameters_; }
  void flat(VectorView h) const override { formulas_.flat(h); }
  void standard(ConstVectorView s, ConstVectorView origin, std::size_t components, VectorView h) const override {
    formulas_.standard(s, components, h);
    if constexpr (Located<F>) {
      formulas_.translate(h, origin, 1);
      if constexpr (requires { formulas_.make_proper(s, h); }) formulas_.make_proper(s, h);
    }
  }
  std::optional<std::string> check(ConstVectorView h) const override { return formulas_.check(h); }
  void add_chi(ConstVectorView h, ConstMatrixView origins, MatrixView S) const override {
    std::vector<double> local(h.size());
    std::vector<double> chi(model_.statistic_size());
    for (std::size_t k = 0; k < S.rows(); ++k) {
      chi_at(h, origins.row(k), S.rows(), local, chi);
      for (std::size_t p = 0; p < chi.size(); ++p) S(k, p) += chi[p];
    }
  }
  double log_density(ConstVectorView h, const Step& step) const override {
    double sum = 0;
    const double components = static_cast<double>(step.components());
    std::vector<double> local(h.size());
    std::vector<double> chi(model_.statistic_size());
    std::vector<double> c(model_.statistic_size());
    for (std::size_t k = 0; k < step.components(); ++k) {
      chi_at(h, step.origins().row(k), step.components(), local, chi);
      step.coefficients(k, step.origins().row(k), c);
      sum += dot(chi.data(), c.data(), c.size());
    }
    const std::optional<double> log_partition_of_one = formulas_.log_partition(h);
    if (!log_partition_of_one) return sum;
    sum -= components * *log_partition_of_one;
    if constexpr (Tied<F>) sum += (components - 1) * formulas_.shared_log_partition(h).value_or(0);
    return sum;
  }

  void from_chi(ConstMatrixView S, ConstMatrixView origins, MatrixView H) const override {
    std::vector<double> buffer;
    if constexpr (Tied<F>) {
      const auto pooled = copy(S, buffer);
      model_.family_.pool_for_posterior(pooled);
      S = pooled;
    }
    for (std::size_t k = 0; k < S.rows(); ++k) {
      formulas_.from_chi(S.row(k), H.row(k));
      if constexpr (Located<F>) formulas_.translate(H.row(k), origins.row(k), 1);
    }
  }
  std::optional<double> log_partition(ConstMatrixView H) const override {
    double sum = 0;
    for (std::size_t k = 0; k < H.rows(); ++k) {
      const std::optional<double> one = formulas_.log_partition(H.row(k));
      if (!one) return std::nullopt;
      sum += *one;
    }
    if constexpr (Tied<F>)
      sum -= static_cast<double>(H.rows() - 1) * formulas_.shared_log_partition(H.row(0)).value_or(0);
    return sum;
  }
  Estimates expectation(ConstMatrixView H, MatrixView theta, VectorView log_scale) const override {
    std::vector<double> c(model_.statistic_size());
    std::vector<Factor> factors(H.rows());
    ExpectedConstants expected(H.rows(), c.size());
    const std::size_t longest = std::max({c.size(), H.columns(), theta.columns(), model_.origin_size()});
    std::vector<double> at_location(Factored<F> ? 0 : 4 * longest);
    const auto make = [&](std::size_t k) -> std::optional<Reason> {
      if constexpr (Factored<F>) {
        static_assert(FactoredPrior<typename F::Prior, Factor>);
        if (const auto reason = formulas_.improper_counts(H.row(k))) return reason;
        formulas_.centre(H.row(k), theta.row(k));
        if (auto reason = model_.family_.factorise(theta.row(k), factors[k])) {
          const std::optional<Reason> why = improper(formulas_, H.row(k));
          return why ? why : reason;
        }
        log_scale[k] = formulas_.add_constants(H.row(k), expected.constants(k));
      } else {
        if (const auto reason = improper(formulas_, H.row(k))) return reason;
        log_scale[k] = formulas_.expectation(H.row(k), theta.row(k), c);
        write_expected_constants(H.row(k), theta.row(k), at_location, expected.constants(k));
      }
      expected.of_row(k) = log_scale[k];
      return model_.unusable(theta.row(k), Factored<F>);
    };
    return model_.make_parameters(theta, factors, make, &expected);
  }
  void add_kl(ConstMatrixView H, ConstVectorView h, const Step& step, VectorView out) const override {
    std::vector<double> q(model_.statistic_size());
    std::vector<double> p(model_.statistic_size());
    std::vector<double> c(model_.statistic_size());
    std::vector<double> theta(model_.parameters_.size());
    std::vector<double> local(hyperparameters_.size());
    std::vector<double> local_prior(hyperparameters_.size());
    const double prior_log_partition = formulas_.log_partition(h).value_or(0);
    double prior_shared = 0;
    if constexpr (Tied<F>) prior_shared = formulas_.shared_log_partition(h).value_or(0);
    for (std::size_t k = 0; k < H.rows(); ++k) {
      const auto location = step.origins().row(k);
      std::copy(H.row(k).begin(), H.row(k).end(), local.begin());
      if constexpr (Located<F>) formulas_.translate(local, location, -1);
      if constexpr (Factored<F>) {
        step.coefficients(k, location, c);
        formulas_.add_constants(local, c);
      } else {
        formulas_.expectation(local, theta, c);
      }
      formulas_.chi(local, H.rows(), q);
      chi_at(h, location, H.rows(), local_prior, p);
      for (std::size_t i = 0; i < c.size(); ++i) out[k] += (q[i] - p[i]) * c[i];
      out[k] += prior_log_partition - log_partition_of(H.row(k), step, k);
      if constexpr (Tied<F>) {
        const double others = 1 - 1 / static_cast<double>(H.rows());
        out[k] -= others * (prior_shared - formulas_.shared_log_partition(local, factor_of(step, k)));
      }
    }
  }
  Estimates sample(ConstMatrixView H, Random& random, MatrixView theta) const override {
    std::vector<Factor> factors(H.rows());
    return model_.make_parameters(theta, factors, [&](std::size_t k) -> std::optional<Reason> {
      if (const auto reason = improper(formulas_, H.row(k))) return reason;
      if constexpr (!Tied<F>) {
        formulas_.sample(H.row(k), random, theta.row(k));
      } else if (k == 0) {
        formulas_.sample_all(H, random, theta);
      }
      if (const auto reason = model_.unusable(theta.row(k), Factored<F>)) return reason;
      if constexpr (Factored<F>) return model_.family_.factorise(theta.row(k), factors[k]);
      return std::nullopt;
    });
  }
  void mean(ConstMatrixView H, MatrixView theta) const override {
    describe_posterior(H, theta, [&](std::size_t k) { formulas_.mean(H.row(k), theta.row(k)); });
  }
  void quantile(ConstMatrixView H, double level, MatrixView theta) const override {
    describe_posterior(H, theta, [&](std::size_t k) { formulas_.quantile(H.row(k), level, theta.row(k)); });
  }

 private:
  /// E[c] less c(theta), where theta is what h expects. They differ in constants alone, at any origin:
  /// about the location of theta, where nothing cancels.
  void write_expected_constants(ConstVectorView h, ConstVectorView theta, VectorView memory, VectorView c) const {
    const std::size_t part = memory.size() / 4;
    const auto of_theta = memory.part(0, model_.statistic_size());
    const auto local = memory.part(part, h.size());
    const auto local_theta = memory.part(2 * part, theta.size());
    std::copy(h.begin(), h.end(), local.begin());
    std::copy(theta.begin(), theta.end(), local_theta.begin());
    if constexpr (Located<F>) {
      const auto origin = memory.part(3 * part, model_.origin_size());
      model_.origin(theta, origin);
      formulas_.translate(local, origin, -1);
      model_.family_.translate(local_theta, origin, -1);
    }
    formulas_.expectation(local, local_theta, c);
    model_.family_.coefficients(local_theta, of_theta);
    for (std::size_t p = 0; p < c.size(); ++p) c[p] -= of_theta[p];
  }

  /// Calls describe(k) for each row of H that is proper; theta of the others is NaN.
  template <class Describe>
  void describe_posterior(ConstMatrixView H, MatrixView theta, Describe describe) const {
    for (std::size_t k = 0; k < H.rows(); ++k) {
      if (improper(formulas_, H.row(k))) {
        for (double& value : theta.row(k)) value = std::numeric_limits<double>::quiet_NaN();
      } else {
        describe(k);
      }
    }
  }

  /// chi of the hyperparameters as seen from the origin; `local` takes those.
  void chi_at(ConstVectorView h, [[maybe_unused]] ConstVectorView origin, std::size_t components, VectorView local,
              VectorView chi) const {
    std::copy(h.begin(), h.end(), local.begin());
    if constexpr (Located<F>) formulas_.translate(local, origin, -1);
    formulas_.chi(local, components, chi);
  }

  double log_partition_of(ConstVectorView h, [[maybe_unused]] const Step& step, [[maybe_unused]] std::size_t k) const {
    if constexpr (Factored<F>) {
      return formulas_.log_partition(h, factor_of(step, k));
    } else {
      return formulas_.log_partition(h).value_or(std::numeric_limits<double>::quiet_NaN());
    }
  }

  const FamilyModel& model_;
  [[no_unique_address]] typename F::Prior formulas_;
  Schema hyperparameters_;
};

}  // namespace mixfam::detail
