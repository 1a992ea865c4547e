#pragma once

#include "io/hdf5/column_choice.hpp"
#include "io/hdf5/row_layout.hpp"
#include "io/hdf5/row_reader.hpp"
#include "io/hdf5/stored_rows.hpp"

#include <optional>
#include <string>
#include <vector>

namespace mixfam::hdf5 {

/// Rows of one data set, or of the codes beside their categories.
class DataSetRows final : public StoredRows {
 public:
  DataSetRows(OpenFile& file, Texts& texts, const ColumnChoice& wanted);

  void read(std::size_t first, std::size_t count, std::byte* target) override;

 private:
  void allow_for_external_file(const std::string& file) const;
  void check_storage(const std::string& file) const;
  void warn_about_shape(bool transposed);

  std::string where_;
  Handle dataset_;
  Handle creation_;
  std::optional<RowLayout> layout_;
  std::optional<RowReader> reader_;
  bool large_integers_told_ = false;
};

}  // namespace mixfam::hdf5
