#pragma once

#include "io/hdf5/column_choice.hpp"
#include "io/hdf5/stored_rows.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace mixfam::hdf5 {

/// Columns of several data sets side by side, as float64.
class ColumnRows final : public StoredRows {
 public:
  /// Throws Error(data) where the wanted columns differ in length.
  ColumnRows(OpenFile& file, Texts& texts, const ColumnChoice& wanted);

  void read(std::size_t first, std::size_t count, std::byte* target) override;

 private:
  struct Part {
    std::unique_ptr<StoredRows> rows;
    std::vector<std::size_t> places;  ///< of its columns among all
  };

  std::vector<Part> parts_;
  std::vector<std::byte> staging_;
};

/// A column and the mask of its missing values (AnnData's nullable integers and booleans), as float64.
class MaskedRows final : public StoredRows {
 public:
  MaskedRows(OpenFile& file, Texts& texts, const ColumnChoice& wanted);

  void read(std::size_t first, std::size_t count, std::byte* target) override;

 private:
  std::string where_;
  bool gaps_;
  std::unique_ptr<StoredRows> values_;
  std::unique_ptr<StoredRows> mask_;
  std::vector<std::byte> staging_;
  std::vector<double> missing_;
};

}  // namespace mixfam::hdf5
