#include <mixfam/hdf5.hpp>

#include <cstdlib>
#include <filesystem>
#include <set>

#include "catch.hpp"
#include "io/test_file.hpp"

// Files of tests/hdf5_files.py.

namespace mixfam {
namespace {

namespace fs = std::filesystem;

std::set<std::string> names_of_files(const std::string& location) {
  std::set<std::string> names;
  for (const std::string& file : Hdf5Source(test_file(location)).files()) {
    CHECK(fs::exists(file));
    names.insert(fs::path(file).filename().string());
  }
  return names;
}

std::set<std::string> paths_of(const std::string& location) {
  std::set<std::string> paths;
  for (const Hdf5Object& object : list_hdf5(test_file(location))) paths.insert(object.path);
  return paths;
}

}  // namespace

TEST_CASE("a source names every file that its rows come from", "[hdf5]") {
  using Names = std::set<std::string>;
  CHECK(names_of_files("target.h5") == Names{"target.h5"});
  CHECK(names_of_files("virtual.h5") == Names{"virtual.h5", "part0.h5"});
  CHECK(names_of_files("links.h5:/external") == Names{"links.h5", "target.h5"});
  CHECK(names_of_files("links.h5:/soft") == Names{"links.h5"});
}

TEST_CASE("a listing of a path holds what lies at and below it", "[hdf5]") {
  CHECK(paths_of("links.h5:/group") == std::set<std::string>{"/group", "/group/X"});
  CHECK(paths_of("links.h5:/group/X") == std::set<std::string>{"/group/X"});
  CHECK(paths_of("links.h5:/") == paths_of("links.h5"));
  CHECK_THROWS(list_hdf5(test_file("links.h5:/nowhere")));
}

}  // namespace mixfam
