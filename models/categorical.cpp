#include <mixfam/error.hpp>
#include <mixfam/exponential_family.hpp>
#include <mixfam/registry.hpp>

#include "family/categories.hpp"
#include "family/conjugate/dirichlet.hpp"
#include "family/steps/kernel_columns.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>

namespace mixfam {

namespace {

constexpr const char* formulas = R"(
Categorical distribution, independently in each column j: p(x_j = v) = p_jv for the V_j categories of the column,
which are whole numbers >= 0 in any range.

    t_j(x) = (1, [x_j = first], .., [x_j = last])      c_j = (0, log p_j1, .., log p_jV)      A = 0      h = 1

This form is over-complete: the one-hot entries sum to the leading 1, so that A = -log sum_v p_jv vanishes. The 1
keeps each column's own count, and takes up the constant of E[log p]. Prior Dirichlet(a_j) on p_j, base measure dp_j1
.. dp_j,V-1 (Bishop 2006, eqs. 2.38 and 2.41; Murphy 2012, section 3.4):

    chi_j = (sum_v (a_jv - 1), a_j1 - 1, .., a_jV - 1)      log Z = sum_v log Gamma(a_jv) - log Gamma(sum_v a_jv)
    mode of the posterior in p_j: (N_jv + a_jv - 1) / sum_w (N_jw + a_jw - 1)

p_jv = 0 is a value like any other: its log is `special::log_zero`. `probabilities` and `concentration` are D x V for
the largest V_j; behind the categories of a column stand 0 and 1, which no formula reads.

Under Dirichlet(a):

    E[log p_v] = digamma(a_v) - digamma(sum_w a_w)      default prior a_v = 2
)";

/// The categories of D columns: where each stands among numbers, parameters and statistics.
class Codebook {
 public:
  /// The place of a value that is no category is count(j).
  using Place = std::uint32_t;

  explicit Codebook(CategoryLists categories) : categories_(std::move(categories)) {
    for (const auto& codes : categories_) {
      widest_ = std::max(widest_, codes.size());
      tables_.push_back(make_table(codes));
      statistics_.push_back(statistic_size_);
      statistic_size_ += 1 + codes.size();
    }
    for (std::size_t j = 0; j < columns(); ++j)
      for (std::size_t byte = 0; byte < byte_values; ++byte)
        of_byte_.push_back(static_cast<Place>(statistic(j) + place(j, static_cast<double>(byte))));
  }

  const CategoryLists& categories() const { return categories_; }
  std::size_t columns() const { return categories_.size(); }
  std::size_t count(std::size_t j) const { return categories_[j].size(); }
  std::size_t widest() const { return widest_; }
  /// Doubles in t; t_j begins with its leading 1 at `statistic(j)`.
  std::size_t statistic_size() const { return statistic_size_; }
  std::size_t statistic(std::size_t j) const { return statistics_[j]; }

  /// The share of one column in parameters or hyperparameters.
  template <class T>
  BasicVectorView<T> column(BasicVectorView<T> all, std::size_t j) const {
    return all.part(j * widest_, count(j));
  }
  template <class T>
  BasicVectorView<T> padding(BasicVectorView<T> all, std::size_t j) const {
    return all.part(j * widest_ + count(j), widest_ - count(j));
  }
  /// The one-hot share of one column in statistics or coefficients.
  template <class T>
  BasicVectorView<T> one_hot(BasicVectorView<T> all, std::size_t j) const {
    return all.part(statistics_[j] + 1, count(j));
  }

  /// Place of a value among the categories of column j; their number for what is none.
  Place place(std::size_t j, double value) const {
    const std::vector<double>& codes = categories_[j];
    const std::vector<Place>& table = tables_[j];
    if (!table.empty()) {
      const double at = value - codes.front();
      return at >= 0 && at < static_cast<double>(table.size()) ? table[static_cast<std::size_t>(at)]
                                                               : static_cast<Place>(codes.size());
    }
    const auto found = std::lower_bound(codes.begin(), codes.end(), value);
    return static_cast<Place>(found != codes.end() && *found == value ? found - codes.begin()
                                                                      : codes.end() - codes.begin());
  }
  /// places[n] of column j of a block.
  void look_up(const Block& x, std::size_t j, std::vector<Place>& places) const {
    places.resize(x.rows);
    for (std::size_t n = 0; n < x.rows; ++n) places[n] = place(j, x.column(j)[n]);
  }
  /// statistic(j) + place, rows x D row-major: tables that are looked up have a row for each category of column j and
  /// a last one for what is none.
  const Place* index(const Block& x, Workspace::Frame& frame) const {
    auto* result = frame.take<Place>(x.rows * columns());
    const NativeRows& native = x.native;
    const auto* bytes = static_cast<const unsigned char*>(native.data);
    for (std::size_t n = 0; bytes != nullptr && n < x.rows; ++n)
      for (std::size_t j = 0; j < columns(); ++j)
        result[n * columns() + j] =
            of_byte_[byte_values * j + bytes[static_cast<std::ptrdiff_t>(n) * native.row_stride +
                                             static_cast<std::ptrdiff_t>(j) * native.column_stride]];
    for (std::size_t j = 0; bytes == nullptr && j < columns(); ++j)
      for (std::size_t n = 0; n < x.rows; ++n)
        result[n * columns() + j] = static_cast<Place>(statistic(j) + place(j, x.column(j)[n]));
    return result;
  }

 private:
  static constexpr std::size_t byte_values = 256;

  /// By code from the lowest; empty where the codes are too sparse for it.
  static std::vector<Place> make_table(const std::vector<double>& codes) {
    constexpr double always = 1 << 16;
    const double range = codes.back() - codes.front() + 1;
    if (range > std::max(always, 2 * static_cast<double>(codes.size()))) return {};
    std::vector<Place> table(static_cast<std::size_t>(range), static_cast<Place>(codes.size()));
    for (std::size_t v = 0; v < codes.size(); ++v)
      table[static_cast<std::size_t>(codes[v] - codes.front())] = static_cast<Place>(v);
    return table;
  }

  CategoryLists categories_;
  std::vector<std::vector<Place>> tables_;
  std::vector<Place> of_byte_;  // index of byte b in column j at 256 j + b
  std::vector<std::size_t> statistics_;
  std::size_t statistic_size_ = 0;
  std::size_t widest_ = 0;
};

using CodebookPtr = std::shared_ptr<const Codebook>;

class DirichletColumns {
 public:
  explicit DirichletColumns(CodebookPtr codebook) : codebook_(std::move(codebook)) {}

  Schema hyperparameters() const {
    return {{{"concentration", {codebook_->columns(), codebook_->widest()}, Domain::positive}}};
  }
  void flat(VectorView h) const { std::fill(h.begin(), h.end(), 1.0); }
  /// One pseudo-observation of each category beyond the one that the mode takes away.
  void standard(ConstVectorView, std::size_t, VectorView h) const {
    flat(h);
    for_each([&](std::size_t j) {
      const auto a = codebook_->column(h, j);
      std::fill(a.begin(), a.end(), 2.0);
    });
  }
  void chi(ConstVectorView h, std::size_t, VectorView out) const {
    for_each([&](std::size_t j) {
      const auto a = codebook_->column(h, j);
      const auto chi = codebook_->one_hot(out, j);
      double& count = out[codebook_->statistic(j)];
      count = 0;
      for (std::size_t v = 0; v < a.size(); ++v) count += chi[v] = a[v] - 1;
    });
  }
  void from_chi(ConstVectorView chi, VectorView h) const {
    flat(h);
    for_each([&](std::size_t j) {
      const auto counts = codebook_->one_hot(chi, j);
      const auto a = codebook_->column(h, j);
      for (std::size_t v = 0; v < a.size(); ++v) a[v] = counts[v] + 1;
    });
  }
  std::optional<double> log_partition(ConstVectorView h) const {
    double sum = 0;
    for (std::size_t j = 0; j < codebook_->columns(); ++j) {
      const auto one = dirichlet::log_partition(codebook_->column(h, j));
      if (!one) return std::nullopt;
      sum += *one;
    }
    return sum;
  }
  double expectation(ConstVectorView h, VectorView theta, VectorView c) const {
    double log_scale = 0;
    for_each(theta, [&](std::size_t j, VectorView p) {
      const double one = dirichlet::expectation(codebook_->column(h, j), p, codebook_->one_hot(c, j));
      c[codebook_->statistic(j)] = one;
      log_scale += one;
    });
    return log_scale;
  }
  void sample(ConstVectorView h, Random& random, VectorView theta) const {
    for_each(theta, [&](std::size_t j, VectorView p) { random.dirichlet(codebook_->column(h, j), p); });
  }
  void mean(ConstVectorView h, VectorView theta) const {
    for_each(theta, [&](std::size_t j, VectorView p) { dirichlet::mean(codebook_->column(h, j), p); });
  }
  void quantile(ConstVectorView h, double level, VectorView theta) const {
    for_each(theta, [&](std::size_t j, VectorView p) { dirichlet::quantile(codebook_->column(h, j), level, p); });
  }
  std::optional<std::string> check(ConstVectorView) const { return std::nullopt; }

 private:
  template <class Visit>
  void for_each(Visit visit) const {
    for (std::size_t j = 0; j < codebook_->columns(); ++j) visit(j);
  }
  /// Visits the probabilities of each column and pads them.
  template <class Visit>
  void for_each(VectorView theta, Visit visit) const {
    for_each([&](std::size_t j) {
      visit(j, codebook_->column(theta, j));
      const auto padding = codebook_->padding(theta, j);
      std::fill(padding.begin(), padding.end(), 0.0);
    });
  }

  CodebookPtr codebook_;
};

/// log p by gathering: for each column a table of a row for each category, and a last one for what is none.
class GatheringStep {
 public:
  GatheringStep(CodebookPtr codebook, ConstMatrixView theta)
      : codebook_(std::move(codebook)),
        width_(padded(theta.rows(), panel_rows)),
        table_(codebook_->statistic_size() * width_) {
    for (std::size_t k = 0; k < theta.rows(); ++k)
      for (std::size_t j = 0; j < codebook_->columns(); ++j) {
        const auto p = codebook_->column(theta.row(k), j);
        for (std::size_t v = 0; v <= p.size(); ++v)
          table_[(codebook_->statistic(j) + v) * width_ + k] =
              v < p.size() ? special::floored_log(p[v]) : special::log_zero;
      }
  }

  void add_log_density(const Block& x, MatrixView L, Workspace& workspace) const {
    Workspace::Frame frame(workspace);
    kernels().add_table_rows(codebook_->index(x, frame), x.rows, codebook_->columns(), table_.data(), width_,
                             {L.data(), L.column_stride(), L.columns()}, frame.take(x.rows * width_));
  }

 private:
  CodebookPtr codebook_;
  std::size_t width_;
  AlignedVector table_;
};

class Categorical {
 public:
  using Prior = DirichletColumns;

  explicit Categorical(CategoryLists categories) : codebook_(std::make_shared<const Codebook>(std::move(categories))) {}

  std::string spec() const { return "categorical:categories=" + categories_text(codebook_->categories()); }
  std::size_t columns() const { return codebook_->columns(); }
  std::size_t statistic_size() const { return codebook_->statistic_size(); }
  Schema parameters() const { return {{{"probabilities", {columns(), codebook_->widest()}, Domain::probabilities}}}; }
  std::size_t free_parameters(std::size_t components) const {
    return components * (codebook_->statistic_size() - 2 * columns());
  }
  Support support(std::size_t j) const {
    const std::vector<double>& codes = codebook_->categories()[j];
    const bool gaps = codes.back() - codes.front() > static_cast<double>(codes.size() - 1);
    return {
        categories_rule(codes), codes.front(), codes.back(), false, true, gaps ? codes : std::vector<double>(), true};
  }

  StatisticRange statistic_range(std::size_t j) const { return {codebook_->statistic(j), 1 + codebook_->count(j)}; }
  void statistic(const Block& x, MatrixView T) const {
    for_each_column(x, [&](std::size_t j, const std::vector<Codebook::Place>& places) {
      const std::size_t first = codebook_->statistic(j);
      for (std::size_t n = 0; n < x.rows; ++n) T(n, first) = 1;
      for (std::size_t v = 0; v < codebook_->count(j); ++v)
        for (std::size_t n = 0; n < x.rows; ++n) T(n, first + 1 + v) = places[n] == v;
    });
  }
  bool reads_native(ElementType type) const { return type == ElementType::uint8 || type == ElementType::int8; }
  void accumulate(const Block& x, ConstMatrixView R, ConstMatrixView, MatrixView S, Workspace& workspace) const {
    Workspace::Frame frame(workspace);
    const Codebook::Place* index = codebook_->index(x, frame);
    const ConstKernelMatrix r{R.data(), R.column_stride(), R.columns()};
    double* counts = frame.zeros(R.columns());
    kernels().add_counts(r, x.rows, counts);
    for (std::size_t k = 0; k < R.columns(); ++k)
      for (std::size_t j = 0; j < columns(); ++j) S(k, codebook_->statistic(j)) += counts[k];
    const bool sparse = statistic_size() > 8 * x.rows * columns();
    if (sparse) {
      add_entries(index, R, S);
    } else {
      add_table(index, r, x.rows, S, frame);
    }
  }
  GatheringStep step(ConstMatrixView theta) const { return {codebook_, theta}; }
  std::size_t feature_size() const { return statistic_size() - columns(); }
  StatisticRange feature_range(std::size_t j) const { return {codebook_->statistic(j) - j, codebook_->count(j)}; }
  /// The one-hot columns: codes are names and have no distances.
  void features(const Block& x, MatrixView out) const {
    std::size_t first = 0;
    for_each_column(x, [&](std::size_t j, const std::vector<Codebook::Place>& places) {
      for (std::size_t v = 0; v < codebook_->count(j); ++v)
        for (std::size_t n = 0; n < x.rows; ++n) out(n, first + v) = places[n] == v;
      first += codebook_->count(j);
    });
  }

  void coefficients(ConstVectorView theta, VectorView c) const {
    for (std::size_t j = 0; j < columns(); ++j) {
      const auto p = codebook_->column(theta, j);
      const auto log_p = codebook_->one_hot(c, j);
      c[codebook_->statistic(j)] = 0;
      for (std::size_t v = 0; v < p.size(); ++v) log_p[v] = special::floored_log(p[v]);
    }
  }
  void mean(ConstVectorView theta, VectorView s) const {
    for (std::size_t j = 0; j < columns(); ++j) {
      const auto p = codebook_->column(theta, j);
      s[codebook_->statistic(j)] = 1;
      std::copy(p.begin(), p.end(), codebook_->one_hot(s, j).begin());
    }
  }
  std::optional<Reason> mle(ConstVectorView s, VectorView theta) const {
    std::fill(theta.begin(), theta.end(), 0.0);
    for (std::size_t j = 0; j < columns(); ++j)
      if (const auto why = dirichlet::mode(codebook_->one_hot(s, j), codebook_->column(theta, j))) {
        Reason reason(*why);
        if (columns() > 1) reason.column = j;
        return reason;
      }
    return std::nullopt;
  }
  void sample(ConstVectorView theta, Random& random, VectorView x) const {
    for (std::size_t j = 0; j < columns(); ++j)
      x[j] = codebook_->categories()[j][random.categorical(codebook_->column(theta, j))];
  }

  Prior prior() const { return Prior(codebook_); }

 private:
  void add_entries(const Codebook::Place* index, ConstMatrixView R, MatrixView S) const {
    for (std::size_t k = 0; k < R.columns(); ++k)
      for (std::size_t n = 0; n < R.rows(); ++n)
        for (std::size_t j = 0; j < columns(); ++j) {
          const std::size_t place = index[n * columns() + j] - codebook_->statistic(j);
          if (place < codebook_->count(j)) codebook_->one_hot(S.row(k), j)[place] += R(n, k);
        }
  }
  void add_table(const Codebook::Place* index, ConstKernelMatrix R, std::size_t rows, MatrixView S,
                 Workspace::Frame& frame) const {
    const std::size_t width = padded(R.columns, panel_rows);
    double* table = frame.zeros(statistic_size() * width);
    kernels().scatter_to_table_rows(index, rows, columns(), R, table, width, frame.take(rows * width));
    for (std::size_t k = 0; k < R.columns; ++k)
      for (std::size_t j = 0; j < columns(); ++j) {
        const auto sums = codebook_->one_hot(S.row(k), j);
        for (std::size_t v = 0; v < sums.size(); ++v) sums[v] += table[(codebook_->statistic(j) + v) * width + k];
      }
  }

  template <class Visit>
  void for_each_column(const Block& x, Visit visit) const {
    std::vector<Codebook::Place> places;
    for (std::size_t j = 0; j < columns(); ++j) {
      codebook_->look_up(x, j, places);
      visit(j, places);
    }
  }

  CodebookPtr codebook_;
};

FamilyPtr make_categorical(const Shape& shape) {
  const auto option = shape.options.find("categories");
  if (option != shape.options.end())
    return make_family(Categorical(parse_categories("categorical", option->second, shape.columns)));
  if (shape.categories.empty())
    throw Error(ErrorKind::usage,
                "family 'categorical' does not know its categories: they come from data, or are declared as in "
                "categorical:categories=3 (for 0, 1, 2), categories=1..4 or categories=0|5|7");
  return make_family(Categorical(shape.categories));
}

}  // namespace

RegistryEntry categorical_entry();
RegistryEntry categorical_entry() {
  return {"categorical",
          "probability of the row's category, independently in each column",
          {"categories=3 or 1..4 or 0|5|7, for each column apart with ';' between"},
          make_categorical,
          formulas,
          true,
          "categorical:categories=3"};
}

}  // namespace mixfam
