#include "io/numpy/transfer.hpp"

#include "io/hdf5/column_choice.hpp"
#include "io/hdf5/table_writer.hpp"
#include "io/numpy/archive.hpp"
#include "io/numpy/array.hpp"
#include "io/utf8.hpp"

#include <mixfam/error.hpp>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <numeric>
#include <set>
#include <utility>

namespace mixfam::numpy {

namespace {

constexpr std::size_t block_bytes = std::size_t{4} << 20;

/// A column that is written: where its cells lie in the file.
struct Piece {
  std::size_t column;
  const Field* field;
  std::size_t in_row;  ///< offset within a row, in an array that lies by rows
};

std::vector<Piece> chosen_pieces(const Array& array, const std::vector<std::string>& wanted, const std::string& where) {
  std::vector<std::string> names;
  if (array.is_structured())
    for (const Field& field : array.fields) names.push_back(field.name);
  std::vector<Piece> pieces;
  const std::size_t count = array.is_structured() ? array.fields.size() : array.columns;
  for (const std::size_t j : hdf5::choose_columns({wanted}, names, count, where)) {
    const Field& field = array.fields[array.is_structured() ? j : 0];
    pieces.push_back({j, &field, array.is_structured() ? field.offset : j * field.bytes});
  }
  return pieces;
}

/// Copies some rows of the chosen columns, one behind the other.
class RowCopier {
 public:
  RowCopier(const ByteRange& range, const Array& array, const std::vector<Piece>& pieces)
      : range_(range), array_(array), pieces_(pieces), file_row_(array.item_bytes * array.columns) {
    for (const Piece& piece : pieces) row_ += piece.field->bytes;
  }

  /// Bytes of a row, read and written.
  std::size_t row_bytes() const { return row_ + (array_.by_columns ? 0 : file_row_); }

  void copy(std::size_t first, std::size_t count, std::byte* target) {
    if (!array_.by_columns) {
      staging_.resize(count * file_row_);
      range_.read(array_.data + std::uint64_t{first} * file_row_, staging_.size(), staging_.data());
    }
    std::size_t offset = 0;
    for (const Piece& piece : pieces_) {
      const std::size_t bytes = piece.field->bytes;
      std::size_t stride = file_row_;
      const std::byte* from = staging_.data() + piece.in_row;
      if (array_.by_columns) {
        staging_.resize(count * bytes);
        range_.read(array_.data + (std::uint64_t{piece.column} * array_.rows + first) * bytes, staging_.size(),
                    staging_.data());
        stride = bytes;
        from = staging_.data();
      }
      for (std::size_t n = 0; n < count; ++n) std::memcpy(target + n * row_ + offset, from + n * stride, bytes);
      offset += bytes;
    }
  }

 private:
  const ByteRange& range_;
  const Array& array_;
  const std::vector<Piece>& pieces_;
  std::size_t file_row_;
  std::size_t row_ = 0;
  std::vector<std::byte> staging_;
};

void count_gaps(const std::vector<Piece>& pieces, const std::byte* rows, std::size_t count,
                std::vector<ConvertedColumn>& columns) {
  for (std::size_t n = 0; n < count; ++n) {
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      if (is_nan(*pieces[i].field, rows)) ++columns[i].gaps;
      rows += pieces[i].field->bytes;
    }
  }
}

ConvertedTable write_array(const ByteRange& range, hid_t target, const std::string& path,
                           const ConvertOptions& options) {
  const Array array = read_array(range);
  const std::vector<Piece> pieces = chosen_pieces(array, options.columns, range.where);
  ConvertedTable table{path, array.rows, {}};
  std::vector<hdf5::WrittenColumn> columns;
  for (const Piece& piece : pieces) {
    const std::string& name = piece.field->name;
    table.columns.push_back({name.empty() ? std::to_string(piece.column) : name, piece.field->type_text, 0});
    columns.push_back({name, hdf5::Handle(H5Tcopy(piece.field->type.id()))});
  }
  hdf5::TableWriter writer(target, path, columns, array.rows, /*as_table=*/false);
  RowCopier copier(range, array, pieces);
  hdf5::require_memory(1, copier.row_bytes(), range.where + ": one row");
  const std::size_t block_rows = std::max<std::size_t>(1, block_bytes / copier.row_bytes());
  std::vector<std::byte> block(std::min(block_rows, array.rows) * writer.row_bytes());
  for (std::size_t first = 0; first < array.rows; first += block_rows) {
    const std::size_t count = std::min(block_rows, array.rows - first);
    copier.copy(first, count, block.data());
    count_gaps(pieces, block.data(), count, table.columns);
    writer.write(block.data(), count);
    if (options.after_block) options.after_block();
  }
  return table;
}

/// The path of an array in the file that is written.
std::string path_of(const std::string& name, const std::string& where) {
  bool fits = is_utf8(name) && name.find('\0') == std::string::npos;
  for (const auto& part : std::filesystem::path(name))
    fits = fits && !part.empty() && part != "." && part != ".." && part != "/";
  if (!fits)
    throw Error(ErrorKind::data, where + ": its array " + in_quotes(name) + " has a name that is no path of HDF5");
  return "/" + name;
}

}  // namespace

Conversion convert_array(const std::shared_ptr<const ByteFile>& file, const std::string& output,
                         const ConvertOptions& options) {
  Conversion result;
  const ByteRange range{file, 0, file->size(), file->name()};
  hdf5::write_file_atomically(
      output, [&](hid_t target) { result.tables.push_back(write_array(range, target, "/data", options)); });
  return result;
}

Conversion convert_archive(const std::shared_ptr<const ByteFile>& file, const std::string& output,
                           const ConvertOptions& options) {
  const std::vector<Entry> entries = list_arrays(*file);
  if (entries.empty())
    throw Error(ErrorKind::data,
                file->name() + ": is an archive without NumPy arrays; a workbook is written as CSV first");
  if (entries.size() > 1 && !options.columns.empty())
    throw Error(ErrorKind::usage, "`columns` chooses among those of one array, but '" + file->name() + "' holds " +
                                      std::to_string(entries.size()) + "; convert them all, or save one as .npy");
  std::set<std::string> paths;
  for (const Entry& entry : entries)
    if (!paths.insert(path_of(entry.name, file->name())).second)
      throw Error(ErrorKind::data, file->name() + ": holds several arrays " + in_quotes(entry.name));
  Conversion result;
  hdf5::write_file_atomically(output, [&](hid_t target) {
    for (const Entry& entry : entries) {
      const ByteRange range = open_entry(file, entry, options.after_block);
      result.tables.push_back(write_array(range, target, "/" + entry.name, options));
    }
  });
  return result;
}

}  // namespace mixfam::numpy
