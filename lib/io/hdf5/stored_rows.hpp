#pragma once

#include "data/label_codes.hpp"
#include "io/hdf5/column_choice.hpp"
#include "io/hdf5/read_plan.hpp"
#include "io/hdf5/texts.hpp"

#include <mixfam/hdf5.hpp>
#include <mixfam/source.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace mixfam::hdf5 {

/// What rows are like when they are handed out, and how they are read.
struct RowFormat {
  std::size_t rows = 0;
  std::size_t columns = 0;
  ElementType element = ElementType::float64;
  std::vector<std::string> names;                ///< one for each column, or empty
  std::vector<std::vector<std::string>> labels;  ///< one list for each column, or empty
  std::vector<std::string> warnings;
  ReadPlan plan;
  std::size_t staged_row_bytes = 0;  ///< what reading a row takes besides the row

  std::size_t row_bytes() const { return columns * element_size(element); }
};

/// Rows of a file, however they are stored there.
class StoredRows {
 public:
  StoredRows() = default;
  StoredRows(const StoredRows&) = delete;
  StoredRows& operator=(const StoredRows&) = delete;
  virtual ~StoredRows() = default;

  /// Rows first .. first + count - 1, row after row, as values of `format().element`. Throws Error(data) naming what
  /// cannot be read.
  virtual void read(std::size_t first, std::size_t count, std::byte* target) = 0;

  const RowFormat& format() const { return format_; }

 protected:
  RowFormat format_;
};

/// A file whose rows are being opened.
struct OpenFile {
  const Handle& handle;
  const std::string& name;
  const Hdf5Options& options;
  std::shared_ptr<LabelCodes> codes;
  bool texts_are_known = false;  ///< from a rehearsal; else they are found
  std::size_t codes_used = 0;    ///< by the rows that are open
};

/// What is read as strings, but the labels in the data themselves, of what lies at a path; an empty path means the only
/// data of the file.
Texts find_texts(const OpenFile& file, const std::string& path);

/// The same of a data set. Throws Error(data) for anything else.
Texts data_set_texts(const OpenFile& file, const std::string& path);

/// The wanted columns of what lies at the path of the texts, which gain the labels in the data unless they are known.
std::unique_ptr<StoredRows> open_rows(OpenFile& file, Texts& texts, const ColumnChoice& wanted);

}  // namespace mixfam::hdf5
