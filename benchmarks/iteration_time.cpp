// Milliseconds for one EM iteration on a seeded synthetic mixture: the median of five fits of ten iterations each.
//
//     iteration_time SPEC ROWS COLUMNS COMPONENTS        such as: iteration_time gaussian 200000 16 16

#include <mixfam/mixfam.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

using namespace mixfam;

constexpr std::size_t iterations = 10;
constexpr std::size_t repetitions = 5;

/// Positive rows in K overlapping groups.
std::vector<double> synthetic_rows(std::size_t rows, std::size_t columns, std::size_t components) {
  std::vector<double> values(rows * columns);
  Random random{1};
  for (std::size_t n = 0; n < rows; ++n) {
    const double shape = 2 + 3 * static_cast<double>(n % components);
    for (std::size_t j = 0; j < columns; ++j) values[n * columns + j] = random.gamma(shape, 1);
  }
  return values;
}

double seconds_of_fit(const Mixture& start, Source& source, std::size_t max_iterations) {
  FitOptions options;
  options.tolerance = 0;
  options.max_iterations = max_iterations;
  const auto begin = std::chrono::steady_clock::now();
  fit(start, source, options);
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr, "usage: iteration_time SPEC ROWS COLUMNS COMPONENTS\n");
    return 2;
  }
  const std::string spec = argv[1];
  const std::size_t rows = std::strtoull(argv[2], nullptr, 10);
  const std::size_t columns = std::strtoull(argv[3], nullptr, 10);
  const std::size_t components = std::strtoull(argv[4], nullptr, 10);
  try {
    const auto values = synthetic_rows(rows, columns, components);
    MemorySource source(ConstMatrixView::row_major(values.data(), rows, columns));
    const Mixture start = initialize(Registry::builtin().make(spec, columns), components, source);
    std::vector<double> milliseconds;
    for (std::size_t r = 0; r < repetitions; ++r) {
      const double overhead = seconds_of_fit(start, source, 0);  // checks and the first E-step
      milliseconds.push_back(1e3 * (seconds_of_fit(start, source, iterations) - overhead) / iterations);
    }
    std::sort(milliseconds.begin(), milliseconds.end());
    std::printf("%s N=%zu D=%zu K=%zu: %.3g ms an iteration\n", spec.c_str(), rows, columns, components,
                milliseconds[repetitions / 2]);
  } catch (const Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
