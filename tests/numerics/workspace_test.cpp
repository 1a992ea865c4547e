#include <mixfam/workspace.hpp>

#include "catch.hpp"

#include <cstdint>
#include <utility>

namespace mixfam {

TEST_CASE("workspace: what a frame takes stays where it is, and is given back", "[workspace]") {
  Workspace workspace;
  const double* first = nullptr;
  for (int block = 0; block < 3; ++block) {
    Workspace::Frame outer(workspace);
    double* a = outer.take(10);
    CHECK(reinterpret_cast<std::uintptr_t>(a) % 64 == 0);
    if (block == 0) first = a;
    CHECK(a == first);
    a[9] = 7;
    for (std::size_t size = 1; size < 2'000'000; size *= 10) {  // far beyond the first piece of memory
      Workspace::Frame inner(workspace);
      double* b = inner.zeros(size);
      CHECK(b != a);
      CHECK(b[size - 1] == 0);
      b[0] = b[size - 1] = 3;
    }
    CHECK(a[9] == 7);
    auto* c = outer.take<unsigned char>(3);
    c[2] = 1;
    CHECK(a[9] == 7);
  }
}

TEST_CASE("workspace: nested frames do not share memory", "[workspace]") {
  Workspace workspace;
  Workspace::Frame outer(workspace);
  double* a = outer.zeros(4);
  double* inner_b = nullptr;
  {
    Workspace::Frame inner(workspace);
    inner_b = inner.take(4);
    for (int i = 0; i < 4; ++i) inner_b[i] = 5;
  }
  CHECK(outer.take(4) == inner_b);
  for (int i = 0; i < 4; ++i) CHECK(a[i] == 0);
}

TEST_CASE("workspace: a moved one can be used, and a copy has memory of its own", "[workspace]") {
  Workspace workspace;
  { Workspace::Frame(workspace).take(100); }
  Workspace moved = std::move(workspace);
  Workspace copy = moved;
  Workspace::Frame frame(moved);
  Workspace::Frame of_copy(copy);
  CHECK(frame.zeros(100)[99] == 0);
  CHECK(of_copy.zeros(100) != frame.take(0));
}

}  // namespace mixfam
