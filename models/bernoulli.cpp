#include <mixfam/columnwise.hpp>
#include <mixfam/registry.hpp>

#include "family/conjugate/success_probability.hpp"
#include "family/steps/kernel_columns.hpp"

#include <cstdint>
#include <vector>

namespace mixfam {

namespace {

constexpr const char* formulas = R"(
Bernoulli distribution: p(x | probability p) = p^x (1 - p)^(1 - x), x in {0, 1} (Bishop 2006, eq. 2.2).

    t(x) = (x, 1 - x)      c = (log p, log(1 - p))      h = 1

In other words t = (1, x), eta = logit p, A = -log(1 - p). The estimate is the share of ones, 0 and 1 included.
1 - p is (1 - probability) + complement_correction, the second term for what the rounded difference lacks: failures
that are rarer than 1e-16 have their logarithm.

Prior Beta(a, b) on the probability, base measure dp (Bishop 2006, eqs. 2.13 and 2.18):

    chi = (a - 1, b - 1)   log Z = log B(a, b)   mode of the posterior in p (sum x + a - 1) / (N + a + b - 2)

Under Beta(a, b):

    E[c] = (digamma(a) - digamma(a + b), digamma(b) - digamma(a + b))      default prior a = b = 2
)";

class Bernoulli final : public BernoulliTrials {
 public:
  Bernoulli() : BernoulliTrials(1) {}

  std::string spec() const { return "bernoulli"; }
  Support support(std::size_t) const { return {"x = 0 or 1", 0, 1, false, true}; }
  void sample(ConstVectorView theta, Random& random, VectorView x) const { x[0] = random.uniform() < theta[0] ? 1 : 0; }
};

static_assert(HasPrior<Bernoulli>);

/// Rows of zeros and ones as bytes: where they lie, or a copy.
class Bytes {
 public:
  Bytes(const Block& x, Workspace::Frame& frame) {
    const NativeRows& native = x.native;
    const auto* bytes = static_cast<const unsigned char*>(native.data);
    if (bytes != nullptr && native.column_stride == 1) {
      data_ = bytes;
      row_stride_ = native.row_stride;
      return;
    }
    auto* copy = frame.take<unsigned char>(x.rows * x.column_count);
    for (std::size_t j = 0; j < x.column_count; ++j)
      for (std::size_t n = 0; n < x.rows; ++n)
        copy[n * x.column_count + j] = bytes != nullptr ? bytes[static_cast<std::ptrdiff_t>(n) * native.row_stride +
                                                                static_cast<std::ptrdiff_t>(j) * native.column_stride]
                                                        : static_cast<unsigned char>(x.column(j)[n]);
    data_ = copy;
    row_stride_ = static_cast<std::ptrdiff_t>(x.column_count);
  }

  const unsigned char* data() const { return data_; }
  std::ptrdiff_t row_stride() const { return row_stride_; }

 private:
  const unsigned char* data_;
  std::ptrdiff_t row_stride_;
};

/// Four columns have one of 16 patterns of zeros and ones: a table of the patterns stands for four factors.
class PatternStep {
 public:
  /// C: K x 2 D, (log p, log(1 - p)) of each column.
  explicit PatternStep(ConstMatrixView C)
      : columns_(C.columns() / 2), width_(padded(C.rows(), panel_rows)), tables_(groups() * patterns * width_) {
    for (std::size_t j = 0; j < columns_; ++j)
      for (std::size_t pattern = 0; pattern < patterns; ++pattern) {
        const bool is_one = pattern >> (j % bits) & 1;
        double* row = tables_.data() + (j / bits * patterns + pattern) * width_;
        for (std::size_t k = 0; k < C.rows(); ++k) row[k] += C(k, 2 * j + (is_one ? 0 : 1));
      }
  }

  void add_log_density(const Block& x, MatrixView L, Workspace& workspace) const {
    Workspace::Frame frame(workspace);
    const Bytes bytes(x, frame);
    auto* index = frame.take<std::uint32_t>(x.rows * groups());
    kernels().index_patterns(bytes.data(), x.rows, bytes.row_stride(), columns_, index);
    kernels().add_table_rows(index, x.rows, groups(), tables_.data(), width_,
                             {L.data(), L.column_stride(), L.columns()}, frame.take(x.rows * width_));
  }

 private:
  static constexpr std::size_t bits = 4;
  static constexpr std::size_t patterns = 16;
  std::size_t groups() const { return (columns_ + bits - 1) / bits; }

  std::size_t columns_;
  std::size_t width_;
  AlignedVector tables_;
};

/// D columns of zeros and ones; bytes are read as they are.
class BernoulliColumns final : public Columnwise<Bernoulli> {
 public:
  explicit BernoulliColumns(std::size_t columns) : Columnwise(Bernoulli(), columns) {}

  bool reads_native(ElementType type) const { return type == ElementType::uint8 || type == ElementType::int8; }
  void accumulate(const Block& x, ConstMatrixView R, ConstMatrixView, MatrixView S, Workspace& workspace) const {
    Workspace::Frame frame(workspace);
    const Bytes bytes(x, frame);
    const std::size_t width = padded(R.columns(), panel_rows);
    double* sums = frame.zeros(columns() * 2 * width);
    kernels().add_binary_counts(bytes.data(), x.rows, bytes.row_stride(), columns(),
                                {R.data(), R.column_stride(), R.columns()}, width, sums,
                                frame.take(binary_scratch(columns())));
    for (std::size_t k = 0; k < R.columns(); ++k)
      for (std::size_t j = 0; j < columns(); ++j) {
        S(k, 2 * j) += sums[(2 * j + 1) * width + k];
        S(k, 2 * j + 1) += sums[2 * j * width + k];
      }
  }
  PatternStep step(ConstMatrixView theta) const {
    std::vector<double> coefficients(theta.rows() * 2 * columns());
    const auto C = MatrixView::row_major(coefficients.data(), theta.rows(), 2 * columns());
    for (std::size_t k = 0; k < theta.rows(); ++k) this->coefficients(theta.row(k), C.row(k));
    return PatternStep(C);
  }
};

}  // namespace

RegistryEntry bernoulli_entry();
RegistryEntry bernoulli_entry() {
  return {"bernoulli",
          "probability^x (1 - probability)^(1 - x) for x = 0 or 1, independently in each column",
          {},
          [](const Shape& shape) { return make_family(BernoulliColumns(shape.columns)); },
          formulas};
}

}  // namespace mixfam
