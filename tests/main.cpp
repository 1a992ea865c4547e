// The one main of the Catch2 tests, for version 2 and 3 alike.
#define CATCH_CONFIG_RUNNER
#include "catch.hpp"

#include <cstdio>
#include <cstdlib>

int main(int argc, char** argv) {
  // Generated cases are the same in every run; another seed or number of cases is asked for in this variable.
  setenv("RC_PARAMS", "seed=1", 0);
  std::printf("RC_PARAMS='%s'\n", std::getenv("RC_PARAMS"));
  std::fflush(stdout);
  return Catch::Session().run(argc, argv);
}
