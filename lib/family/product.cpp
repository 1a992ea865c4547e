#include <mixfam/error.hpp>
#include <mixfam/product.hpp>

#include "family/require_family.hpp"
#include "numerics/plural.hpp"

#include <algorithm>
#include <map>

namespace mixfam {

namespace {

/// Where a factor's share of every concatenated vector begins.
struct Part {
  FamilyPtr family;
  std::vector<std::size_t> columns;
  std::string name;
  std::size_t parameter = 0;
  std::size_t hyperparameter = 0;  ///< where all factors have a prior
  std::size_t statistic = 0;
  std::size_t origin = 0;
  std::size_t feature = 0;

  /// The columns of a block that the factor models, and of their gaps. The pointers are those of the result.
  Block select_columns(const Block& x, const double** pointers, const unsigned char** missing) const {
    Block result{pointers, columns.size(), x.rows};
    for (std::size_t i = 0; i < columns.size(); ++i) pointers[i] = x.column(columns[i]);
    for (std::size_t i = 0; x.missing && i < columns.size(); ++i) {
      missing[i] = x.missing[columns[i]];
      if (missing[i]) result.missing = missing;
    }
    return result;
  }
  Block select_columns(const Block& x, Workspace::Frame& frame) const {
    return select_columns(x, frame.take<const double*>(columns.size()),
                          frame.take<const unsigned char*>(columns.size()));
  }

  /// Adds what the factor found, with its name and the numbers that its columns have here.
  void report(std::vector<Degeneracy> found, std::vector<Degeneracy>& degenerate) const {
    for (Degeneracy& one : found) {
      one.reason.text = name + ": " + one.reason.text;
      if (one.reason.column) one.reason.column = columns[*one.reason.column];
      for (auto& combination : one.reason.constant)
        for (ColumnTerm& term : combination) term.column = columns[term.column];
      degenerate.push_back(std::move(one));
    }
  }

  template <class View>
  View parameters(View theta) const {
    return select(theta, parameter, family->parameters().size());
  }
  /// Only where the factor has one.
  const ConjugatePrior& prior() const { return *family->prior(); }
  template <class View>
  View hyperparameters(View h) const {
    return select(h, hyperparameter, prior().hyperparameters().size());
  }
  template <class View>
  View statistics(View S) const {
    return select(S, statistic, family->statistic_size());
  }
  template <class View>
  View origins(View o) const {
    return select(o, origin, family->origin_size());
  }
  template <class View>
  View features(View F) const {
    return select(F, feature, family->feature_size());
  }

 private:
  template <class T>
  static BasicVectorView<T> select(BasicVectorView<T> all, std::size_t first, std::size_t count) {
    return all.part(first, count);
  }
  template <class T>
  static BasicMatrixView<T> select(BasicMatrixView<T> all, std::size_t first, std::size_t count) {
    return all.column_range(first, count);
  }
};

/// The fields of schema(part) of all factors, under the names and at the columns that they have in the product.
template <class SchemaOf>
Schema joined(const std::vector<Part>& parts, SchemaOf schema) {
  std::vector<Field> fields;
  for (const Part& part : parts)
    for (Field field : schema(part).fields()) {
      field.name = part.name + "/" + field.name;
      if (field.columns.empty()) {
        field.columns = part.columns;
      } else {  // those of a product among the columns of this factor
        for (std::size_t& column : field.columns) column = part.columns[column];
      }
      fields.push_back(std::move(field));
    }
  return fields;
}

/// The steps of the factors side by side. A prepared block has one for each of them.
class ProductStep final : public Step {
 public:
  ProductStep(const std::vector<Part>& parts, std::vector<StepPtr> steps)
      : Step(steps.front()->components(), joined_origins(parts, steps)), parts_(parts), steps_(std::move(steps)) {}

  const Step& of_factor(std::size_t f) const { return *steps_[f]; }

  Block prepare(const Block& x, Workspace::Frame& frame) const override {
    auto* blocks = frame.take<Block>(steps_.size());
    for (std::size_t f = 0; f < steps_.size(); ++f) {
      blocks[f] = steps_[f]->prepare(parts_[f].select_columns(x, frame), frame);
    }
    return {nullptr, 0, x.rows, {}, blocks, x.missing};
  }
  void add_log_density(const Block& x, MatrixView L, Workspace& workspace) const override {
    for (std::size_t f = 0; f < steps_.size(); ++f) steps_[f]->add_log_density(x.of_factors[f], L, workspace);
  }
  void accumulate(const Block& x, ConstMatrixView R, MatrixView S, Workspace& workspace) const override {
    for (std::size_t f = 0; f < steps_.size(); ++f)
      steps_[f]->accumulate(x.of_factors[f], R, parts_[f].statistics(S), workspace);
  }
  double accumulate_observed(const Block& x, ConstMatrixView R, MatrixView S, Random* draws,
                             Workspace& workspace) const override {
    double entropy = 0;
    for (std::size_t f = 0; f < steps_.size(); ++f) {
      const Block& own = x.of_factors[f];
      const auto sums = parts_[f].statistics(S);
      if (own.missing) {
        entropy += steps_[f]->accumulate_observed(own, R, sums, draws, workspace);
      } else {
        steps_[f]->accumulate(own, R, sums, workspace);
      }
    }
    return entropy;
  }
  void coefficients(std::size_t k, ConstVectorView origin, VectorView c) const override {
    for (std::size_t f = 0; f < steps_.size(); ++f)
      steps_[f]->coefficients(k, parts_[f].origins(origin), parts_[f].statistics(c));
  }
  double expectation_of_gaps(std::size_t k, ConstVectorView s, double count) const override {
    double sum = 0;
    for (std::size_t f = 0; f < steps_.size(); ++f)
      sum += steps_[f]->expectation_of_gaps(k, parts_[f].statistics(s), count);
    return sum;
  }

 private:
  static std::vector<double> joined_origins(const std::vector<Part>& parts, const std::vector<StepPtr>& steps) {
    std::vector<double> origins;
    for (std::size_t k = 0; k < steps.front()->components(); ++k)
      for (std::size_t f = 0; f < parts.size(); ++f) {
        const auto own = steps[f]->origins().row(k);
        origins.insert(origins.end(), own.begin(), own.end());
      }
    return origins;
  }

  const std::vector<Part>& parts_;
  std::vector<StepPtr> steps_;
};

/// What each factor makes, together.
template <class Make>
Estimates estimate(const std::vector<Part>& parts, Make make) {
  Estimates result;
  std::vector<StepPtr> steps;
  for (const Part& part : parts) {
    Estimates own = make(part);
    part.report(std::move(own.degenerate), result.degenerate);
    steps.push_back(std::move(own.step));
  }
  if (result.degenerate.empty()) result.step = std::make_shared<const ProductStep>(parts, std::move(steps));
  return result;
}

/// The priors of the factors, which all have one, side by side.
class ProductPrior final : public ConjugatePrior {
 public:
  explicit ProductPrior(const std::vector<Part>& parts)
      : parts_(parts),
        hyperparameters_(
            joined(parts, [](const Part& part) -> const Schema& { return part.prior().hyperparameters(); })) {}

  const Schema& hyperparameters() const override { return hyperparameters_; }
  void flat(VectorView h) const override {
    for (const Part& part : parts_) part.prior().flat(part.hyperparameters(h));
  }
  void standard(ConstVectorView s, ConstVectorView origin, std::size_t components, VectorView h) const override {
    for (const Part& part : parts_)
      part.prior().standard(part.statistics(s), part.origins(origin), components, part.hyperparameters(h));
  }
  std::optional<std::string> check(ConstVectorView h) const override {
    for (const Part& part : parts_)
      if (const auto reason = part.prior().check(part.hyperparameters(h))) return part.name + ": " + *reason;
    return std::nullopt;
  }
  void add_chi(ConstVectorView h, ConstMatrixView origins, MatrixView S) const override {
    for (const Part& part : parts_)
      part.prior().add_chi(part.hyperparameters(h), part.origins(origins), part.statistics(S));
  }
  double log_density(ConstVectorView h, const Step& step) const override {
    double sum = 0;
    for (std::size_t f = 0; f < parts_.size(); ++f)
      sum += parts_[f].prior().log_density(parts_[f].hyperparameters(h), step_of_factor(step, f));
    return sum;
  }

  void from_chi(ConstMatrixView S, ConstMatrixView origins, MatrixView H) const override {
    for (const Part& part : parts_)
      part.prior().from_chi(part.statistics(S), part.origins(origins), part.hyperparameters(H));
  }
  std::optional<double> log_partition(ConstMatrixView H) const override {
    double sum = 0;
    for (const Part& part : parts_) {
      const auto one = part.prior().log_partition(part.hyperparameters(H));
      if (!one) return std::nullopt;
      sum += *one;
    }
    return sum;
  }
  Estimates expectation(ConstMatrixView H, MatrixView theta, VectorView log_scale) const override {
    std::vector<double> share(log_scale.size());
    for (double& value : log_scale) value = 0;
    return estimate(parts_, [&](const Part& part) {
      Estimates result = part.prior().expectation(part.hyperparameters(H), part.parameters(theta), share);
      for (std::size_t k = 0; k < share.size(); ++k) log_scale[k] += share[k];
      return result;
    });
  }
  void add_kl(ConstMatrixView H, ConstVectorView h, const Step& step, VectorView out) const override {
    for (std::size_t f = 0; f < parts_.size(); ++f)
      parts_[f].prior().add_kl(parts_[f].hyperparameters(H), parts_[f].hyperparameters(h), step_of_factor(step, f),
                               out);
  }
  Estimates sample(ConstMatrixView H, Random& random, MatrixView theta) const override {
    return estimate(parts_, [&](const Part& part) {
      return part.prior().sample(part.hyperparameters(H), random, part.parameters(theta));
    });
  }
  void mean(ConstMatrixView H, MatrixView theta) const override {
    for (const Part& part : parts_) part.prior().mean(part.hyperparameters(H), part.parameters(theta));
  }
  void quantile(ConstMatrixView H, double level, MatrixView theta) const override {
    for (const Part& part : parts_) part.prior().quantile(part.hyperparameters(H), level, part.parameters(theta));
  }

 private:
  /// The step of factor f within one of the product.
  static const Step& step_of_factor(const Step& step, std::size_t f) {
    return static_cast<const ProductStep&>(step).of_factor(f);
  }

  const std::vector<Part>& parts_;
  Schema hyperparameters_;
};

class Product final : public Family {
 public:
  explicit Product(std::vector<Factor> factors) {
    std::map<std::string, int> seen;
    for (Factor& factor : factors) {
      std::string name = factor.family->name();
      if (const int count = ++seen[name]; count > 1) name += "_" + std::to_string(count);
      Part part{std::move(factor.family), std::move(factor.columns), std::move(name)};
      part.parameter = parameter_size_;
      part.hyperparameter = hyperparameter_size_;
      part.statistic = statistic_size_;
      part.origin = origin_size_;
      part.feature = feature_size_;
      parameter_size_ += part.family->parameters().size();
      if (part.family->prior()) hyperparameter_size_ += part.prior().hyperparameters().size();
      statistic_size_ += part.family->statistic_size();
      origin_size_ += part.family->origin_size();
      feature_size_ += part.family->feature_size();
      columns_ += part.columns.size();
      parts_.push_back(std::move(part));
    }
    parameters_ = joined(parts_, [](const Part& part) -> const Schema& { return part.family->parameters(); });
    if (std::all_of(parts_.begin(), parts_.end(), [](const Part& part) { return part.family->prior() != nullptr; }))
      prior_.emplace(parts_);
    factors_.resize(columns_);
    for (const Part& part : parts_)
      for (std::size_t j = 0; j < part.columns.size(); ++j) factors_[part.columns[j]] = {part.family.get(), j};
  }

  std::string name() const override { return "product"; }
  std::string spec() const override {
    std::string text;
    for (const Part& part : parts_) {
      const std::string factor = part.family->spec();
      const bool nested = dynamic_cast<const Product*>(part.family.get()) != nullptr;
      text += (text.empty() ? "" : " * ") + (nested ? "(" + factor + ")" : factor) + "(";
      for (std::size_t j = 0; j < part.columns.size(); ++j)
        text += (j == 0 ? "" : ",") + std::to_string(part.columns[j]);
      text += ")";
    }
    return text;
  }
  bool can_hold(const std::string& parameter) const override {
    const Part* part = part_of(parameter);
    return part != nullptr && part->family->can_hold(parameter.substr(part->name.size() + 1));
  }
  void hold(const std::string& parameter, ConstVectorView theta, ConstVectorView origin, VectorView s) const override {
    if (const Part* part = part_of(parameter))
      part->family->hold(parameter.substr(part->name.size() + 1), part->parameters(theta), part->origins(origin),
                         part->statistics(s));
  }
  std::size_t columns() const override { return columns_; }
  const Schema& parameters() const override { return parameters_; }
  const ConjugatePrior* prior() const override { return prior_ ? &*prior_ : nullptr; }
  std::size_t statistic_size() const override { return statistic_size_; }
  std::size_t origin_size() const override { return origin_size_; }
  std::size_t feature_size() const override { return feature_size_; }
  std::size_t free_parameters(std::size_t components) const override {
    std::size_t sum = 0;
    for (const Part& part : parts_) sum += part.family->free_parameters(components);
    return sum;
  }
  const Support& support(std::size_t column) const override {
    return factors_[column].family->support(factors_[column].column);
  }
  const Family& factor_of(std::size_t column) const override {
    return factors_[column].family->factor_of(factors_[column].column);
  }

  void add_log_base(const Block& x, VectorView out) const override {
    for_each(x, [&](const Part& part, const Block& block) { part.family->add_log_base(block, out); });
  }
  void statistic(const Block& x, ConstVectorView origin, MatrixView T) const override {
    for_each(x, [&](const Part& part, const Block& block) {
      part.family->statistic(block, part.origins(origin), part.statistics(T));
    });
  }
  void accumulate(const Block& x, ConstMatrixView R, ConstMatrixView origins, MatrixView S,
                  Workspace& workspace) const override {
    for (const Part& part : parts_) {
      Workspace::Frame frame(workspace);
      part.family->accumulate(part.select_columns(x, frame), R, part.origins(origins), part.statistics(S), workspace);
    }
  }
  StepPtr step(ConstMatrixView theta) const override {
    std::vector<StepPtr> steps;
    for (const Part& part : parts_) steps.push_back(part.family->step(part.parameters(theta)));
    return std::make_shared<const ProductStep>(parts_, std::move(steps));
  }
  void origin_at(const Block& x, VectorView origin) const override {
    for_each(x, [&](const Part& part, const Block& block) { part.family->origin_at(block, part.origins(origin)); });
  }
  void features(const Block& x, MatrixView F) const override {
    for_each(x, [&](const Part& part, const Block& block) { part.family->features(block, part.features(F)); });
  }

  void origin(ConstVectorView theta, VectorView out) const override {
    for (const Part& part : parts_) part.family->origin(part.parameters(theta), part.origins(out));
  }
  void coefficients(ConstVectorView theta, ConstVectorView origin, VectorView c) const override {
    for (const Part& part : parts_)
      part.family->coefficients(part.parameters(theta), part.origins(origin), part.statistics(c));
  }
  void mean_statistic(ConstVectorView theta, ConstVectorView origin, VectorView s) const override {
    for (const Part& part : parts_)
      part.family->mean_statistic(part.parameters(theta), part.origins(origin), part.statistics(s));
  }
  void recentre(ConstVectorView from, ConstVectorView to, VectorView s) const override {
    for (const Part& part : parts_) part.family->recentre(part.origins(from), part.origins(to), part.statistics(s));
  }
  Sampler sampler(ConstVectorView theta) const override {
    std::vector<Sampler> samplers;
    for (const Part& part : parts_) samplers.push_back(part.family->sampler(part.parameters(theta)));
    return [this, samplers = std::move(samplers)](Random& random, VectorView x) {
      std::vector<double> values;
      for (std::size_t i = 0; i < parts_.size(); ++i) {
        const Part& part = parts_[i];
        values.resize(part.columns.size());
        samplers[i](random, values);
        for (std::size_t j = 0; j < values.size(); ++j) x[part.columns[j]] = values[j];
      }
    };
  }

  Estimates mle(ConstMatrixView S, ConstMatrixView origins, MatrixView theta) const override {
    return estimate(parts_, [&](const Part& part) {
      return part.family->mle(part.statistics(S), part.origins(origins), part.parameters(theta));
    });
  }

 private:
  /// The factor that has a parameter; null where none has.
  const Part* part_of(const std::string& parameter) const {
    for (const Part& part : parts_)
      if (parameter.rfind(part.name + "/", 0) == 0) return &part;
    return nullptr;
  }

  /// The factor of a column, and which of its columns that is.
  struct Place {
    const Family* family;
    std::size_t column;
  };

  template <class Visit>
  void for_each(const Block& x, Visit visit) const {
    for (const Part& part : parts_) {
      std::vector<const double*> columns(part.columns.size());
      std::vector<const unsigned char*> missing(part.columns.size());
      visit(part, part.select_columns(x, columns.data(), missing.data()));
    }
  }

  std::vector<Part> parts_;
  std::size_t columns_ = 0;
  std::size_t parameter_size_ = 0;
  std::size_t hyperparameter_size_ = 0;
  std::size_t statistic_size_ = 0;
  std::size_t origin_size_ = 0;
  std::size_t feature_size_ = 0;
  Schema parameters_;
  std::vector<Place> factors_;
  std::optional<ProductPrior> prior_;
};

}  // namespace

FamilyPtr make_product(std::vector<Factor> factors) {
  std::size_t columns = 0;
  for (const Factor& factor : factors) {
    require(factor.family);
    if (factor.columns.size() != factor.family->columns())
      throw Error(ErrorKind::usage, "product: '" + factor.family->spec() + "' models " +
                                        plural(factor.family->columns(), "column") + ", but " +
                                        std::to_string(factor.columns.size()) +
                                        (factor.columns.size() == 1 ? " is given" : " are given"));
    columns += factor.columns.size();
  }
  std::vector<bool> used(columns);
  for (const Factor& factor : factors)
    for (const std::size_t column : factor.columns) {
      if (column >= columns || used[column])
        throw Error(ErrorKind::usage,
                    "product: column " + std::to_string(column) +
                        (column < columns ? " is used twice" : " is beyond the columns of all factors"));
      used[column] = true;
    }
  if (columns == 0) throw Error(ErrorKind::usage, "product: no factors");
  return std::make_shared<const Product>(std::move(factors));
}

}  // namespace mixfam
