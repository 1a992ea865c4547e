#pragma once

#include <cstddef>
#include <new>
#include <vector>

namespace mixfam {

/// Memory that begins at a cache line, so that no vector load lies across two.
template <class T>
struct AlignedAllocator {
  using value_type = T;
  static constexpr std::align_val_t alignment{64};

  AlignedAllocator() = default;
  template <class U>
  AlignedAllocator(const AlignedAllocator<U>&) {}

  T* allocate(std::size_t count) { return static_cast<T*>(::operator new(count * sizeof(T), alignment)); }
  void deallocate(T* memory, std::size_t) { ::operator delete(memory, alignment); }
  bool operator==(const AlignedAllocator&) const = default;
};

using AlignedVector = std::vector<double, AlignedAllocator<double>>;

}  // namespace mixfam
