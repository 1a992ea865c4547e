#pragma once

#include <mixfam/export.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace mixfam {

/// Every `step`-th of numbered things from `begin` to before `end`, as Python's slices: negative numbers count from
/// behind, what is left out is the whole, what lies outside is cut off.
struct MIXFAM_API Slice {
  std::optional<std::int64_t> begin;
  std::optional<std::int64_t> end;
  std::int64_t step = 1;

  struct Range {
    std::size_t first;
    std::size_t count;
    std::size_t step;
  };
  /// Of `size` things. Throws Error(usage) unless step > 0.
  Range of(std::size_t size) const;

  /// "begin:end" or "begin:end:step"; nothing for a text that is not written so.
  static std::optional<Slice> parse(const std::string& text);
};

}  // namespace mixfam
