#pragma once

#include "io/hdf5/column_choice.hpp"
#include "io/hdf5/stored_rows.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace mixfam::hdf5 {

/// The shape of a sparse matrix and along which axis its values lie together.
struct SparseShape {
  std::size_t rows = 0;
  std::size_t columns = 0;
  bool by_rows = true;
};
/// Of a group that AnnData or h5sparse wrote, or 10x Genomics, whose columns are cells and are read as rows. Throws
/// Error(data) where the group does not say it.
SparseShape sparse_shape(hid_t group, const std::string& where);

/// Rows of a sparse matrix with their zeros. One that is stored by columns is held in memory by rows.
class SparseRows final : public StoredRows {
 public:
  /// Throws Error(data) where a matrix by columns takes more than `most_bytes_by_columns`.
  SparseRows(OpenFile& file, Texts& texts, const ColumnChoice& wanted);

  void read(std::size_t first, std::size_t count, std::byte* target) override;

  static constexpr std::size_t most_bytes_by_columns = std::size_t{1} << 30;

 private:
  /// Lines of the matrix, rows or columns, one after another.
  struct Lines {
    std::vector<std::size_t> begins;  ///< one more than there are lines; from 0
    std::vector<std::size_t> places;  ///< of each value across the lines
    std::vector<std::byte> values;
  };

  Lines read_lines(std::size_t first, std::size_t count);
  void hold_by_rows(std::size_t columns);
  void write(const Lines& lines, std::size_t row, std::size_t line, std::byte* target);
  std::string line_text(std::size_t line) const;

  std::string where_;
  std::unique_ptr<StoredRows> values_;
  std::unique_ptr<StoredRows> indices_;
  std::unique_ptr<StoredRows> begins_;
  SparseShape shape_;
  std::size_t across_ = 0;              ///< places of a line
  std::vector<std::size_t> targets_;    ///< of each column of the matrix: its place in a row, or none
  std::vector<std::size_t> last_line_;  ///< of each column: the row in which it was last written
  std::optional<Lines> held_;
};

}  // namespace mixfam::hdf5
