// Two Gaussians fitted to an array of one's own.
#include <mixfam/mixfam.hpp>

#include <cstdio>
#include <vector>

int main() {
  std::vector<double> heights = {151, 154, 156, 157, 158, 159, 161, 163, 174, 176, 178, 179, 181, 182, 185, 188};
  mixfam::MemorySource data(mixfam::MatrixView::column_major(heights.data(), heights.size(), 1));

  const auto gaussian = mixfam::Registry::builtin().make("gaussian", 1);
  const mixfam::FitResult fit = mixfam::fit_restarts(gaussian, 2, data).best;

  for (std::size_t k = 0; k < 2; ++k) {
    const auto& parameters = fit.mixture.parameters();
    std::printf("weight %.3f  mean %.2f  variance %.2f\n", fit.mixture.weights()[k], parameters.field(k, "mean")[0],
                parameters.field(k, "covariance")[0]);
  }
  std::printf("log likelihood %.6f (%s)\n", fit.log_likelihood(), to_string(fit.verdict));
  for (const mixfam::TraceEntry& entry : fit.trace)
    std::printf("%3zu  log p %.6f  KL %.2e\n", entry.iteration, entry.log_likelihood, entry.kl);
}
