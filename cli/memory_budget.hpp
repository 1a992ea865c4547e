#pragma once

#include <mixfam/cached_source.hpp>
#include <mixfam/groups.hpp>

#include <cstddef>
#include <optional>
#include <string>

namespace mixfam::cli {

/// The bytes of a text such as "2GiB", "500MB" or "1048576". Throws Error(usage) naming the option.
std::size_t parse_bytes(const std::string& option, const std::string& text);

/// A number of bytes in whole MiB, rounded up.
std::string mebibytes_text(std::size_t bytes);

/// The memory that this process may take, in bytes: of the machine, its control group and its own limits the least.
std::size_t available_memory();

/// What a fit holds besides the rows that it keeps.
struct FitSize {
  std::size_t components = 1;
  std::size_t threads = 1;
  std::size_t held_bytes = 0;  ///< of responsibilities to start from, and of weights and labels in memory
};

/// What the rows take.
struct RowsSize {
  std::string name;  ///< of their source
  std::size_t rows;
  std::size_t columns;
  std::size_t row_bytes;      ///< of one that is kept
  std::size_t reading_bytes;  ///< the most that reading them takes
};

/// How `memory` bytes for the whole process are spent; without them, half of what the machine or its limits allow, and
/// never too little. The families may be unknown: then its statistics are taken to be few.
/// Throws Error(usage) naming the least that is enough when `memory` is less.
CacheOptions plan_memory(std::optional<std::size_t> memory, const RowsSize& source, const Groups* groups,
                         const FitSize& size);

}  // namespace mixfam::cli
