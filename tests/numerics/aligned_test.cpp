#include "numerics/aligned.hpp"

#include <cstdint>
#include <utility>

#include "catch.hpp"

namespace mixfam {

TEST_CASE("aligned: memory of any size begins at a cache line and keeps its values", "[aligned]") {
  std::vector<AlignedVector> vectors;
  for (std::size_t size = 1; size < 300; ++size) vectors.emplace_back(size, static_cast<double>(size));
  for (const AlignedVector& vector : vectors) {
    CHECK(reinterpret_cast<std::uintptr_t>(vector.data()) % 64 == 0);
    CHECK(vector == AlignedVector(vector.size(), static_cast<double>(vector.size())));
  }
}

}  // namespace mixfam
