#pragma once

#include "io/hdf5/cells.hpp"
#include "io/hdf5/column_choice.hpp"
#include "io/hdf5/meaning.hpp"
#include "io/hdf5/string_columns.hpp"
#include "io/hdf5/text.hpp"
#include "io/hdf5/texts.hpp"

#include <mixfam/hdf5.hpp>
#include <mixfam/source.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace mixfam::hdf5 {

/// Neighbouring cells of a table that come as bits of so many bytes each, one after another.
struct BitFields {
  std::size_t cell;
  std::size_t count;
  std::size_t bytes;
};

/// How a row lies in the file, how HDF5 delivers it, and how it is handed out.
struct RowLayout {
  /// Of the wanted columns of a data set. Throws Error(data) for columns that are not there or hold no numbers or
  /// strings.
  RowLayout(hid_t dataset, const ColumnChoice& wanted, const Texts& texts, const Hdf5Options& options,
            StringColumns no_strings, std::string where);

  /// The labels of the columns of strings, as `StringColumns::collect` finds them.
  void set_labels(const std::vector<std::vector<std::string>>& found);

  std::size_t handed_row_bytes() const { return columns * element_size(element); }
  /// Of cells that are read before they are transposed, the wanted ones gathered, and what they mean is found.
  std::size_t staged_row_bytes() const {
    return (reader.transposed ? row_bytes : 0) + (gather.empty() ? 0 : row_bytes) +
           (meaning.is_plain() ? 0 : columns * element_size(stored));
  }

  std::size_t rows = 0;

  std::vector<std::string> names;
  std::vector<std::string> warnings;

  // One row as HDF5 delivers it.
  CellReader reader;
  Handle own_memory_type;
  hid_t memory_type = H5I_INVALID_HID;
  std::size_t row_bytes = 0;

  Meaning meaning;
  ElementType stored = ElementType::float64;  ///< of the numbers as they are read
  bool gaps = false;                          ///< missing values are handed out as NaN; else refused

  // One row as it is handed out: `columns` values of `element`.
  ElementType element = ElementType::float64;
  std::size_t columns = 0;
  std::vector<std::size_t> gather;      ///< the cell of each column, when not one after another
  std::vector<BitFields> bit_fields;    ///< of a table
  std::vector<std::size_t> enumerated;  ///< columns of labels by number, of a table
  bool is_group_of_codes = false;

  StringColumns strings;
  std::vector<std::vector<std::string>> labels;  ///< one list for each column, or empty

 private:
  void use_names(const std::vector<std::string>& given, std::size_t file_columns);
  void open_plain(const ColumnChoice& wanted, const Texts& texts, const Dimensions& shape, hid_t type);
  void use_meaning(hid_t type, bool raw);
  void open_table(const ColumnChoice& wanted, const Texts& texts, hid_t type);
  void open_labels(hid_t type, const std::vector<std::size_t>& chosen);
  void open_categorical_group(const Texts& texts);
};

}  // namespace mixfam::hdf5
