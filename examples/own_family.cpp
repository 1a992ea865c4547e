// A family that the library does not know: the Rayleigh distribution, registered by name.
//
//     p(x | s) = x / s^2 exp(-x^2 / (2 s^2)),  x > 0
//     h(x) = x      t(x) = (1, x^2)      c(s) = (-2 log s, -1 / (2 s^2))

#include <mixfam/columnwise.hpp>
#include <mixfam/mixfam.hpp>

#include <cmath>
#include <cstdio>
#include <limits>
#include <vector>

using mixfam::ConstVectorView;
using mixfam::VectorView;

class Rayleigh {
 public:
  std::string spec() const { return "rayleigh"; }
  std::size_t columns() const { return 1; }
  std::size_t statistic_size() const { return 2; }
  mixfam::Schema parameters() const { return {{{"scale", {}, mixfam::Domain::positive}}}; }
  mixfam::Support support(std::size_t) const { return {"x > 0", 0, std::numeric_limits<double>::infinity(), true}; }

  void statistic(const mixfam::Block& x, mixfam::MatrixView T) const {
    for (std::size_t n = 0; n < x.rows; ++n) {
      T(n, 0) = 1;
      T(n, 1) = x.column(0)[n] * x.column(0)[n];
    }
  }
  void add_log_base(const mixfam::Block& x, VectorView out) const {
    for (std::size_t n = 0; n < x.rows; ++n) out[n] += std::log(x.column(0)[n]);
  }
  void coefficients(ConstVectorView theta, VectorView c) const {
    c[0] = -2 * std::log(theta[0]);
    c[1] = -0.5 / (theta[0] * theta[0]);
  }
  void mean(ConstVectorView theta, VectorView s) const {
    s[0] = 1;
    s[1] = 2 * theta[0] * theta[0];
  }
  std::optional<std::string> mle(ConstVectorView s, VectorView theta) const {
    if (!(s[0] > 0)) return "no rows are left to it";
    theta[0] = std::sqrt(s[1] / (2 * s[0]));
    return std::nullopt;
  }
  void sample(ConstVectorView theta, mixfam::Random& random, VectorView x) const {
    x[0] = theta[0] * std::sqrt(2 * random.exponential(1));
  }
};

int main() {
  auto registry = mixfam::Registry::builtin();
  registry.add({"rayleigh", "x / s^2 exp(-x^2 / (2 s^2)) for x > 0", {}, [](const mixfam::Shape& shape) {
                  return mixfam::make_columnwise_family(Rayleigh(), shape.columns);
                }});
  const auto family = registry.make("rayleigh", 1);

  // Waves of a calm and of a rough sea.
  mixfam::ParameterTable truth(family->parameters(), 2);
  truth.field(0, "scale")[0] = 1;
  truth.field(1, "scale")[0] = 6;
  std::vector<double> waves = mixfam::Mixture(family, {0.7, 0.3}, truth).sample(5000, 1);

  mixfam::MemorySource data(mixfam::MatrixView::column_major(waves.data(), waves.size(), 1));
  const mixfam::FitResult fit = mixfam::fit_restarts(family, 2, data).best;
  double error = 0;
  for (std::size_t k = 0; k < 2; ++k) {
    const double scale = fit.mixture.parameters().field(k, "scale")[0];
    std::printf("weight %.3f  scale %.3f\n", fit.mixture.weights()[k], scale);
    error = std::fmax(error, std::fmin(std::fabs(scale - 1), std::fabs(scale - 6) / 6));
  }
  return error < 0.05 ? 0 : 1;
}
