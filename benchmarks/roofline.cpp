// What the processor can do: double-precision fused multiply-adds a second, bytes read a second, and the triad
// a = b + s c (McCalpin 1995), with the widest vectors that it has. One JSON line for THREADS threads.
//
//     roofline THREADS

#include <algorithm>
#include <barrier>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <limits>
#include <thread>
#include <vector>

namespace {

constexpr int repetitions = 200;
constexpr std::size_t chains = 16;  // independent: enough to hide the latency of two units
constexpr std::size_t steps = std::size_t{1} << 18;
constexpr std::size_t array_doubles = std::size_t{1} << 24;  // of each thread: 128 MiB, beyond any cache

typedef double Vector16 __attribute__((vector_size(16)));
typedef double Vector32 __attribute__((vector_size(32)));
typedef double Vector64 __attribute__((vector_size(64)));

// The empty assembly keeps the accumulators in registers and alive.
#define DEFINE_MULTIPLY_ADDS(NAME, VECTOR, TARGET)                        \
  __attribute__((target(TARGET))) void NAME() {                           \
    VECTOR a[chains] = {};                                                \
    VECTOR b = a[0] + 0.999, c = a[0] + 1e-3;                             \
    for (std::size_t step = 0; step < steps; ++step) {                    \
      _Pragma("GCC unroll 16") for (std::size_t i = 0; i < chains; ++i) { \
        a[i] = a[i] * b + c;                                              \
        asm volatile("" : "+v"(a[i]));                                    \
      }                                                                   \
    }                                                                     \
  }
DEFINE_MULTIPLY_ADDS(multiply_adds_16, Vector16, "sse2")
DEFINE_MULTIPLY_ADDS(multiply_adds_32, Vector32, "avx2,fma")
DEFINE_MULTIPLY_ADDS(multiply_adds_64, Vector64, "avx512f")
#undef DEFINE_MULTIPLY_ADDS

struct Width {
  const char* name;
  std::size_t doubles;
  void (*multiply_adds)();
};

Width widest() {
  if (__builtin_cpu_supports("avx512f")) return {"AVX-512", 8, multiply_adds_64};
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return {"AVX2", 4, multiply_adds_32};
  return {"SSE2", 2, multiply_adds_16};
}

/// The best of some repetitions of `work(t)`, run by all threads t at once, from the first begin to the last end.
double best_seconds(std::size_t threads, const std::function<void(std::size_t)>& work) {
  using Clock = std::chrono::steady_clock;
  double best = std::numeric_limits<double>::infinity();
  for (int repetition = 0; repetition < repetitions; ++repetition) {
    std::barrier start(static_cast<std::ptrdiff_t>(threads));
    std::vector<Clock::time_point> begins(threads), ends(threads);
    {
      std::vector<std::jthread> pool;
      for (std::size_t t = 0; t < threads; ++t)
        pool.emplace_back([&, t] {
          start.arrive_and_wait();
          begins[t] = Clock::now();
          work(t);
          ends[t] = Clock::now();
        });
    }
    const auto elapsed = *std::max_element(ends.begin(), ends.end()) - *std::min_element(begins.begin(), begins.end());
    best = std::min(best, std::chrono::duration<double>(elapsed).count());
  }
  return best;
}

struct Arrays {
  std::vector<double> a, b, c;
  double sum = 0;
};

void read_all(Arrays& arrays) {
  Vector64 sums[4] = {};
  const double* x = arrays.b.data();
  for (std::size_t i = 0; i < array_doubles; i += 32)
    for (std::size_t j = 0; j < 4; ++j)
      for (std::size_t lane = 0; lane < 8; ++lane) sums[j][lane] += x[i + 8 * j + lane];
  for (const Vector64& sum : sums) arrays.sum += sum[0];
}

void triad(Arrays& arrays) {
  for (std::size_t i = 0; i < array_doubles; ++i) arrays.a[i] = arrays.b[i] + 3.0 * arrays.c[i];
}

}  // namespace

int main(int argc, char** argv) {
  const std::size_t threads = argc == 2 ? std::strtoull(argv[1], nullptr, 10) : 0;
  if (threads == 0) {
    std::fprintf(stderr, "usage: roofline THREADS\n");
    return 2;
  }
  const Width width = widest();
  const double flops = 2.0 * static_cast<double>(width.doubles * chains * steps * threads);
  const double gflops = flops / best_seconds(threads, [&](std::size_t) { width.multiply_adds(); }) / 1e9;

  std::vector<Arrays> arrays(threads);
  for (auto& own : arrays)
    own = {std::vector<double>(array_doubles, 1), std::vector<double>(array_doubles, 1),
           std::vector<double>(array_doubles, 1)};
  const double bytes = static_cast<double>(array_doubles * sizeof(double) * threads);
  const double read = bytes / best_seconds(threads, [&](std::size_t t) { read_all(arrays[t]); }) / 1e9;
  const double triads = 3 * bytes / best_seconds(threads, [&](std::size_t t) { triad(arrays[t]); }) / 1e9;
  if (arrays[0].sum < 0) return 1;  // the sums are needed
  std::printf("{\"threads\": %zu, \"vectors\": \"%s\", \"gflops\": %.6g, \"read_gb\": %.6g, \"triad_gb\": %.6g}\n",
              threads, width.name, gflops, read, triads);
  return 0;
}
