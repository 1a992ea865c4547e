#pragma once

#include <cstdlib>
#include <stdexcept>
#include <string>

namespace mixfam {

/// One of the files that tests/hdf5_files.py makes.
inline std::string test_file(const std::string& name) {
  const char* folder = std::getenv("MIXFAM_TEST_FILES");
  if (!folder) throw std::runtime_error("MIXFAM_TEST_FILES must name the folder that tests/hdf5_files.py filled");
  return std::string(folder) + "/" + name;
}

}  // namespace mixfam
