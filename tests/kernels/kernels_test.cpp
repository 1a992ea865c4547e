#include "kernels/kernels.hpp"

#include <mixfam/mixfam.hpp>

#include <cmath>
#include <numeric>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "model/e_step.hpp"
#include "numerics/aligned.hpp"
#include "numerics/special.hpp"
#include "support.hpp"
#include "tolerance.hpp"

// Every kernel against its definition in plain loops, and every family that has a kernel against the generic path, at
// sizes that leave every kind of rest, with the instructions of every set that the processor has.

namespace mixfam {
namespace {

/// Makes the library use one set of kernels while it lives.
class Forced {
 public:
  explicit Forced(const Kernels* chosen) { force_kernels(chosen); }
  ~Forced() { force_kernels(nullptr); }
  Forced(const Forced&) = delete;
  Forced& operator=(const Forced&) = delete;
};

const std::vector<std::size_t> row_counts = {1, 2, 7, 8, 9, 23, 24, 25, 31, 33, 100, 255, 256};

/// Columns of a block without room behind the last row, so that a sanitizer sees every step beyond.
struct Columns {
  Columns(std::size_t rows, std::size_t count, Random& random, double offset = 0) : values(count) {
    for (auto& column : values) {
      for (std::size_t n = 0; n < rows; ++n) column.push_back(offset + random.normal());
      pointers.push_back(column.data());
    }
  }
  KernelColumns view() const { return {pointers.data(), pointers.size(), values[0].size()}; }
  Block block() const { return {pointers.data(), pointers.size(), values[0].size()}; }

  std::vector<std::vector<double>> values;
  std::vector<const double*> pointers;
};

std::vector<double> numbers(std::size_t count, Random& random) {
  std::vector<double> result(count);
  for (double& value : result) value = random.normal();
  return result;
}

/// K columns of positive numbers, `column_stride(rows)` apart.
AlignedVector positive_matrix(std::size_t rows, std::size_t columns, Random& random) {
  AlignedVector result(column_stride(rows) * columns);
  for (double& value : result) value = random.uniform();
  return result;
}

KernelMatrix matrix(AlignedVector& values, std::size_t rows, std::size_t columns) {
  return {values.data(), static_cast<std::ptrdiff_t>(column_stride(rows)), columns};
}
ConstKernelMatrix matrix(const AlignedVector& values, std::size_t rows, std::size_t columns) {
  return {values.data(), static_cast<std::ptrdiff_t>(column_stride(rows)), columns};
}

/// A sum and the scale that its rounding has.
struct Sum {
  double value = 0;
  double scale = 0;
  void add(double term) {
    value += term;
    scale += std::abs(term);
  }
};

void check(double actual, const Sum& expected, double operations) {
  REQUIRE(close(actual, expected.value, round_off(operations, expected.scale)));
}

}  // namespace

TEST_CASE("kernels: the processor's sets and their names", "[kernels]") {
  const auto available = available_kernels();
  REQUIRE(!available.empty());
  CHECK(std::string(available.front()->instruction_set) == "baseline");
  for (const Kernels* one : available) {
    const Forced forced(one);
    CHECK(std::string(kernels().instruction_set) == one->instruction_set);
  }
}

TEST_CASE("kernels: Gaussian densities and scatter by their definitions", "[kernels]") {
  for (const Kernels* kernels : available_kernels())
    for (const std::size_t rows : row_counts)
      for (const std::size_t d : {1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 17}) {
        CAPTURE(kernels->instruction_set, rows, d);
        Random random{rows, d};
        const Columns x(rows, d, random);
        const auto W = numbers(d * d, random);
        const auto mean = numbers(d, random);
        const auto panels = pack_lower(W.data(), d);
        const std::vector<WhitenedComponent> components = {{mean.data(), panels.data(), 0.25},
                                                           {mean.data(), panels.data(), -1}};
        AlignedVector L = positive_matrix(rows, 2, random);
        const AlignedVector before = L;
        AlignedVector scratch(std::max(whitening_scratch(d), scatter_scratch(d, rows)));
        kernels->add_whitened(x.view(), components.data(), matrix(L, rows, 2), scratch.data());
        for (std::size_t n = 0; n < rows; ++n)
          for (std::size_t k = 0; k < 2; ++k) {
            const std::size_t at = k * column_stride(rows) + n;
            Sum sum;
            sum.add(before[at]);
            sum.add(components[k].log_scale);
            for (std::size_t i = 0; i < d; ++i) {
              Sum z;
              for (std::size_t j = 0; j <= i; ++j) z.add(W[i * d + j] * (x.values[j][n] - mean[j]));
              sum.add(-0.5 * z.value * z.value);
              sum.scale += z.scale * z.scale;
            }
            check(L[at], sum, 4 * static_cast<double>(d));
          }

        std::vector<double> r;
        for (std::size_t n = 0; n < rows; ++n) r.push_back(n % 5 == 0 ? 0 : random.uniform());
        std::vector<double> sums(d, 1);
        std::vector<double> squares(d * (d + 1) / 2, 1);
        const double count =
            kernels->add_scatter(x.view(), r.data(), mean.data(), sums.data(), squares.data(), scratch.data());
        check(count, {std::accumulate(r.begin(), r.end(), 0.0), static_cast<double>(rows)}, 10);
        for (std::size_t i = 0; i < d; ++i) {
          Sum first{1, 1};
          for (std::size_t n = 0; n < rows; ++n) first.add(r[n] * (x.values[i][n] - mean[i]));
          check(sums[i], first, 64);
          for (std::size_t j = 0; j <= i; ++j) {
            Sum second{1, 1};
            for (std::size_t n = 0; n < rows; ++n)
              second.add(r[n] * (x.values[i][n] - mean[i]) * (x.values[j][n] - mean[j]));
            check(squares[i * (i + 1) / 2 + j], second, 64);
          }
        }
      }
}

TEST_CASE("kernels: independent columns by their definitions", "[kernels]") {
  for (const Kernels* kernels : available_kernels())
    for (const std::size_t rows : row_counts)
      for (const std::size_t d : {1, 2, 3, 5})
        for (const std::size_t K : {1, 2, 4, 5, 7, 9}) {
          CAPTURE(kernels->instruction_set, rows, d, K);
          Random random{rows, d, K};
          const Columns x(rows, d, random);
          const auto means = numbers(K * d, random);
          const auto scales = numbers(K * d, random);
          const auto log_scales = numbers(K, random);
          AlignedVector L = positive_matrix(rows, K, random);
          const AlignedVector R = L;
          kernels->add_standardised(x.view(), {means.data(), scales.data(), log_scales.data()}, matrix(L, rows, K));
          std::vector<double> sums(K * d);
          std::vector<double> squares(K * d);
          std::vector<double> counts(K);
          kernels->add_moments(x.view(), matrix(R, rows, K), means.data(), sums.data(), squares.data());
          kernels->add_counts(matrix(R, rows, K), rows, counts.data());
          for (std::size_t k = 0; k < K; ++k) {
            const double* r = R.data() + k * column_stride(rows);
            for (std::size_t n = 0; n < rows; ++n) {
              Sum sum;
              sum.add(r[n]);
              sum.add(log_scales[k]);
              for (std::size_t j = 0; j < d; ++j) {
                const double z = scales[k * d + j] * (x.values[j][n] - means[k * d + j]);
                sum.add(-0.5 * z * z);
              }
              check(L[k * column_stride(rows) + n], sum, 10);
            }
            Sum count;
            for (std::size_t n = 0; n < rows; ++n) count.add(r[n]);
            check(counts[k], count, 64);
            for (std::size_t j = 0; j < d; ++j) {
              Sum first, second;
              for (std::size_t n = 0; n < rows; ++n) {
                const double t = x.values[j][n] - means[k * d + j];
                first.add(r[n] * t);
                second.add(r[n] * t * t);
              }
              check(sums[k * d + j], first, 64);
              check(squares[k * d + j], second, 64);
            }
          }
        }
}

TEST_CASE("kernels: products by their definitions", "[kernels]") {
  for (const Kernels* kernels : available_kernels())
    for (const std::size_t rows : row_counts)
      for (const std::size_t P : {1, 2, 3, 4, 5, 9})
        for (const std::size_t K : {1, 2, 3, 4, 5, 8, 9, 13}) {
          CAPTURE(kernels->instruction_set, rows, P, K);
          Random random{rows, P, K};
          const Columns T(rows, P, random);
          const auto C = numbers(K * P, random);
          const auto panels = pack_panels(C.data(), K, P, P);
          AlignedVector L = positive_matrix(rows, K, random);
          const AlignedVector R = L;
          kernels->add_products(T.view(), panels.data(), matrix(L, rows, K));
          std::vector<double> S(K * (P + 2), 1);
          kernels->accumulate_products(T.view(), matrix(R, rows, K), S.data(), P + 2);
          for (std::size_t k = 0; k < K; ++k) {
            const double* r = R.data() + k * column_stride(rows);
            for (std::size_t n = 0; n < rows; ++n) {
              Sum sum;
              sum.add(r[n]);
              for (std::size_t p = 0; p < P; ++p) sum.add(C[k * P + p] * T.values[p][n]);
              check(L[k * column_stride(rows) + n], sum, static_cast<double>(P) + 2);
            }
            for (std::size_t p = 0; p < P; ++p) {
              Sum sum{1, 1};
              for (std::size_t n = 0; n < rows; ++n) sum.add(r[n] * T.values[p][n]);
              check(S[k * (P + 2) + p], sum, 64);
            }
            CHECK(S[k * (P + 2) + P] == 1);
          }
        }
}

TEST_CASE("kernels: tables by their definitions", "[kernels]") {
  for (const Kernels* kernels : available_kernels())
    for (const std::size_t rows : row_counts)
      for (const std::size_t columns : {1, 3, 4, 5, 8, 30, 37})
        for (const std::size_t K : {1, 3, 8, 10}) {
          CAPTURE(kernels->instruction_set, rows, columns, K);
          Random random{rows, columns, K};
          const std::size_t groups = (columns + 3) / 4;
          const std::size_t width = padded(K, panel_rows);
          std::vector<unsigned char> x(rows * columns);
          for (auto& value : x) value = random.uniform() < 0.4;
          std::vector<std::uint32_t> index(rows * groups);
          kernels->index_patterns(x.data(), rows, static_cast<std::ptrdiff_t>(columns), columns, index.data());
          for (std::size_t n = 0; n < rows; ++n)
            for (std::size_t g = 0; g < groups; ++g) {
              std::size_t expected = 16 * g;
              for (std::size_t i = 0; i < 4 && 4 * g + i < columns; ++i)
                expected += std::size_t{x[n * columns + 4 * g + i]} << i;
              REQUIRE(index[n * groups + g] == expected);
            }

          AlignedVector tables(16 * groups * width);
          for (double& value : tables) value = random.normal();
          AlignedVector L = positive_matrix(rows, K, random);
          const AlignedVector R = L;
          AlignedVector scratch(rows * width);
          kernels->add_table_rows(index.data(), rows, groups, tables.data(), width, matrix(L, rows, K), scratch.data());
          AlignedVector scattered(16 * groups * width);
          kernels->scatter_to_table_rows(index.data(), rows, groups, matrix(R, rows, K), scattered.data(), width,
                                         scratch.data());
          AlignedVector counts(columns * 2 * width), binary_room(binary_scratch(columns));
          kernels->add_binary_counts(x.data(), rows, static_cast<std::ptrdiff_t>(columns), columns, matrix(R, rows, K),
                                     width, counts.data(), binary_room.data());
          for (std::size_t k = 0; k < K; ++k) {
            const double* r = R.data() + k * column_stride(rows);
            for (std::size_t n = 0; n < rows; ++n) {
              Sum sum;
              sum.add(r[n]);
              for (std::size_t g = 0; g < groups; ++g) sum.add(tables[index[n * groups + g] * width + k]);
              check(L[k * column_stride(rows) + n], sum, static_cast<double>(groups) + 2);
            }
            for (std::size_t row = 0; row < 16 * groups; ++row) {
              Sum sum;
              for (std::size_t n = 0; n < rows; ++n)
                if (index[n * groups + row / 16] == row) sum.add(r[n]);
              check(scattered[row * width + k], sum, 300);
            }
            for (std::size_t j = 0; j < columns; ++j)
              for (const std::size_t value : {0, 1}) {
                Sum sum;
                for (std::size_t n = 0; n < rows; ++n)
                  if (x[n * columns + j] == value) sum.add(r[n]);
                check(counts[(2 * j + value) * width + k], sum, 300);
              }
          }
        }
}

TEST_CASE("kernels: responsibilities by their definition", "[kernels]") {
  for (const Kernels* kernels : available_kernels())
    for (const std::size_t rows : row_counts)
      for (const std::size_t K : {1, 2, 3, 4, 5, 8, 9, 20}) {
        CAPTURE(kernels->instruction_set, rows, K);
        Random random{rows, K};
        AlignedVector L(column_stride(rows) * K);
        for (double& value : L) value = -100 * random.uniform() + 1e3;
        for (std::size_t n = 0; n < rows; n += 3) L[n] = -1e300;  // no density under the first component
        if (K == 1)
          for (double& value : L) value = std::max(value, -1e3);
        AlignedVector R(L.size()), R_again(L.size());
        AlignedVector log_normaliser(padded(rows, 8)), entropy(padded(rows, 8));
        kernels->normalise(matrix(std::as_const(L), rows, K), rows, matrix(R, rows, K), log_normaliser.data(),
                           entropy.data());
        const AssignmentSums sums = kernels->assign(matrix(std::as_const(L), rows, K), rows, matrix(R_again, rows, K));
        Sum log_normalisers, entropies;
        double least = 0;
        for (std::size_t n = 0; n < rows; ++n) {
          const auto l = [&](std::size_t k) { return L[k * column_stride(rows) + n]; };
          double greatest = l(0);
          for (std::size_t k = 1; k < K; ++k) greatest = std::max(greatest, l(k));
          least = std::min(least, greatest);
          double total = 0;
          for (std::size_t k = 0; k < K; ++k) total += std::exp(l(k) - greatest);
          const double expected = greatest + std::log(total);
          REQUIRE(close(log_normaliser[n], expected, round_off(4, std::abs(greatest) + 1)));
          log_normalisers.add(expected);
          double row_entropy = 0;
          for (std::size_t k = 0; k < K; ++k) {
            const double r = std::exp(l(k) - greatest) / total;
            const double actual = R[k * column_stride(rows) + n];
            REQUIRE(close(actual, r, round_off(8, r)));
            REQUIRE(close(R_again[k * column_stride(rows) + n], r, round_off(8, r)));
            if (r > 0) row_entropy -= r * std::log(r);
          }
          REQUIRE(close(entropy[n], row_entropy, round_off(100, 1)));
          entropies.add(row_entropy);
        }
        check(sums.log_normaliser, log_normalisers, 64);
        REQUIRE(close(sums.entropy, entropies.value, round_off(100, static_cast<double>(rows))));
        REQUIRE(sums.least == least);
        AlignedVector weights(rows, 0.5);
        kernels->weigh(matrix(R, rows, K), rows, weights.data());
        for (std::size_t k = 0; k < K; ++k)
          for (std::size_t n = 0; n < rows; ++n)
            REQUIRE(close(R[k * column_stride(rows) + n], 0.5 * R_again[k * column_stride(rows) + n],
                          round_off(16, R_again[k * column_stride(rows) + n])));
      }
}

/// exp on a grid of arguments, through the one kernel that uses it: with K = 2 and L = (0, x), r_2 / r_1 = exp(x).
TEST_CASE("kernels: one column in registers gives what the matrices give", "[kernels]") {
  for (const Kernels* kernels : available_kernels())
    for (const std::size_t rows : row_counts)
      for (std::size_t K = 1; K <= most_univariate_components; ++K)
        for (const bool quadratic : {false, true}) {
          CAPTURE(kernels->instruction_set, rows, K, quadratic);
          Random random{rows, K};
          const Columns x(rows, 1, random);
          const auto constants = numbers(K, random);
          auto slopes = numbers(K, random);
          const auto origins = numbers(K, random);
          std::vector<double> curvatures;
          for (const double slope : slopes) curvatures.push_back(-slope * slope);
          AlignedVector L(column_stride(rows) * K), R(L.size());
          std::vector<Sum> count(K), first(K), second(K);
          for (std::size_t k = 0; k < K; ++k)
            for (std::size_t n = 0; n < rows; ++n) {
              const double t = x.values[0][n] - origins[k];
              L[k * column_stride(rows) + n] =
                  constants[k] + (quadratic ? curvatures[k] * t * t : slopes[k] * x.values[0][n]);
            }
          const AssignmentSums expected = kernels->assign(matrix(std::as_const(L), rows, K), rows, matrix(R, rows, K));
          for (std::size_t k = 0; k < K; ++k)
            for (std::size_t n = 0; n < rows; ++n) {
              const double r = R[k * column_stride(rows) + n];
              const double t = quadratic ? x.values[0][n] - origins[k] : x.values[0][n];
              count[k].add(r);
              first[k].add(r * t);
              second[k].add(r * t * t);
            }
          std::vector<double> counts(K), firsts(K), seconds(K);
          const AssignmentSums sums =
              quadratic ? kernels->assign_quadratic(x.values[0].data(), rows, K,
                                                    {constants.data(), curvatures.data(), origins.data()},
                                                    {counts.data(), firsts.data(), seconds.data()})
                        : kernels->assign_linear(x.values[0].data(), rows, K, {constants.data(), slopes.data()},
                                                 {counts.data(), firsts.data()});
          const double scale = 100 * static_cast<double>(rows);
          REQUIRE(close(sums.log_normaliser, expected.log_normaliser, round_off(8, scale)));
          REQUIRE(close(sums.entropy, expected.entropy, round_off(8, scale)));
          REQUIRE(close(sums.least, expected.least, round_off(8, 100)));
          for (std::size_t k = 0; k < K; ++k) {
            // An exponent of 100 makes its rounding that of r.
            check(counts[k], count[k], 300);
            check(firsts[k], first[k], 300);
            if (quadratic) check(seconds[k], second[k], 300);
          }
        }
}

TEST_CASE("kernels: exp is right to the last place or two", "[kernels]") {
  for (const Kernels* kernels : available_kernels()) {
    CAPTURE(kernels->instruction_set);
    const std::size_t rows = 256;
    double worst = 0;
    for (int start = 0; start < 400; ++start) {
      AlignedVector L(2 * column_stride(rows)), R(L.size());
      AlignedVector log_normaliser(rows), entropy(rows);
      for (std::size_t n = 0; n < rows; ++n)
        L[column_stride(rows) + n] = -700.0 * (start + static_cast<double>(n) / rows) / 400;
      kernels->normalise(matrix(std::as_const(L), rows, 2), rows, matrix(R, rows, 2), log_normaliser.data(),
                         entropy.data());
      for (std::size_t n = 0; n < rows; ++n) {
        const double expected = std::exp(L[column_stride(rows) + n]);
        worst = std::max(worst, std::abs(R[column_stride(rows) + n] / R[n] / expected - 1));
      }
    }
    CHECK(worst < 4 * std::numeric_limits<double>::epsilon());  // two divisions and two products by the reciprocal
  }
}

TEST_CASE("kernels: logarithmic residuals lose no digits near the scale, and are finite far from it", "[kernels]") {
  const auto residual = [](const Kernels& kernels, double x, double scale) {
    const double log_x = std::log(x), origin = std::log(scale), one = 1;
    std::pair<double, double> result{0, 0};
    kernels.add_logarithmic_moments(&x, &log_x, 1, {&one, 1, 1}, &origin, &scale, &result.first, &result.second);
    return result;
  };
  for (const Kernels* kernels : available_kernels()) {
    CAPTURE(kernels->instruction_set);
    for (const double scale : {1e-200, 0.3, 1.0, 7e5, 1e200})
      for (const double sign : {-1.0, 1.0})
        for (double size = 1e-15; size < 0.49; size *= 1.07) {
          const double x = scale * (1 + sign * size);
          const double u = (x - scale) / scale;
          const auto [y, excess] = residual(*kernels, x, scale);
          CAPTURE(scale, u);
          REQUIRE(close(y, std::log1p(u), round_off(8, std::abs(u))));
          REQUIRE(close(excess, -special::log1p_minus(u), round_off(8, u * u)));
        }
    for (const double scale : {1e-300, 1.0, 1e300})
      for (const double x : {1e-308, 1e-3, 1.6, 5.0, 1e308}) {
        const auto [y, excess] = residual(*kernels, x, scale);
        CAPTURE(scale, x);
        CHECK(close(y, std::log(x) - std::log(scale), round_off(8, 700)));
        CHECK(std::isfinite(excess));
        CHECK(excess >= 0);
      }
  }
}

TEST_CASE("kernels: families agree with the generic path L = t(X) C', S = R' t(X)", "[kernels]") {
  struct Case {
    std::string spec;
    std::size_t columns;
    double origin;  // where rows lie: a located family must not see it
  };
  const std::vector<Case> cases = {{"gaussian", 1, 0},
                                   {"gaussian", 5, 1e6},
                                   {"gaussian", 13, 0},
                                   {"gaussian:covariance=tied", 3, 1e6},
                                   {"gaussian:covariance=diagonal", 7, 1e6},
                                   {"gaussian:covariance=spherical", 7, 1e6},
                                   {"exponential", 3, 0},
                                   {"poisson", 2, 0},
                                   {"geometric", 3, 0},
                                   {"bernoulli", 11, 0},
                                   {"categorical:categories=4", 5, 0},
                                   {"multinomial", 4, 0},
                                   {"log_normal", 2, 0},
                                   {"gamma", 2, 0},
                                   {"gaussian(0,1) * bernoulli(2,3)", 4, 0}};
  const std::size_t K = 3;
  for (const Kernels* one : available_kernels()) {
    const Forced forced(one);
    for (const Case& test : cases)
      for (const std::size_t rows : {std::size_t{1}, std::size_t{37}, std::size_t{256}}) {
        CAPTURE(one->instruction_set, test.spec, rows);
        const FamilyPtr family = Registry::builtin().make(test.spec, test.columns);
        Random random{rows, test.columns};
        Table table{test.columns, {}};
        for (std::size_t n = 0; n < 400; ++n)
          for (std::size_t j = 0; j < test.columns; ++j) {
            const Support& support = family->support(j);
            const double drawn = random.exponential(1) + 0.01;
            if (support.integer)
              table.values.push_back(std::min(std::floor(2 * drawn), std::min(support.upper, 1e9)));
            else
              table.values.push_back(drawn + test.origin);
          }
        auto source = table.source();
        const Mixture mixture = initialize(family, K, source, {Start::random_rows, 1, 0, {}, 1});
        Columns x(rows, test.columns, random);
        for (std::size_t j = 0; j < test.columns; ++j)
          for (std::size_t n = 0; n < rows; ++n) x.values[j][n] = table(n, j);

        const std::size_t stride = column_stride(rows);
        AlignedVector L(stride * K);
        add_log_density(*family, mixture.parameters().view(), x.block(),
                        {L.data(), rows, K, 1, static_cast<std::ptrdiff_t>(stride)});
        const AlignedVector R = positive_matrix(rows, K, random);
        const std::size_t P = family->statistic_size();
        const std::size_t O = family->origin_size();
        std::vector<double> origins(K * O), S(K * P), T(rows * P), c(P);
        const auto o = MatrixView::row_major(origins.data(), K, O);
        for (std::size_t k = 0; k < K; ++k) family->origin(mixture.parameters().row(k), o.row(k));
        accumulate(*family, x.block(), {R.data(), rows, K, 1, static_cast<std::ptrdiff_t>(stride)}, o,
                   MatrixView::row_major(S.data(), K, P));
        for (std::size_t k = 0; k < K; ++k) {
          const auto t = MatrixView::column_major(T.data(), rows, P);
          family->statistic(x.block(), o.row(k), t);
          family->coefficients(mixture.parameters().row(k), o.row(k), c);
          for (std::size_t n = 0; n < rows; ++n) {
            Sum sum;
            for (std::size_t p = 0; p < P; ++p) sum.add(t(n, p) * c[p]);
            // Whitening and precision are two ways through the same factor, whose condition is below 1e3 here.
            check(L[k * stride + n], sum, 1e3 * static_cast<double>(P));
          }
          for (std::size_t p = 0; p < P; ++p) {
            Sum sum;
            for (std::size_t n = 0; n < rows; ++n) sum.add(R[k * stride + n] * t(n, p));
            check(S[k * P + p], sum, 400);
          }
        }
      }
  }
}

TEST_CASE("kernels: bytes as they lie give what their columns give", "[kernels]") {
  Random random{3};
  for (const auto& [spec, categories] :
       {std::pair<std::string, double>{"bernoulli", 2}, {"categorical:categories=5", 5}})
    for (const std::size_t columns : {3, 4, 6, 9}) {
      CAPTURE(spec, columns);
      const std::size_t rows = 3001;
      std::vector<std::uint8_t> bytes(rows * columns);
      for (auto& value : bytes) value = static_cast<std::uint8_t>(categories * random.uniform());
      const std::vector<double> values(bytes.begin(), bytes.end());
      const std::vector<std::int8_t> signed_bytes(bytes.begin(), bytes.end());
      std::vector<std::uint8_t> by_column(bytes.size());
      for (std::size_t n = 0; n < rows; ++n)
        for (std::size_t j = 0; j < columns; ++j) by_column[j * rows + n] = bytes[n * columns + j];
      MemorySource doubles(ConstMatrixView::row_major(values.data(), rows, columns));
      MemorySource native(BasicMatrixView<const std::uint8_t>::row_major(bytes.data(), rows, columns));
      MemorySource signed_native(BasicMatrixView<const std::int8_t>::row_major(signed_bytes.data(), rows, columns));
      MemorySource transposed(BasicMatrixView<const std::uint8_t>::column_major(by_column.data(), rows, columns));
      const Mixture mixture =
          initialize(Registry::builtin().make(spec, columns), 3, doubles, {Start::random_rows, 0, 0, {}, 1});
      const auto expected = to_vector(e_step(EStepParameters::of(mixture), doubles, {}).buffer());
      for (Source* source : {&native, &signed_native, &transposed})
        CHECK(to_vector(e_step(EStepParameters::of(mixture), *source, {}).buffer()) == expected);
    }
}

}  // namespace mixfam
