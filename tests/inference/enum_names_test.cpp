#include <mixfam/enum_names.hpp>
#include <mixfam/fit.hpp>
#include <mixfam/parameters.hpp>

#include <string>

#include "catch.hpp"

namespace mixfam {
namespace {

/// Each value up to the last has one name, which names it alone.
template <class Enum>
void check_names(Enum last) {
  const int count = static_cast<int>(last) + 1;
  REQUIRE(std::size(EnumNames<Enum>::all) == static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    const Enum value = static_cast<Enum>(i);
    CHECK(EnumNames<Enum>::all[i].value == value);
    CHECK(std::string(to_string(value)) != "");
    CHECK(from_string<Enum>(to_string(value)) == value);
  }
  CHECK(std::string(to_string(static_cast<Enum>(count))) == "");
  CHECK_FALSE(from_string<Enum>("no such name"));
  CHECK_FALSE(from_string<Enum>(""));
}

}  // namespace

TEST_CASE("enumerations: every value has a name of its own", "[enum_names]") {
  check_names(Domain::correction);
  check_names(Update::sampled);
  check_names(Assignment::sampled);
  check_names(WeightsPrior::stick_breaking);
  check_names(Start::random_rows);
  check_names(Verdict::saddle);
  check_names(DegeneratePolicy::keep);
  check_names(Acceleration::anderson);
  check_names(Prefer::likelihood);
}

TEST_CASE("enumerations: the names that files and options have", "[enum_names]") {
  CHECK(from_string<Update>("vb") == Update::vb);
  CHECK(from_string<Assignment>("hard") == Assignment::hard);
  CHECK(from_string<WeightsPrior>("stick-breaking") == WeightsPrior::stick_breaking);
  CHECK(from_string<Start>("kmeans++") == Start::kmeans_plus_plus);
  CHECK(from_string<Start>("random") == Start::random_rows);
  CHECK(from_string<Verdict>("max_iterations") == Verdict::max_iterations);
  CHECK(from_string<Acceleration>("squarem") == Acceleration::squarem);
}

}  // namespace mixfam
