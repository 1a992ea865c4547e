#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mixfam::hdf5 {

/// What is read of a data set as strings. The HDF5 library is at its weakest there, so it is read once, and in a
/// rehearsal where there is one.
struct Texts {
  std::string path;  ///< where the data set was found
  bool is_group_of_codes = false;
  std::vector<std::string> names;                ///< the attribute that names columns
  std::vector<std::string> categories;           ///< of a group of codes
  std::vector<std::vector<std::string>> labels;  ///< of each column of strings, as they first appear
};
/// As bytes for another process, and back.
std::string packed(const Texts& texts);
Texts unpacked(std::string_view bytes);

}  // namespace mixfam::hdf5
