#include "memory_budget.hpp"

#include <mixfam/error.hpp>

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>
#include <limits>
#include <utility>

namespace mixfam::cli {

namespace {

constexpr std::size_t mebibyte = std::size_t{1} << 20;

/// The program, its libraries and what HDF5 keeps for itself: 20 to 30 MiB are seen.
constexpr std::size_t process_bytes = 40 * mebibyte;

/// A thread: its stack as far as it is used, what kernels work on, and what the allocator keeps for it.
constexpr std::size_t thread_bytes = 2 * mebibyte;

/// Statistics and parameters of a fit, as many as can be alive at once besides those of each thread and one for each
/// level of the summation tree.
constexpr std::size_t model_copies = 12;

/// Statistics of a thread: the nodes of its task, and tasks that wait for those before them.
constexpr std::size_t model_copies_of_thread = 10;

/// What an unknown family is taken to need for its statistics.
constexpr std::size_t model_allowance = 8 * mebibyte;

/// The sample of rows that a start draws its centres from, and the distances to them (docs/numerics.md).
constexpr std::size_t sample_allowance = 20 * mebibyte;
constexpr std::size_t fewest_sample_rows = 1024;
constexpr std::size_t fewest_sample_rows_for_each_component = 32;

/// Chunks of streamed rows.
constexpr std::size_t least_chunk_bytes = mebibyte;
constexpr std::size_t greatest_chunk_bytes = 16 * mebibyte;
constexpr std::size_t chunks_in_budget = 32;

/// Rows that are converted at a time, with their densities and responsibilities.
constexpr std::size_t work_rows = 256;

std::size_t whole_file_number(const char* file) {
  std::ifstream stream(file);
  std::size_t number = 0;
  return stream >> number ? number : std::numeric_limits<std::size_t>::max();
}

/// Libraries reserve address space that they never use.
std::size_t address_space_in_use() {
  const std::size_t pages = whole_file_number("/proc/self/statm");
  return pages == std::numeric_limits<std::size_t>::max() ? 0 : pages * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace

std::size_t available_memory() {
  std::size_t bytes =
      static_cast<std::size_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  for (const char* file : {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"})
    bytes = std::min(bytes, whole_file_number(file));
  rlimit limit = {};
  if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
    bytes =
        std::min<std::size_t>(bytes, limit.rlim_cur - std::min<std::size_t>(limit.rlim_cur, address_space_in_use()));
  return bytes;
}

namespace {

std::size_t model_bytes(const Groups& groups, const RowsSize& source, const FitSize& size) {
  const std::size_t leaves = source.rows / pass_granularity + 1;
  const std::size_t levels = static_cast<std::size_t>(std::ceil(std::log2(static_cast<double>(leaves)))) + 1;
  std::size_t values = 0;
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const Family& family = groups.family(g);
    values += groups.components(g) * (family.statistic_size() + family.origin_size() + family.parameters().size());
  }
  return (model_copies + levels + model_copies_of_thread * size.threads) * values * sizeof(double);
}

/// What is taken when not a single row is kept, besides the chunks of streamed rows.
std::size_t bytes_without_rows(const RowsSize& source, const Groups* groups, const FitSize& size) {
  const std::size_t work = work_rows * (source.columns + 4 * size.components) * sizeof(double);
  const std::size_t sample_rows = std::max(fewest_sample_rows, fewest_sample_rows_for_each_component * size.components);
  const std::size_t sample = std::min(sample_rows, source.rows) * 2 * source.columns * sizeof(double);
  const std::size_t model = groups ? model_bytes(*groups, source, size) : 0;
  return process_bytes + size.threads * (thread_bytes + work) + std::max(sample_allowance, sample) +
         std::max(model_allowance, model) + source.reading_bytes + size.held_bytes;
}

}  // namespace

std::size_t parse_bytes(const std::string& option, const std::string& text) {
  constexpr std::pair<const char*, std::size_t> units[] = {
      {"", 1},
      {"B", 1},
      {"kB", 1000},
      {"MB", 1000 * 1000},
      {"GB", 1000 * 1000 * 1000},
      {"TB", std::size_t{1000} * 1000 * 1000 * 1000},
      {"KiB", std::size_t{1} << 10},
      {"MiB", std::size_t{1} << 20},
      {"GiB", std::size_t{1} << 30},
      {"TiB", std::size_t{1} << 40},
  };
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && number > 0) {
    const std::string unit(end, text.data() + text.size());
    for (const auto& [name, bytes] : units)
      if (unit == name && number <= std::numeric_limits<std::size_t>::max() / bytes) return number * bytes;
  }
  throw Error(ErrorKind::usage,
              option + " = " + text +
                  ": a whole number > 0 and a unit are needed, as in 2GiB; units are B, kB, MB, GB, TB "
                  "(powers of 1000) and KiB, MiB, GiB, TiB (powers of 1024)");
}

std::string mebibytes_text(std::size_t bytes) {
  return std::to_string(bytes / mebibyte + (bytes % mebibyte > 0 ? 1 : 0)) + "MiB";
}

CacheOptions plan_memory(std::optional<std::size_t> memory, const RowsSize& source, const Groups* groups,
                         const FitSize& size) {
  const std::size_t budget = memory.value_or(available_memory() / 2);
  const std::size_t fixed = bytes_without_rows(source, groups, size);
  const std::size_t granule = pass_granularity * source.row_bytes;
  const std::size_t chunk =
      std::max(granule, std::clamp(budget / chunks_in_budget, least_chunk_bytes, greatest_chunk_bytes));
  const std::size_t least = fixed + 2 * std::max(granule, least_chunk_bytes);
  if (memory && budget < least)
    throw Error(ErrorKind::usage, "--memory = " + mebibytes_text(budget) + " is too little for " + source.name +
                                      ": the program, the model and the reading of rows take " + mebibytes_text(least) +
                                      " even when no rows are kept; give at least --memory " + mebibytes_text(least));
  const std::size_t all_rows = source.row_bytes * source.rows;
  const std::size_t left = budget - std::min(budget, fixed);
  if (all_rows <= left) return {all_rows, chunk};
  return {left - std::min(left, 2 * chunk), chunk};
}

}  // namespace mixfam::cli
