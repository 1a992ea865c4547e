#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mixfam::hdf5 {

/// How rows are stored.
enum class Form {
  data_set,
  codes,  ///< a group of codes and their categories (AnnData)
};

/// What is read of stored rows as strings. The HDF5 library is at its weakest there, so it is read once, and in a
/// rehearsal where there is one.
struct Texts {
  std::string path;  ///< where the rows were found
  Form form = Form::data_set;
  std::vector<std::string> names;                ///< the attribute that names columns
  std::vector<std::string> categories;           ///< of a group of codes
  std::vector<std::vector<std::string>> labels;  ///< of each column of strings, as they first appear
};
/// As bytes for another process, and back.
std::string packed(const Texts& texts);
Texts unpacked(std::string_view bytes);

}  // namespace mixfam::hdf5
