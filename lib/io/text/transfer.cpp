#include "io/text/transfer.hpp"

#include "io/hdf5/table_writer.hpp"
#include "io/text/columns.hpp"
#include "io/text/number.hpp"
#include "numerics/plural.hpp"

#include <mixfam/error.hpp>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>
#include <unordered_map>

namespace mixfam::text {

namespace {

constexpr std::size_t block_bytes = std::size_t{4} << 20;
constexpr const char* path = "/data";

/// How the cells of a column are written.
enum class Encoding { int64, float64, boolean, code };

/// Of integers with gaps, and of booleans with them, doubles; without categories all columns are written alike.
std::vector<Encoding> encodings(const std::vector<Column>& columns) {
  std::vector<Encoding> each;
  for (const Column& column : columns) {
    const bool whole = column.gaps == 0;
    if (column.kind == ColumnKind::category)
      each.push_back(Encoding::code);
    else if (column.kind == ColumnKind::integer && whole)
      each.push_back(Encoding::int64);
    else if (column.kind == ColumnKind::boolean && whole)
      each.push_back(Encoding::boolean);
    else
      each.push_back(Encoding::float64);
  }
  const bool any_code = std::find(each.begin(), each.end(), Encoding::code) != each.end();
  const bool alike = std::adjacent_find(each.begin(), each.end(), std::not_equal_to<>()) == each.end();
  if (!any_code && !alike) std::fill(each.begin(), each.end(), Encoding::float64);
  return each;
}

/// Turns the cells of a column into bytes.
class Encoder {
 public:
  Encoder(const Column& column, Encoding encoding) : number_(column.number), kind_(column.kind), encoding_(encoding) {
    if (encoding != Encoding::code) return;
    for (std::size_t code = 0; code < column.labels.size(); ++code)
      codes_.emplace(column.labels[code], static_cast<std::int16_t>(code));
  }

  /// Returns where the next cell begins; null where the text is none of this column.
  std::byte* encode(const std::vector<std::string_view>& cells, std::byte* target) const {
    const std::string_view text = cells[number_];
    const Cell cell = read_cell(text);
    if (encoding_ == Encoding::code) {
      const auto found = codes_.find(text);
      if (cell.kind != Cell::Kind::gap && found == codes_.end()) return nullptr;
      return put(cell.kind == Cell::Kind::gap ? std::int16_t{-1} : found->second, target);
    }
    if (cell.kind == Cell::Kind::gap)
      return encoding_ == Encoding::float64 ? put(std::numeric_limits<double>::quiet_NaN(), target) : nullptr;
    if (kind_ == ColumnKind::boolean) {
      const auto value = read_boolean(text);
      if (!value) return nullptr;
      return encoding_ == Encoding::boolean ? put(static_cast<std::int8_t>(*value), target)
                                            : put(*value ? 1.0 : 0.0, target);
    }
    if (cell.kind != Cell::Kind::integer && (cell.kind != Cell::Kind::real || encoding_ == Encoding::int64))
      return nullptr;
    return encoding_ == Encoding::int64 ? put(cell.integer, target) : put(cell.real, target);
  }

 private:
  template <class T>
  static std::byte* put(T value, std::byte* target) {
    std::memcpy(target, &value, sizeof(value));
    return target + sizeof(value);
  }

  std::size_t number_;
  ColumnKind kind_;
  Encoding encoding_;
  std::unordered_map<std::string_view, std::int16_t> codes_;
};

hdf5::Handle written_type(const Column& column, Encoding encoding) {
  switch (encoding) {
    case Encoding::int64:
      return hdf5::Handle(H5Tcopy(H5T_NATIVE_INT64));
    case Encoding::boolean:
      return hdf5::boolean_type();
    case Encoding::code:
      return hdf5::enumeration_type(column.labels);
    default:
      return hdf5::Handle(H5Tcopy(H5T_NATIVE_DOUBLE));
  }
}

std::string type_text(const Column& column, Encoding encoding) {
  switch (encoding) {
    case Encoding::int64:
      return "int64";
    case Encoding::boolean:
      return "bool";
    case Encoding::code:
      return plural(column.labels.size(), "category", "categories");
    default:
      return "float64";
  }
}

void write_rows(Records& records, const Survey& found, const std::vector<Encoding>& encoding,
                const ConvertOptions& options, hdf5::TableWriter& writer) {
  std::vector<Encoder> encoders;
  for (std::size_t i = 0; i < found.columns.size(); ++i) encoders.emplace_back(found.columns[i], encoding[i]);
  const std::size_t block_rows = std::max<std::size_t>(1, block_bytes / writer.row_bytes());
  std::vector<std::byte> block(std::min(block_rows, found.rows) * writer.row_bytes());
  const auto changed = [&] { throw Error(ErrorKind::data, records.where() + ": has changed since it was first read"); };
  records.rewind();
  if (found.header) records.next();
  std::size_t in_block = 0;
  std::byte* target = block.data();
  for (std::size_t row = 0; row < found.rows; ++row) {
    if (!records.next() || records.cells().size() != found.cells) changed();
    for (const Encoder& encoder : encoders) {
      target = encoder.encode(records.cells(), target);
      if (!target) changed();
    }
    if (++in_block < block_rows && row + 1 < found.rows) continue;
    writer.write(block.data(), in_block);
    if (options.after_block) options.after_block();
    in_block = 0;
    target = block.data();
  }
}

}  // namespace

Conversion convert(const std::shared_ptr<const ByteFile>& file, const std::string& output,
                   const ConvertOptions& options) {
  Records records(file, options.delimiter ? *options.delimiter : find_delimiter(*file));
  const Survey found = survey(records, file->name(), options);
  const std::vector<Encoding> encoding = encodings(found.columns);
  ConvertedTable table{path, found.rows, {}};
  for (std::size_t i = 0; i < found.columns.size(); ++i) {
    const Column& column = found.columns[i];
    table.columns.push_back({column.name.empty() ? std::to_string(column.number) : column.name,
                             type_text(column, encoding[i]), column.gaps});
  }
  hdf5::write_file_atomically(output, [&](hid_t target) {
    const bool as_table = std::find(encoding.begin(), encoding.end(), Encoding::code) != encoding.end();
    std::vector<hdf5::WrittenColumn> columns;
    for (std::size_t i = 0; i < found.columns.size(); ++i) {
      const std::string& name = as_table ? table.columns[i].name : found.columns[i].name;
      columns.push_back({name, written_type(found.columns[i], encoding[i])});
    }
    hdf5::TableWriter writer(target, path, columns, found.rows, as_table);
    write_rows(records, found, encoding, options, writer);
  });
  return {{std::move(table)}, found.header, found.notes};
}

}  // namespace mixfam::text
