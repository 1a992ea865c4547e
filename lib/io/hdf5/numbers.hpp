#pragma once

#include <mixfam/source.hpp>

#include <cstddef>
#include <cstdint>

namespace mixfam::hdf5 {

/// Calls a function with a pointer to numbers of their own type.
template <class F>
auto with_type(ElementType element, const std::byte* numbers, F&& function) {
  switch (element) {
    case ElementType::int8:
      return function(reinterpret_cast<const std::int8_t*>(numbers));
    case ElementType::uint8:
      return function(reinterpret_cast<const std::uint8_t*>(numbers));
    case ElementType::int16:
      return function(reinterpret_cast<const std::int16_t*>(numbers));
    case ElementType::uint16:
      return function(reinterpret_cast<const std::uint16_t*>(numbers));
    case ElementType::int32:
      return function(reinterpret_cast<const std::int32_t*>(numbers));
    case ElementType::uint32:
      return function(reinterpret_cast<const std::uint32_t*>(numbers));
    case ElementType::int64:
      return function(reinterpret_cast<const std::int64_t*>(numbers));
    case ElementType::uint64:
      return function(reinterpret_cast<const std::uint64_t*>(numbers));
    case ElementType::float32:
      return function(reinterpret_cast<const float*>(numbers));
    case ElementType::float64:
      break;
  }
  return function(reinterpret_cast<const double*>(numbers));
}

}  // namespace mixfam::hdf5
