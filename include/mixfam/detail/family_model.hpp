#pragma once

#include <mixfam/family_concepts.hpp>

#include <mixfam/detail/matrix_product.hpp>
#include <mixfam/detail/observed_cells.hpp>
#include <mixfam/error.hpp>

#include <algorithm>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace mixfam::detail {

struct Nothing {};

template <class F>
struct FactorOf {
  using Type = Nothing;
};
template <Factored F>
struct FactorOf<F> {
  using Type = typename F::Factor;
};

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

/// What expectations over a posterior add to the constants among the coefficients of theta, P values for each of K
/// components, and what that comes to for a whole row. Empty for parameters that are known.
class ExpectedConstants {
 public:
  ExpectedConstants() = default;
  ExpectedConstants(std::size_t components, std::size_t size) : size_(size), values_(components * (size + 1)) {}

  bool empty() const { return values_.empty(); }
  VectorView constants(std::size_t k) { return VectorView(values_).part(k * (size_ + 1), size_); }
  ConstVectorView constants(std::size_t k) const { return ConstVectorView(values_).part(k * (size_ + 1), size_); }
  double& of_row(std::size_t k) { return values_[k * (size_ + 1) + size_]; }
  double of_row(std::size_t k) const { return values_[k * (size_ + 1) + size_]; }

 private:
  std::size_t size_ = 0;
  std::vector<double> values_;
};

/// The face of a family made of formulas: block operations are products with t(X), parameters move with the origin.
template <ExponentialFamily F>
class FamilyModel final : public Family {
  static_assert(
      HasPrior<F> || !requires { typename F::Prior; }, "F::Prior lacks some of PriorFormulas");

  using Factor = typename FactorOf<F>::Type;
  static constexpr bool can_hold_any =
      requires(const F& family, std::size_t field, ConstVectorView theta, VectorView s) {
    family.hold(field, theta, s);
  };

 public:
  explicit FamilyModel(F family) : family_(std::move(family)), parameters_(family_.parameters()), prior_(*this) {
    for (std::size_t j = 0; j < family_.columns(); ++j) supports_.push_back(family_.support(j));
  }

  std::string spec() const override { return family_.spec(); }
  std::size_t columns() const override { return family_.columns(); }
  const Schema& parameters() const override { return parameters_; }
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
    if constexpr (requires { family_.add_log_base(x, out); }) {
      if (x.missing) {
        add_log_base_of_observed(x, out);
      } else {
        family_.add_log_base(x, out);
      }
    }
  }

  bool reads_native(ElementType type) const override {
    if constexpr (requires { family_.reads_native(type); }) return family_.reads_native(type);
    return false;
  }

  void statistic(const Block& x, ConstVectorView origin, MatrixView T) const override {
    if (x.missing) {
      statistic_of(filled(x, origin).block(), origin, T);
      clear_missing(x, T);
    } else {
      statistic_of(x, origin, T);
    }
  }

  void accumulate(const Block& x, ConstMatrixView R, ConstMatrixView origins, MatrixView S,
                  Workspace& workspace) const override {
    if (x.missing) {
      accumulate_statistics(x, R, origins, S, workspace);
    } else if constexpr (requires { family_.accumulate(x, R, origins, S, workspace); }) {
      family_.accumulate(x, R, origins, S, workspace);
    } else {
      accumulate_statistics(x, R, origins, S, workspace);
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
      if (x.missing) {
        features_of_observed(x, out);
      } else {
        family_.features(x, out);
      }
    } else {
      for (std::size_t j = 0; j < columns(); ++j)
        for (std::size_t n = 0; n < x.rows; ++n) out(n, j) = x.column(j)[n];
    }
  }

  void origin(ConstVectorView theta, VectorView out) const override {
    if constexpr (Located<F>) family_.origin(theta, out);
  }
  void coefficients(ConstVectorView theta, ConstVectorView origin, VectorView c) const override {
    family_.coefficients(seen_from(origin, theta), c);
  }
  void mean_statistic(ConstVectorView theta, ConstVectorView origin, VectorView s) const override {
    family_.mean(seen_from(origin, theta), s);
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

  bool can_hold(const std::string& parameter) const override {
    return can_hold_any && parameters_.find(parameter).has_value();
  }
  void hold(const std::string& parameter, ConstVectorView theta, ConstVectorView origin, VectorView s) const override {
    if constexpr (can_hold_any) family_.hold(parameters_.find(parameter).value(), seen_from(origin, theta), s);
  }

  const ConjugatePrior* prior() const override {
    if constexpr (HasPrior<F>) {
      return &prior_;
    } else {
      return nullptr;
    }
  }

 private:
  /// The face of its conjugate prior: prior_model.hpp.
  class PriorModel;
  struct NoPrior {
    explicit NoPrior(const FamilyModel&) {}
  };
  using Prior = std::conditional_t<HasPrior<F>, PriorModel, NoPrior>;
  using Blocks = decltype(make_blocks(std::declval<const F&>(), ConstMatrixView(), ConstMatrixView(),
                                      std::declval<const std::vector<Factor>&>()));

  /// Parameters, or the factors of them, and what is made of them for blocks. Without a way of the family's own the
  /// E-step is a product L += t(X) C'.
  class ModelStep final : public Step {
   public:
    ModelStep(const FamilyModel& model, ConstMatrixView theta, std::vector<Factor> factors, ExpectedConstants expected)
        : Step(theta.rows(), model.origins_of(theta)),
          model_(model),
          factors_(std::move(factors)),
          expected_(std::move(expected)),
          blocks_(make_blocks(model.family_, theta, origins(), factors_)) {
      if constexpr (!Factored<F>) copy(theta, theta_);
      if constexpr (std::is_same_v<Blocks, Nothing>) make_products(false, products_);
    }

    const Factor& factor(std::size_t k) const { return factors_[k]; }

    Block prepare(const Block& x, Workspace::Frame& frame) const override {
      if constexpr (requires { blocks_.prepare(x, frame); })
        if (!x.missing) return blocks_.prepare(x, frame);
      if constexpr (completes_rows)
        if (x.missing) return blocks_.prepare_observed(x, frame);
      return x;
    }
    void add_log_density(const Block& x, MatrixView L, Workspace& workspace) const override {
      if (x.missing) {
        add_log_density_observed(x, L, workspace);
      } else if constexpr (!std::is_same_v<Blocks, Nothing>) {
        blocks_.add_log_density(x, L, workspace);
      } else {
        add_products(products_, x, L, workspace);
      }
    }
    void accumulate(const Block& x, ConstMatrixView R, MatrixView S, Workspace& workspace) const override {
      if constexpr (requires { blocks_.accumulate(x, R, S, workspace); }) {
        blocks_.accumulate(x, R, S, workspace);
      } else {
        model_.accumulate(x, R, origins(), S, workspace);
      }
    }
    double accumulate_observed(const Block& x, ConstMatrixView R, MatrixView S, [[maybe_unused]] Random* draws,
                               Workspace& workspace) const override {
      if constexpr (completes_rows) {
        return blocks_.accumulate_observed(x, R, S, draws, workspace);
      } else {
        model_.accumulate(x, R, origins(), S, workspace);
        return 0;
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
    double expectation_of_gaps(std::size_t k, ConstVectorView s, double count) const override {
      if (expected_.empty()) return 0;
      return dot(s.data(), expected_.constants(k).data(), s.size()) - count * expected_.of_row(k);
    }

   private:
    static constexpr bool completes_rows = requires(const Blocks& blocks, const Block& x, Workspace::Frame& frame) {
      blocks.prepare_observed(x, frame);
    };

    /// L += t(X) C', where what depends on a missing cell is 0 in t(X); of a posterior, C expects over it.
    void add_log_density_observed(const Block& x, MatrixView L, Workspace& workspace) const {
      if constexpr (completes_rows) {
        blocks_.add_log_density_observed(x, L, workspace);
        for (std::size_t n = 0; !expected_.empty() && n < x.rows; ++n)
          if (count_missing(x, n) == x.column_count)
            for (std::size_t k = 0; k < components(); ++k) L(n, k) -= expected_.of_row(k);
      } else {
        std::call_once(observed_made_, [&] { make_products(true, observed_products_); });
        add_products(observed_products_, x, L, workspace);
        for (std::size_t k = 0; !expected_.empty() && k < components(); ++k)
          for (double& value : L.column(k)) value -= expected_.of_row(k);
      }
    }
    void add_products(const std::vector<MatrixProduct>& products, const Block& x, MatrixView L,
                      Workspace& workspace) const {
      Workspace::Frame frame(workspace);
      StatisticColumns T(x.rows, model_.statistic_size(), frame);
      if constexpr (Located<F>) {
        for (std::size_t k = 0; k < components(); ++k) {
          model_.statistic(x, origins().row(k), T.view());
          products[k].add(T.block(), L.column_range(k, 1));
        }
      } else {
        model_.statistic(x, {}, T.view());
        products.front().add(T.block(), L);
      }
    }
    void make_products(bool expected, std::vector<MatrixProduct>& products) const {
      std::vector<double> values(components() * model_.statistic_size());
      const auto C = MatrixView::row_major(values.data(), components(), model_.statistic_size());
      for (std::size_t k = 0; k < components(); ++k) coefficients(k, origins().row(k), C.row(k));
      for (std::size_t k = 0; expected && !expected_.empty() && k < components(); ++k)
        for (std::size_t p = 0; p < C.columns(); ++p) C(k, p) += expected_.constants(k)[p];
      if constexpr (Located<F>) {
        for (std::size_t k = 0; k < components(); ++k) products.emplace_back(C.row_range(k, 1));
      } else {
        products.emplace_back(C);
      }
    }

    const FamilyModel& model_;
    std::vector<double> theta_;
    std::vector<Factor> factors_;
    ExpectedConstants expected_;
    Blocks blocks_;
    std::vector<MatrixProduct> products_;  // one for all components, or one for each where t depends on the origin
    mutable std::once_flag observed_made_;
    mutable std::vector<MatrixProduct> observed_products_;  // the same for rows with gaps
  };

  StepPtr make_step(ConstMatrixView theta, std::vector<Factor> factors, ExpectedConstants expected = {}) const {
    return std::make_shared<const ModelStep>(*this, theta, std::move(factors), std::move(expected));
  }

  // --- rows with gaps -----------------------------------------------------------------------------------------
  static constexpr bool lies_at_origin = Located<F> && !IndependentColumns<F>;

  /// The block with a value in each missing cell: the origin, where that is a place among the columns.
  FilledBlock filled(const Block& x, [[maybe_unused]] ConstVectorView origin) const {
    FilledBlock block(x, supports_);
    if constexpr (lies_at_origin)
      if (origin.size() == x.column_count)
        for (std::size_t j = 0; j < origin.size(); ++j)
          for_each_missing(x, j, [&](std::size_t n) { block.set(n, j, origin[j]); });
    return block;
  }
  void statistic_of(const Block& x, [[maybe_unused]] ConstVectorView origin, MatrixView T) const {
    if constexpr (Located<F>) {
      family_.statistic(x, origin, T);
    } else {
      family_.statistic(x, T);
    }
  }
  /// Takes out of t what depends on missing cells. A family whose columns go together keeps a row that is partly there,
  /// if it can.
  void clear_missing(const Block& x, MatrixView T) const {
    if constexpr (IndependentColumns<F>) {
      for (std::size_t j = 0; j < x.column_count; ++j) {
        const StatisticRange range = family_.statistic_range(j);
        for_each_missing(x, j, [&](std::size_t n) { clear(T, n, range); });
      }
    } else {
      for (std::size_t n = 0; n < x.rows; ++n) {
        const std::size_t missing = count_missing(x, n);
        if (missing == x.column_count) clear(T, n, {0, T.columns()});
        if (missing > 0 && missing < x.column_count && !lies_at_origin) refuse_partial_row();
      }
    }
  }
  static void clear(MatrixView T, std::size_t n, StatisticRange range) {
    for (std::size_t p = range.first; p < range.first + range.size; ++p) T(n, p) = 0;
  }
  [[noreturn]] void refuse_partial_row() const {
    throw Error(ErrorKind::usage,
                "'" + family_.spec() + "' has no density of a part of its columns: rows must have all of them or none");
  }
  void add_log_base_of_observed(const Block& x, VectorView out) const {
    const FilledBlock block(x, supports_);
    std::vector<double> log_h(x.rows);
    if constexpr (requires { family_.add_log_base(x, std::size_t{}, out); }) {
      for (std::size_t j = 0; j < x.column_count; ++j) {
        std::fill(log_h.begin(), log_h.end(), 0.0);
        family_.add_log_base(block.block(), j, log_h);
        for_each_missing(x, j, [&](std::size_t n) { log_h[n] = 0; });
        for (std::size_t n = 0; n < x.rows; ++n) out[n] += log_h[n];
      }
    } else {
      family_.add_log_base(block.block(), log_h);
      for (std::size_t n = 0; n < x.rows; ++n)
        if (const std::size_t missing = count_missing(x, n); lies_at_origin ? missing < x.column_count : missing == 0)
          out[n] += log_h[n];
    }
  }
  void features_of_observed(const Block& x, MatrixView out) const requires requires(const F& f) { f.features(x, out); }
  {
    family_.features(FilledBlock(x, supports_).block(), out);
    for (std::size_t j = 0; j < x.column_count; ++j)
      for_each_missing(x, j, [&](std::size_t n) { hide_features(out, n, j); });
  }
  /// Of column j of a row.
  void hide_features(MatrixView out, std::size_t n, std::size_t j) const {
    StatisticRange range{0, feature_size()};
    if constexpr (requires { family_.feature_range(j); }) {
      range = family_.feature_range(j);
    } else if (feature_size() == columns()) {
      range = {j, 1};
    }
    for (std::size_t i = range.first; i < range.first + range.size; ++i)
      out(n, i) = std::numeric_limits<double>::quiet_NaN();
  }
  void accumulate_statistics(const Block& x, ConstMatrixView R, [[maybe_unused]] ConstMatrixView origins, MatrixView S,
                             Workspace& workspace) const {
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
  std::optional<Reason> most_likely(ConstVectorView s, VectorView theta, [[maybe_unused]] Factor& factor) const {
    if constexpr (Factored<F>) {
      return family_.mle(s, theta, factor);
    } else {
      return family_.mle(s, theta);
    }
  }

  /// Calls make(k), which fills theta and its factor or says why there is none, for each component.
  template <class Make>
  Estimates make_parameters(ConstMatrixView theta, std::vector<Factor>& factors, Make make,
                            ExpectedConstants* expected = nullptr) const {
    Estimates result;
    for (std::size_t k = 0; k < theta.rows(); ++k)
      if (std::optional<Reason> reason = make(k)) result.degenerate.push_back({k, std::move(*reason)});
    if (result.degenerate.empty())
      result.step = make_step(theta, std::move(factors), expected ? std::move(*expected) : ExpectedConstants());
    return result;
  }

  /// Why no E-step can use theta, if so; but for its factorisation where that is another matter.
  std::optional<Reason> unusable(ConstVectorView theta, bool factorised) const {
    if constexpr (Located<F>)
      if (std::optional<Reason> reason = family_.collapse(theta)) return reason;
    if (auto reason = parameters_.check(theta, factorised)) return Reason(std::move(*reason));
    return std::nullopt;
  }

  /// theta as seen from the origin.
  auto seen_from([[maybe_unused]] ConstVectorView origin, ConstVectorView theta) const {
    if constexpr (Located<F>) {
      std::vector<double> result(theta.begin(), theta.end());
      family_.translate(result, origin, -1);
      return result;
    } else {
      return theta;
    }
  }

  static MatrixView copy(ConstMatrixView A, std::vector<double>& buffer) {
    buffer.resize(A.rows() * A.columns());
    const auto result = MatrixView::row_major(buffer.data(), A.rows(), A.columns());
    for (std::size_t i = 0; i < A.rows(); ++i)
      for (std::size_t j = 0; j < A.columns(); ++j) result(i, j) = A(i, j);
    return result;
  }

  F family_;
  Schema parameters_;
  std::vector<Support> supports_;
  [[no_unique_address]] Prior prior_;
};

}  // namespace mixfam::detail
