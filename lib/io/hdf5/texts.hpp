#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mixfam::hdf5 {

/// How rows are stored.
enum class Form {
  data_set,
  codes,          ///< a group of codes and their categories (AnnData)
  masked,         ///< a group of values and the mask of those that are missing (AnnData)
  columns,        ///< a group of columns of one length
  pandas_blocks,  ///< a group of blocks of columns of one type (pandas, format='fixed')
  sparse,         ///< a group of a sparse matrix by rows or by columns (AnnData, 10x Genomics)
};

/// What is read of stored rows as strings. The HDF5 library is at its weakest there, so it is read once, and in a
/// rehearsal where there is one.
struct Texts {
  std::string path;  ///< where the rows were found
  Form form = Form::data_set;
  std::vector<std::string> names;                  ///< of columns, as far as attributes or other objects name them
  std::vector<std::string> categories;             ///< of a group of codes
  std::vector<std::vector<std::string>> labels;    ///< of each column of strings, as they first appear
  std::vector<std::vector<std::string>> elements;  ///< of each member of a table: names of its elements, or none

  // Of a group:
  std::vector<Texts> parts;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> places;  ///< of each name: a part and a column of it
  bool only_if_wanted = false;                                  ///< a part that is left out unless it is asked for
};
/// As bytes for another process, and back.
std::string packed(const Texts& texts);
Texts unpacked(std::string_view bytes);

}  // namespace mixfam::hdf5
