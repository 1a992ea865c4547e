#pragma once

#include <mixfam/exponential_family.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace mixfam {

namespace detail {

/// The values that a schema has in one column: few, and then without an allocation.
class ColumnValues {
 public:
  explicit ColumnValues(std::size_t size) : size_(size), many_(size > few_.size() ? size : 0) {}
  double* data() { return size_ > few_.size() ? many_.data() : few_.data(); }
  const double* data() const { return size_ > few_.size() ? many_.data() : few_.data(); }
  std::size_t size() const { return size_; }

 private:
  std::size_t size_;
  std::array<double, 8> few_ = {};
  std::vector<double> many_;
};

/// A schema of one column, repeated for D columns: each field gets a leading axis of D.
class ColumnwiseLayout {
 public:
  ColumnwiseLayout(Schema single, std::size_t columns) : single_(std::move(single)), columns_(columns) {}

  Schema schema() const {
    std::vector<Field> fields = single_.fields();
    for (Field& field : fields) {
      field.shape.insert(field.shape.begin(), columns_);
      field.dimension *= columns_;
    }
    return fields;
  }

  /// Room for one column.
  ColumnValues blank() const { return ColumnValues(single_.size()); }
  ColumnValues column(ConstVectorView all, std::size_t j) const {
    ColumnValues one = blank();
    for_each_run(j, [&](std::size_t at, std::size_t to, std::size_t size) {
      std::copy_n(all.data() + at, size, one.data() + to);
    });
    return one;
  }
  void set_column(VectorView all, std::size_t j, ConstVectorView one) const {
    for_each_run(j, [&](std::size_t at, std::size_t from, std::size_t size) {
      for (std::size_t i = 0; i < size; ++i) all[at + i] = one[from + i];
    });
  }

 private:
  template <class Visit>
  void for_each_run(std::size_t j, Visit visit) const {
    for (std::size_t f = 0; f < single_.fields().size(); ++f) {
      const std::size_t size = single_.fields()[f].size();
      visit(single_.offset(f) * columns_ + j * size, single_.offset(f), size);
    }
  }

  Schema single_;
  std::size_t columns_;
};

/// What the family of one column says of column j.
inline Reason at_column(Reason reason, std::size_t column, std::size_t columns) {
  if (reason.constant.empty() && columns > 1) reason.column = column;
  for (auto& combination : reason.constant)
    for (ColumnTerm& term : combination) term.column = column;
  return reason;
}

inline std::string name_column(const std::string& reason, std::size_t column, std::size_t columns) {
  return columns == 1 ? reason : "column " + std::to_string(column) + ": " + reason;
}

}  // namespace detail

/// The prior of D independent columns, each with the prior of the family of one column.
template <PriorFormulas P>
class ColumnwisePrior {
 public:
  ColumnwisePrior(P single, const Schema& parameters, std::size_t statistic_size, std::size_t columns)
      : single_(std::move(single)),
        size_(statistic_size),
        columns_(columns),
        layout_(single_.hyperparameters(), columns),
        parameters_(parameters, columns) {}

  Schema hyperparameters() const { return layout_.schema(); }

  void flat(VectorView h) const {
    auto one = layout_.blank();
    single_.flat(one);
    for (std::size_t j = 0; j < columns_; ++j) layout_.set_column(h, j, one);
  }
  void standard(ConstVectorView s, std::size_t components, VectorView h) const {
    auto one = layout_.blank();
    for (std::size_t j = 0; j < columns_; ++j) {
      single_.standard(s.part(j * size_, size_), components, one);
      layout_.set_column(h, j, one);
    }
  }
  void chi(ConstVectorView h, std::size_t components, VectorView out) const {
    for (std::size_t j = 0; j < columns_; ++j)
      single_.chi(layout_.column(h, j), components, out.part(j * size_, size_));
  }
  void from_chi(ConstVectorView chi, VectorView h) const {
    auto one = layout_.blank();
    for (std::size_t j = 0; j < columns_; ++j) {
      single_.from_chi(chi.part(j * size_, size_), one);
      layout_.set_column(h, j, one);
    }
  }
  std::optional<double> log_partition(ConstVectorView h) const {
    double sum = 0;
    for (std::size_t j = 0; j < columns_; ++j) {
      const std::optional<double> one = single_.log_partition(layout_.column(h, j));
      if (!one) return std::nullopt;
      sum += *one;
    }
    return sum;
  }
  double expectation(ConstVectorView h, VectorView theta, VectorView c) const {
    double log_scale = 0;
    auto one = parameters_.blank();
    for (std::size_t j = 0; j < columns_; ++j) {
      log_scale += single_.expectation(layout_.column(h, j), one, c.part(j * size_, size_));
      parameters_.set_column(theta, j, one);
    }
    return log_scale;
  }
  void sample(ConstVectorView h, Random& random, VectorView theta) const {
    for_each_column(h, theta, [&](ConstVectorView one, VectorView out) { single_.sample(one, random, out); });
  }
  void mean(ConstVectorView h, VectorView theta) const {
    for_each_column(h, theta, [&](ConstVectorView one, VectorView out) { single_.mean(one, out); });
  }
  void quantile(ConstVectorView h, double level, VectorView theta) const {
    for_each_column(h, theta, [&](ConstVectorView one, VectorView out) { single_.quantile(one, level, out); });
  }
  void translate(VectorView h, ConstVectorView by, double sign) const requires requires(const P& p) {
    p.translate(h, by, sign);
  }
  {
    const std::size_t size = by.size() / columns_;
    for (std::size_t j = 0; j < columns_; ++j) {
      auto one = layout_.column(h, j);
      single_.translate(one, by.part(j * size, size), sign);
      layout_.set_column(h, j, one);
    }
  }
  void make_proper(ConstVectorView s, VectorView h) const requires requires(const P& p) { p.make_proper(s, h); }
  {
    for (std::size_t j = 0; j < columns_; ++j) {
      auto one = layout_.column(h, j);
      single_.make_proper(s.part(j * size_, size_), one);
      layout_.set_column(h, j, one);
    }
  }
  std::optional<Reason> improper(ConstVectorView h) const {
    for (std::size_t j = 0; j < columns_; ++j)
      if (const auto reason = detail::improper(single_, layout_.column(h, j)))
        return detail::at_column(*reason, j, columns_);
    return std::nullopt;
  }
  std::optional<std::string> check(ConstVectorView h) const {
    for (std::size_t j = 0; j < columns_; ++j)
      if (const auto reason = single_.check(layout_.column(h, j))) return detail::name_column(*reason, j, columns_);
    return std::nullopt;
  }

 private:
  template <class Visit>
  void for_each_column(ConstVectorView h, VectorView theta, Visit visit) const {
    auto one = parameters_.blank();
    for (std::size_t j = 0; j < columns_; ++j) {
      visit(layout_.column(h, j), one);
      parameters_.set_column(theta, j, one);
    }
  }

  P single_;
  std::size_t size_;
  std::size_t columns_;
  detail::ColumnwiseLayout layout_;
  detail::ColumnwiseLayout parameters_;
};

namespace detail {

/// Names the prior of D columns where one column has a prior.
template <class F>
struct ColumnwisePriorOf {};
template <HasPrior F>
struct ColumnwisePriorOf<F> {
  using Prior = ColumnwisePrior<typename F::Prior>;
};

}  // namespace detail

/// D independent columns of one family of a single column: p(x | theta) = prod_j p(x_j | theta_j).
/// Each column keeps its own leading 1 in t, so that a column with fewer observations has its own count.
template <ExponentialFamily F>
class Columnwise : public detail::ColumnwisePriorOf<F> {
 public:
  Columnwise(F single, std::size_t columns)
      : single_(std::move(single)), columns_(columns), layout_(single_.parameters(), columns) {}

  std::string spec() const { return single_.spec(); }
  std::size_t columns() const { return columns_; }
  std::size_t statistic_size() const { return columns_ * single_.statistic_size(); }
  Schema parameters() const { return layout_.schema(); }
  Support support(std::size_t) const { return single_.support(0); }

  void statistic(const Block& x, MatrixView T) const requires requires(const F& f) { f.statistic(x, T); }
  {
    const std::size_t size = single_.statistic_size();
    for (std::size_t j = 0; j < columns_; ++j) single_.statistic(column(x, j), T.column_range(j * size, size));
  }
  /// Where t_j begins and how many values it has.
  StatisticRange statistic_range(std::size_t j) const {
    return {j * single_.statistic_size(), single_.statistic_size()};
  }
  /// Of column j alone.
  void add_log_base(const Block& x, std::size_t j, VectorView out) const requires requires(const F& f) {
    f.add_log_base(x, out);
  }
  { single_.add_log_base(column(x, j), out); }
  void add_log_base(const Block& x, VectorView out) const requires requires(const F& f) { f.add_log_base(x, out); }
  {
    for (std::size_t j = 0; j < columns_; ++j) add_log_base(x, j, out);
  }
  void coefficients(ConstVectorView theta, VectorView c) const {
    const std::size_t size = single_.statistic_size();
    for (std::size_t j = 0; j < columns_; ++j) single_.coefficients(layout_.column(theta, j), c.part(j * size, size));
  }
  void mean(ConstVectorView theta, VectorView s) const {
    const std::size_t size = single_.statistic_size();
    for (std::size_t j = 0; j < columns_; ++j) single_.mean(layout_.column(theta, j), s.part(j * size, size));
  }
  std::optional<Reason> mle(ConstVectorView s, VectorView theta) const {
    const std::size_t size = single_.statistic_size();
    auto one = layout_.blank();
    for (std::size_t j = 0; j < columns_; ++j) {
      if (const std::optional<Reason> reason = single_.mle(s.part(j * size, size), one))
        return detail::at_column(*reason, j, columns_);
      layout_.set_column(theta, j, one);
    }
    return std::nullopt;
  }
  void hold(std::size_t field, ConstVectorView theta, VectorView s) const requires requires(const F& f) {
    f.hold(field, theta, s);
  }
  {
    const std::size_t size = single_.statistic_size();
    for (std::size_t j = 0; j < columns_; ++j) single_.hold(field, layout_.column(theta, j), s.part(j * size, size));
  }
  void sample(ConstVectorView theta, Random& random, VectorView x) const {
    for (std::size_t j = 0; j < columns_; ++j) single_.sample(layout_.column(theta, j), random, x.part(j, 1));
  }

  void statistic(const Block& x, ConstVectorView origin, MatrixView T) const requires Located<F> {
    const std::size_t size = single_.statistic_size();
    for (std::size_t j = 0; j < columns_; ++j)
      single_.statistic(column(x, j), origin.part(j, 1), T.column_range(j * size, size));
  }
  std::size_t origin_size() const requires Located<F> { return columns_; }
  void origin_at(const Block& x, VectorView origin) const requires Located<F> {
    for (std::size_t j = 0; j < columns_; ++j) single_.origin_at(column(x, j), origin.part(j, 1));
  }
  void origin(ConstVectorView theta, VectorView out) const requires Located<F> {
    for (std::size_t j = 0; j < columns_; ++j) single_.origin(layout_.column(theta, j), out.part(j, 1));
  }
  void translate(VectorView theta, ConstVectorView by, double sign) const requires Located<F> {
    for (std::size_t j = 0; j < columns_; ++j) {
      auto one = layout_.column(theta, j);
      single_.translate(one, by.part(j, 1), sign);
      layout_.set_column(theta, j, one);
    }
  }
  void recentre(VectorView s, ConstVectorView by) const requires Located<F> {
    const std::size_t size = single_.statistic_size();
    for (std::size_t j = 0; j < columns_; ++j) single_.recentre(s.part(j * size, size), by.part(j, 1));
  }
  std::optional<Reason> collapse(ConstVectorView theta) const requires Located<F> {
    for (std::size_t j = 0; j < columns_; ++j)
      if (const std::optional<Reason> reason = single_.collapse(layout_.column(theta, j)))
        return detail::at_column(*reason, j, columns_);
    return std::nullopt;
  }

  auto prior() const requires HasPrior<F> {
    return ColumnwisePrior<typename F::Prior>(single_.prior(), single_.parameters(), single_.statistic_size(),
                                              columns_);
  }

 private:
  static Block column(const Block& x, std::size_t j) { return {x.columns + j, 1, x.rows}; }

  F single_;
  std::size_t columns_;
  detail::ColumnwiseLayout layout_;
};

/// D independent columns of a family of one column, behind the face of a family.
template <ExponentialFamily F>
FamilyPtr make_columnwise_family(F single, std::size_t columns) {
  return make_family(Columnwise<F>(std::move(single), columns));
}

}  // namespace mixfam
