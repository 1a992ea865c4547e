// A caller who compiles as C++17 fits a mixture to arrays of their own, one of them of floats in column-major order.

#include <mixfam/mixfam.hpp>

#include <cmath>
#include <cstddef>
#include <cstdio>
#include <vector>

int main() {
  // Two exponential components: 3000 values of rate 10 and 1000 of rate 0.1, from a fixed stream.
  const std::size_t rows = 4000;
  mixfam::Random random({1});
  std::vector<double> times(rows);
  for (std::size_t n = 0; n < rows; ++n) times[n] = random.exponential(n < 3000 ? 10 : 0.1);

  const auto family = mixfam::Registry::builtin().make("exponential", 1);
  mixfam::MemorySource source(mixfam::MatrixView::column_major(times.data(), rows, 1));
  const auto fit = mixfam::fit_restarts(family, 2, source).best;
  const double kl = fit.trace.back().kl;
  const std::size_t fast = fit.mixture.weights()[0] > fit.mixture.weights()[1] ? 0 : 1;
  const double weight = fit.mixture.weights()[fast];
  const double rate = fit.mixture.parameters().field(fast, "rate")[0];
  std::printf("weight %.3f, rate %.3f, log likelihood %.3f, kl %.3g\n", weight, rate, fit.log_likelihood(), kl);

  // Standard errors: about 0.008 for the weight and 0.2 for the rate.
  bool ok = fit.verdict == mixfam::Verdict::converged && std::abs(weight - 0.75) < 0.04 && std::abs(rate - 10) < 1 &&
            kl >= -1e-9;

  // One Gaussian: its maximum likelihood estimates are the moments, 2.5 and 1.25.
  const std::vector<float> points = {1, 2, 3, 4, 10, 20, 30, 41};
  mixfam::MemorySource matrix(mixfam::BasicMatrixView<const float>::column_major(points.data(), 4, 2));
  const auto gaussian = mixfam::Registry::builtin().make("gaussian", 2);
  const auto one = mixfam::fit(mixfam::initialize(gaussian, 1, matrix), matrix);
  ok = ok && std::abs(one.mixture.parameters().field(0, "mean")[0] - 2.5) < 1e-12 &&
       std::abs(one.mixture.parameters().field(0, "covariance")[0] - 1.25) < 1e-12;

  // Exceptions cross the boundary of a shared library.
  try {
    mixfam::Registry::builtin().make("no such family", 1);
    ok = false;
  } catch (const mixfam::Error& error) {
    ok = ok && error.kind() == mixfam::ErrorKind::usage;
  }
  return ok ? 0 : 1;
}
