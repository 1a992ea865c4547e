#include <mixfam/error.hpp>

#include "kernels.hpp"

#include <algorithm>
#include <atomic>
#include <cstdlib>

namespace mixfam {

extern const Kernels kernels_of_baseline;
#ifdef MIXFAM_X86_KERNELS
extern const Kernels kernels_of_avx2;
extern const Kernels kernels_of_avx512;
#endif

namespace {

constexpr const char* variable = "MIXFAM_SIMD";

const Kernels& choose() {
  const auto available = available_kernels();
  const char* wanted = std::getenv(variable);
  if (wanted == nullptr || *wanted == '\0') return *available.back();
  std::string known;
  for (const Kernels* one : available) {
    if (std::string(one->instruction_set) == wanted) return *one;
    known += (known.empty() ? "" : ", ") + std::string(one->instruction_set);
  }
  throw Error(ErrorKind::usage, std::string(variable) + " = " + wanted + ": this processor and build have " + known +
                                    "; name one or unset it");
}

std::atomic<const Kernels*> current = nullptr;

}  // namespace

std::vector<const Kernels*> available_kernels() {
  std::vector<const Kernels*> result = {&kernels_of_baseline};
#ifdef MIXFAM_X86_KERNELS
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) result.push_back(&kernels_of_avx2);
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl"))
    result.push_back(&kernels_of_avx512);
#endif
  return result;
}

const Kernels& kernels() {
  if (const Kernels* chosen = current.load(std::memory_order_acquire)) return *chosen;
  const Kernels& chosen = choose();
  current.store(&chosen, std::memory_order_release);
  return chosen;
}

void force_kernels(const Kernels* chosen) { current.store(chosen, std::memory_order_release); }

std::vector<double> pack_lower(const double* W, std::size_t d) {
  std::vector<double> panels;
  std::size_t size = 0;
  for (std::size_t first = 0; first < d; first += panel_rows) size += panel_rows * std::min(first + panel_rows, d);
  panels.reserve(size);
  for (std::size_t first = 0; first < d; first += panel_rows) {
    const std::size_t end = std::min(first + panel_rows, d);
    for (std::size_t j = 0; j < end; ++j)
      for (std::size_t i = first; i < first + panel_rows; ++i) panels.push_back(i < d && j <= i ? W[i * d + j] : 0);
  }
  return panels;
}

std::vector<double> pack_panels(const double* C, std::size_t rows, std::size_t columns, std::size_t row_stride) {
  std::vector<double> panels;
  panels.reserve(padded(rows, panel_rows) * columns);
  for (std::size_t first = 0; first < rows; first += panel_rows)
    for (std::size_t p = 0; p < columns; ++p)
      for (std::size_t k = first; k < first + panel_rows; ++k) panels.push_back(k < rows ? C[k * row_stride + p] : 0);
  return panels;
}

}  // namespace mixfam
