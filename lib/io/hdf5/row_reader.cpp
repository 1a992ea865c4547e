#include "io/hdf5/row_reader.hpp"

#include <mixfam/error.hpp>

#include "numerics/plural.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>

namespace mixfam::hdf5 {

namespace {

[[noreturn]] void refuse(const std::string& message) { throw Error(ErrorKind::data, message); }

template <class T>
bool beyond_exact(const std::byte* bytes, std::size_t count) {
  constexpr T limit = T{1} << 53;
  const T* values = reinterpret_cast<const T*>(bytes);
  return std::any_of(values, values + count, [](T value) {
    if constexpr (std::is_signed_v<T>) {
      return value >= limit || value <= -limit;
    } else {
      return value >= limit;
    }
  });
}

bool has_large_integers(ElementType element, const std::byte* values, std::size_t count) {
  if (element == ElementType::int64) return beyond_exact<std::int64_t>(values, count);
  if (element == ElementType::uint64) return beyond_exact<std::uint64_t>(values, count);
  return false;
}

/// A code below 0 that stands for no label is that of a missing value.
void negative_to_nan(std::byte* slot) {
  double code = 0;
  std::memcpy(&code, slot, sizeof(code));
  if (code >= 0) return;
  code = std::numeric_limits<double>::quiet_NaN();
  std::memcpy(slot, &code, sizeof(code));
}

/// Bit fields have no conversion to numbers in HDF5: they are read as bits into the slots of the doubles they become.
void bits_to_doubles(std::byte* slots, const BitFields& fields) {
  for (std::size_t i = fields.count; i-- > 0;) {
    std::uint64_t bits = 0;
    std::memcpy(&bits, slots + i * fields.bytes, fields.bytes);
    const double value = static_cast<double>(bits);
    std::memcpy(slots + i * sizeof(value), &value, sizeof(value));
  }
}

}  // namespace

void RowReader::read(std::size_t first, std::size_t count, std::byte* target) {
  const bool plain = layout_.meaning.is_plain();
  if (!plain) numbers_.resize(count * layout_.columns * element_size(layout_.stored));
  std::byte* const numbers = plain ? target : numbers_.data();
  if (!layout_.gather.empty()) staging_.resize(count * layout_.row_bytes);
  if (layout_.memory_type != H5I_INVALID_HID)
    layout_.reader.read(first, count, layout_.memory_type, layout_.gather.empty() ? numbers : staging_.data());
  for (const BitFields& fields : layout_.bit_fields) {
    std::byte* cells = (layout_.gather.empty() ? numbers : staging_.data()) + fields.cell * sizeof(double);
    for (std::size_t n = 0; n < count; ++n) bits_to_doubles(cells + n * layout_.row_bytes, fields);
  }
  if (layout_.is_group_of_codes) check_codes(first, count, numbers);
  if (!layout_.gather.empty()) gather_columns(count, numbers);
  for (const std::size_t column : layout_.enumerated)
    for (std::size_t n = 0; n < count; ++n) negative_to_nan(numbers + (n * layout_.columns + column) * sizeof(double));
  if (!layout_.strings.empty()) read_codes(first, count, target);
  saw_large_integers_ = saw_large_integers_ || has_large_integers(layout_.stored, numbers, count * layout_.columns);
  if (!plain) find_meaning(first, count, reinterpret_cast<double*>(target));
}

void RowReader::find_meaning(std::size_t first, std::size_t count, double* target) const {
  const std::size_t cells = count * layout_.columns;
  const std::size_t missing = layout_.meaning.decode(layout_.stored, numbers_.data(), cells, target);
  if (missing == cells || layout_.gaps) return;
  const std::size_t column = missing % layout_.columns;
  const std::string name = layout_.names.empty() ? "" : " (\"" + layout_.names[column] + "\")";
  refuse(layout_.reader.where + ": row " + std::to_string(first + missing / layout_.columns) + ", column " +
         std::to_string(column) + name + " (from 0) " +
         layout_.meaning.cause(layout_.stored, numbers_.data() + missing * element_size(layout_.stored)) +
         ": a missing value; leave such rows out, allow gaps (`gaps`), or read the numbers as they are stored (`raw`)");
}

/// Writes the places of labels where their columns stand: doubles in a table, else int32.
void RowReader::read_codes(std::size_t first, std::size_t count, std::byte* target) {
  const std::vector<std::uint16_t>& places = layout_.strings.read(first, count);
  for (std::size_t n = 0; n < count; ++n) {
    for (std::size_t i = 0; i < layout_.strings.count(); ++i) {
      const std::uint16_t place = places[n * layout_.strings.count() + i];
      std::byte* slot =
          target + n * layout_.handed_row_bytes() + layout_.strings.column(i) * element_size(layout_.element);
      if (layout_.element == ElementType::float64) {
        const double code = place;
        std::memcpy(slot, &code, sizeof(code));
      } else {
        const std::int32_t code = place;
        std::memcpy(slot, &code, sizeof(code));
      }
    }
  }
}

void RowReader::check_codes(std::size_t first, std::size_t count, const std::byte* target) const {
  const auto* codes = reinterpret_cast<const std::int32_t*>(target);
  for (std::size_t n = 0; n < count; ++n) {
    if (codes[n] >= 0 && static_cast<std::size_t>(codes[n]) < layout_.labels[0].size()) continue;
    if (codes[n] == -1 && layout_.gaps) continue;
    const std::string row = layout_.reader.where + ": row " + std::to_string(first + n) + " (from 0) ";
    if (codes[n] == -1)
      refuse(row + "has no category (its code is -1, a missing value); leave such rows out or allow gaps (`gaps`)");
    refuse(row + "has the code " + std::to_string(codes[n]) + ", but there " +
           (layout_.labels[0].size() == 1 ? "is " : "are ") +
           plural(layout_.labels[0].size(), "category", "categories"));
  }
}

void RowReader::gather_columns(std::size_t count, std::byte* target) const {
  const std::size_t size = element_size(layout_.stored);
  for (std::size_t n = 0; n < count; ++n) {
    for (const std::size_t cell : layout_.gather) {
      std::memcpy(target, staging_.data() + n * layout_.row_bytes + cell * size, size);
      target += size;
    }
  }
}

}  // namespace mixfam::hdf5
