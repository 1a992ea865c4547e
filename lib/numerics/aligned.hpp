#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <vector>

namespace mixfam {

/// Memory that begins at a cache line, so that no vector load lies across two.
template <class T>
struct AlignedAllocator {
  using value_type = T;
  static constexpr std::size_t alignment = 64;
  static_assert(__STDCPP_DEFAULT_NEW_ALIGNMENT__ >= sizeof(void*), "room for a pointer before aligned memory");

  AlignedAllocator() = default;
  template <class U>
  AlignedAllocator(const AlignedAllocator<U>&) {}

  /// Ordinary memory, whose own beginning is kept before the aligned one: aligned allocation, which cuts blocks to size
  /// and joins the rest, takes ten times as long.
  T* allocate(std::size_t count) {
    auto* whole = static_cast<std::byte*>(::operator new(count * sizeof(T) + alignment));
    std::byte* memory = whole + alignment - reinterpret_cast<std::uintptr_t>(whole) % alignment;
    std::memcpy(memory - sizeof whole, &whole, sizeof whole);
    return reinterpret_cast<T*>(memory);
  }
  void deallocate(T* memory, std::size_t) {
    void* whole;
    std::memcpy(&whole, reinterpret_cast<std::byte*>(memory) - sizeof whole, sizeof whole);
    ::operator delete(whole);
  }
  bool operator==(const AlignedAllocator&) const = default;
};

using AlignedVector = std::vector<double, AlignedAllocator<double>>;

}  // namespace mixfam
