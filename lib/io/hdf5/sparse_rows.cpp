#include "io/hdf5/sparse_rows.hpp"

#include "io/hdf5/data_set.hpp"
#include "io/hdf5/links.hpp"
#include "io/hdf5/numbers.hpp"
#include "io/hdf5/rehearsal.hpp"
#include "io/hdf5/strings.hpp"
#include "io/hdf5/types.hpp"
#include "numerics/plural.hpp"

#include <mixfam/error.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace mixfam::hdf5 {

namespace {

constexpr std::size_t none = static_cast<std::size_t>(-1);

/// Bytes of a value and its place when a matrix by columns is turned.
constexpr std::size_t place_bytes = sizeof(std::size_t);

[[noreturn]] void refuse(const std::string& message) { throw Error(ErrorKind::data, message); }

std::optional<std::array<std::int64_t, 2>> two_numbers(hid_t object) {
  const bool attribute = H5Iget_type(object) == H5I_ATTR;
  const Handle type(attribute ? H5Aget_type(object) : H5Dget_type(object));
  const Handle space(attribute ? H5Aget_space(object) : H5Dget_space(object));
  if (H5Tget_class(type.id()) != H5T_INTEGER || !numeric_type(type.id()) ||
      H5Sget_simple_extent_npoints(space.id()) != 2)
    return std::nullopt;
  std::array<std::int64_t, 2> numbers = {};
  const herr_t status = attribute ? H5Aread(object, H5T_NATIVE_INT64, numbers.data())
                                  : H5Dread(object, H5T_NATIVE_INT64, H5S_ALL, H5S_ALL, H5P_DEFAULT, numbers.data());
  if (status < 0 || numbers[0] < 0 || numbers[1] < 0) return std::nullopt;
  return numbers;
}

std::optional<std::array<std::int64_t, 2>> written_shape(hid_t group) {
  for (const char* name : {"shape", "h5sparse_shape"}) {
    const Handle attribute = open_attribute(group, name);
    if (attribute) return two_numbers(attribute.id());
  }
  if (H5Lexists(group, "shape", H5P_DEFAULT) <= 0) return std::nullopt;
  const Handle dataset(H5Dopen2(group, "shape", H5P_DEFAULT));
  return dataset ? two_numbers(dataset.id()) : std::nullopt;
}

std::string written_format(hid_t group) {
  for (const char* name : {"encoding-type", "h5sparse_format"}) {
    const Handle attribute = open_attribute(group, name);
    const auto texts = attribute ? read_strings(attribute.id()) : std::nullopt;
    if (texts && texts->size() == 1) return texts->front().substr(0, 3);
  }
  return {};
}

/// Whole numbers of a vector, none of them negative.
std::vector<std::size_t> whole_numbers(StoredRows& vector, std::size_t first, std::size_t count,
                                       const std::string& where) {
  std::vector<std::byte> bytes(count * vector.format().row_bytes());
  if (count > 0) vector.read(first, count, bytes.data());
  std::vector<std::size_t> numbers(count);
  with_type(vector.format().element, bytes.data(), [&](const auto* values) {
    for (std::size_t i = 0; i < count; ++i) {
      if (static_cast<long double>(values[i]) < 0)
        refuse(where + ": its number " + std::to_string(first + i) + " (from 0) is negative");
      numbers[i] = static_cast<std::size_t>(values[i]);
    }
  });
  return numbers;
}

/// The values of a matrix that is zero throughout, or their indices.
class NoNumbers final : public StoredRows {
 public:
  NoNumbers() {
    format_.columns = 1;
    format_.element = ElementType::uint8;
  }
  void read(std::size_t, std::size_t, std::byte*) override {}
};

std::unique_ptr<StoredRows> open_vector(OpenFile& file, Texts& texts) {
  const Handle dataset = open_dataset(file.handle, file.name, texts.path);
  if (extent(dataset.id()) == Dimensions{0}) return std::make_unique<NoNumbers>();
  return open_rows(file, texts, {});
}

/// A vector of whole numbers that are as they are stored.
bool is_index(const RowFormat& format) {
  return format.columns == 1 && format.element != ElementType::float32 && format.element != ElementType::float64;
}

}  // namespace

SparseShape sparse_shape(hid_t group, const std::string& where) {
  const auto shape = written_shape(group);
  if (!shape) {
    refuse(where +
           ": holds data, indices and indptr, as sparse matrices do, but no shape; give it the attributes "
           "`shape` and `encoding-type`, as anndata writes them");
  }
  const auto size = [&](std::size_t axis) { return static_cast<std::size_t>((*shape)[axis]); };
  const std::string format = written_format(group);
  if (format == "csr") return {size(0), size(1), true};
  if (format == "csc") return {size(0), size(1), false};
  if (format.empty()) return {size(1), size(0), true};
  refuse(where + ": is a sparse matrix of the unknown form '" + format + "'");
}

SparseRows::SparseRows(OpenFile& file, Texts& texts, const ColumnChoice& wanted)
    : where_(file.name + ":" + texts.path) {
  shape_ = sparse_shape(open_object(file.handle, file.name, texts.path).id(), where_);
  if (file.options.transpose) {
    std::swap(shape_.rows, shape_.columns);
    shape_.by_rows = !shape_.by_rows;
  }
  Hdf5Options options = file.options;
  options.transpose = false;
  OpenFile plain{file.handle, file.name, options, file.codes, file.texts_are_known, file.codes_used};
  values_ = open_vector(plain, texts.parts.at(0));
  indices_ = open_vector(plain, texts.parts.at(1));
  begins_ = open_vector(plain, texts.parts.at(2));

  const std::size_t lines = shape_.by_rows ? shape_.rows : shape_.columns;
  across_ = shape_.by_rows ? shape_.columns : shape_.rows;
  const RowFormat& values = values_->format();
  if (values.columns != 1 || !values.labels.empty() || !is_index(indices_->format()) || !is_index(begins_->format()))
    refuse(where_ + ": its data must be numbers, its indices and indptr whole numbers, all of rank 1");
  if (shape_.rows == 0 || shape_.columns == 0) refuse(where_ + ": has no rows or no columns");
  if (values.rows != indices_->format().rows || begins_->format().rows != lines + 1) {
    refuse(where_ + ": has the shape " + std::to_string(shape_.rows) + " x " + std::to_string(shape_.columns) +
           ", whose indptr must hold " + std::to_string(lines + 1) +
           " numbers, and as many indices as data; they hold " + std::to_string(begins_->format().rows) + ", " +
           std::to_string(indices_->format().rows) + " and " + std::to_string(values.rows));
  }

  const std::vector<std::size_t> chosen = choose_columns(wanted, {}, shape_.columns, where_);
  targets_.assign(shape_.columns, none);
  last_line_.assign(shape_.columns, none);
  for (std::size_t j = 0; j < chosen.size(); ++j) targets_[chosen[j]] = j;
  format_.rows = shape_.rows;
  format_.columns = chosen.size();
  format_.element = values.element;
  format_.warnings = values.warnings;
  format_.staged_row_bytes = shape_.columns * (element_size(values.element) + place_bytes);
  format_.plan.block_rows =
      std::max<std::size_t>(1, options.read_bytes / (format_.row_bytes() + format_.staged_row_bytes));
  format_.plan.unpack_bytes =
      values.plan.unpack_bytes + indices_->format().plan.unpack_bytes + begins_->format().plan.unpack_bytes;
  if (!shape_.by_rows) hold_by_rows(lines);
}

std::string SparseRows::line_text(std::size_t line) const {
  return (shape_.by_rows ? "row " : "column ") + std::to_string(line) + " (from 0)";
}

SparseRows::Lines SparseRows::read_lines(std::size_t first, std::size_t count) {
  Lines lines;
  lines.begins = whole_numbers(*begins_, first, count + 1, where_ + "/indptr");
  const std::size_t begin = lines.begins.front();
  for (std::size_t i = 0; i < count; ++i) {
    if (lines.begins[i + 1] < lines.begins[i] || lines.begins[i + 1] - lines.begins[i] > across_ ||
        lines.begins[i + 1] > values_->format().rows) {
      refuse(where_ + "/indptr: " + line_text(first + i) + " would hold the values from " +
             std::to_string(lines.begins[i]) + " to " + std::to_string(lines.begins[i + 1]) + ", but it has " +
             plural(across_, "place") + ", and there are " + plural(values_->format().rows, "value"));
    }
  }
  const std::size_t values = lines.begins.back() - begin;
  for (std::size_t& place : lines.begins) place -= begin;
  lines.places = whole_numbers(*indices_, begin, values, where_ + "/indices");
  for (const std::size_t place : lines.places)
    if (place >= across_)
      refuse(where_ + "/indices: holds " + std::to_string(place) + ", beyond the shape " + std::to_string(shape_.rows) +
             " x " + std::to_string(shape_.columns));
  lines.values.resize(values * values_->format().row_bytes());
  if (values > 0) values_->read(begin, values, lines.values.data());
  return lines;
}

/// Goes through the columns twice: to count the values of each row, and to place them.
void SparseRows::hold_by_rows(std::size_t columns) {
  const std::size_t size = values_->format().row_bytes();
  const std::size_t values = values_->format().rows;
  const std::size_t bytes = values * (size + place_bytes) + (shape_.rows + 1) * sizeof(std::size_t);
  if (bytes > most_bytes_by_columns) {
    refuse(where_ + ": is stored by columns; to read its rows all of it would be held in memory, which takes " +
           std::to_string(bytes >> 20) + " MiB, more than " + std::to_string(most_bytes_by_columns >> 20) +
           " MiB; save it by rows (scipy: X.tocsr())");
  }
  require_memory(bytes, 1, where_);
  Lines held;
  held.begins.assign(shape_.rows + 1, 0);
  held.places.resize(values);
  held.values.resize(values * size);
  std::vector<std::size_t> next;
  for (const bool places : {false, true}) {
    if (places) {
      for (std::size_t row = 0; row < shape_.rows; ++row) held.begins[row + 1] += held.begins[row];
      next.assign(held.begins.begin(), held.begins.end() - 1);
    }
    // A column may hold as many values as there are rows.
    const std::size_t block = std::max<std::size_t>(1, (std::size_t{4} << 20) / (shape_.rows * (size + place_bytes)));
    for (std::size_t first = 0; first < columns; first += block) {
      rehearsal::step(where_);
      const std::size_t count = std::min(block, columns - first);
      const Lines lines = read_lines(first, count);
      for (std::size_t i = 0; i < count; ++i) {
        for (std::size_t v = lines.begins[i]; v < lines.begins[i + 1]; ++v) {
          if (!places) {
            ++held.begins[lines.places[v] + 1];
            continue;
          }
          const std::size_t target = next[lines.places[v]]++;
          held.places[target] = first + i;
          std::memcpy(held.values.data() + target * size, lines.values.data() + v * size, size);
        }
      }
    }
  }
  held_ = std::move(held);
  format_.plan.unpack_bytes += bytes;
}

void SparseRows::write(const Lines& lines, std::size_t row, std::size_t line, std::byte* target) {
  const std::size_t size = element_size(format_.element);
  for (std::size_t v = lines.begins[line]; v < lines.begins[line + 1]; ++v) {
    const std::size_t column = lines.places[v];
    if (std::exchange(last_line_[column], row) == row)
      refuse(where_ + ": row " + std::to_string(row) + " has two values in column " + std::to_string(column) +
             " (from 0); add them up (scipy: X.sum_duplicates()) and save it again");
    if (targets_[column] != none) std::memcpy(target + targets_[column] * size, lines.values.data() + v * size, size);
  }
}

void SparseRows::read(std::size_t first, std::size_t count, std::byte* target) {
  std::memset(target, 0, count * format_.row_bytes());
  std::fill(last_line_.begin(), last_line_.end(), none);
  const std::optional<Lines> lines = held_ ? std::nullopt : std::optional(read_lines(first, count));
  for (std::size_t n = 0; n < count; ++n)
    write(held_ ? *held_ : *lines, first + n, held_ ? first + n : n, target + n * format_.row_bytes());
  if (format_.warnings.size() < values_->format().warnings.size()) format_.warnings = values_->format().warnings;
}

}  // namespace mixfam::hdf5
