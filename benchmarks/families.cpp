// The time of an iteration of every family over one column, against that of the Gaussian: median over the iterations
// of one fit, M-step and E-step, of rows in memory. Prints a table in Markdown.
//
//     families [THREADS [ROWS]]

#include <mixfam/mixfam.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

namespace {

using namespace mixfam;
using Clock = std::chrono::steady_clock;

constexpr std::size_t components = 8;
constexpr std::size_t iterations = 15;

/// Gamma variates of a scale for each component, rounded and bounded as the family's support asks.
std::vector<double> rows_of(const Family& family, std::size_t rows) {
  Random random{1};
  const Support& support = family.support(0);
  std::vector<double> values;
  for (std::size_t n = 0; n < rows; ++n) {
    const double drawn = 0.01 + random.gamma(3, 1 / (1.0 + static_cast<double>(n % components)));
    values.push_back(support.integer ? std::min(std::floor(drawn), support.upper) : drawn);
  }
  return values;
}

double milliseconds_of(const std::string& spec, std::size_t rows, std::size_t threads) {
  const FamilyPtr family = Registry::builtin().make(spec, 1);
  const std::vector<double> values = rows_of(*family, rows);
  MemorySource source(ConstMatrixView::column_major(values.data(), rows, 1));
  FitOptions options;
  options.tolerance = 0;
  options.max_iterations = iterations;
  options.threads = threads;
  std::vector<Clock::time_point> stamps;
  options.observer = [&](const FitState&) {
    stamps.push_back(Clock::now());
    return Observe::go_on;
  };
  fit(initialize(family, components, source), source, options);
  std::vector<double> times;
  for (std::size_t i = 1; i < stamps.size(); ++i)
    times.push_back(std::chrono::duration<double, std::milli>(stamps[i] - stamps[i - 1]).count());
  std::nth_element(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2), times.end());
  return times[times.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  const std::size_t threads = argc > 1 ? std::stoul(argv[1]) : 1;
  const std::size_t rows = argc > 2 ? std::stoul(argv[2]) : 500000;
  const double gaussian = milliseconds_of("gaussian", rows, threads);
  std::printf("| family, N=%zu D=1 K=%zu, threads: %zu | ms an iteration | times the Gaussian |\n|---|---|---|\n", rows,
              components, threads);
  for (const char* spec :
       {"gaussian", "gaussian:covariance=diagonal", "gaussian:covariance=spherical",
        "gaussian:covariance=spherical,variance=1", "gaussian:covariance=tied", "log_normal", "exponential", "gamma",
        "poisson", "geometric", "binomial:trials=20", "categorical:categories=30", "multinomial"}) {
    const double time = milliseconds_of(spec, rows, threads);
    std::printf("| %s | %.1f | %.1f |\n", spec, time, time / gaussian);
  }
}
