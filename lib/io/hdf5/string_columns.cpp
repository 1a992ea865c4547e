#include "io/hdf5/string_columns.hpp"

#include "io/hdf5/rehearsal.hpp"
#include "io/hdf5/strings.hpp"
#include "io/hdf5/types.hpp"

#include <mixfam/error.hpp>

#include <algorithm>
#include <numeric>
#include <unordered_map>
#include <utility>

namespace mixfam::hdf5 {

static_assert(most_labels <= std::size_t{1} << 16, "codes of labels have 16 bits");

void StringColumns::add(std::size_t column, std::size_t offset, Handle type) {
  columns_.push_back({column, offset, std::move(type)});
}

void StringColumns::set_row(Handle type, std::size_t bytes) {
  row_type_ = std::move(type);
  row_bytes_ = bytes;
}

std::vector<std::vector<std::string>> StringColumns::collect(const CellReader& reader, std::size_t rows,
                                                             std::size_t block_rows,
                                                             const std::vector<std::string>& names) {
  std::vector<std::vector<std::string>> labels(columns_.size());
  std::vector<std::unordered_map<std::string, std::uint16_t>> numbers(columns_.size());
  std::vector<std::byte> cells;
  std::vector<std::uint16_t> codes;
  for (std::size_t first = 0; first < rows; first += block_rows) {
    rehearsal::step(reader.where);
    const std::size_t count = std::min(block_rows, rows - first);
    require_memory(count, row_bytes_, reader.where);
    cells.assign(count * row_bytes_, std::byte{0});
    reader.read(first, count, row_type_.id(), cells.data());
    const auto release = [&](void*) { reclaim(reader, count, cells); };
    const std::unique_ptr<void, decltype(release)> strings(cells.data(), release);
    codes.clear();
    for (std::size_t n = 0; n < count; ++n) {
      for (std::size_t i = 0; i < columns_.size(); ++i) {
        std::string text = string_at(cells.data() + n * row_bytes_ + columns_[i].offset, columns_[i].type.id());
        const auto [found, is_new] =
            numbers[i].try_emplace(std::move(text), static_cast<std::uint16_t>(labels[i].size()));
        if (is_new) labels[i].push_back(found->first);
        if (labels[i].size() > most_labels) {
          const std::size_t column = columns_[i].column;
          throw Error(ErrorKind::data, reader.where + ": row " + std::to_string(first + n) + " of column " +
                                           std::to_string(column) +
                                           (column < names.size() ? " ('" + names[column] + "')" : "") +
                                           " is one more than " + std::to_string(most_labels) +
                                           " distinct strings, the most that can be categories; choose other columns");
        }
        codes.push_back(found->second);
      }
    }
    codes_->append(codes);
  }
  return labels;
}

/// Strings of variable length lie in memory of their own.
void StringColumns::reclaim(const CellReader& reader, std::size_t rows, std::vector<std::byte>& cells) const {
  const bool any_variable = std::any_of(columns_.begin(), columns_.end(),
                                        [](const Column& one) { return H5Tis_variable_str(one.type.id()) > 0; });
  if (!any_variable) return;
  const Handle memory = reader.memory_space(rows);
  H5Dvlen_reclaim(row_type_.id(), memory.id(), H5P_DEFAULT, cells.data());
}

std::vector<std::vector<std::string>> StringColumns::sort(std::vector<std::vector<std::string>> labels) {
  places_.clear();
  for (auto& texts : labels) {
    std::vector<std::uint16_t> order(texts.size());
    std::iota(order.begin(), order.end(), std::uint16_t{0});
    std::sort(order.begin(), order.end(), [&](std::uint16_t a, std::uint16_t b) { return texts[a] < texts[b]; });
    std::vector<std::uint16_t> places(texts.size());
    for (std::size_t place = 0; place < order.size(); ++place) places[order[place]] = static_cast<std::uint16_t>(place);
    places_.push_back(std::move(places));
    std::sort(texts.begin(), texts.end());
  }
  return labels;
}

const std::vector<std::uint16_t>& StringColumns::read(std::size_t first, std::size_t rows) {
  block_.resize(rows * columns_.size());
  codes_->read(first_code_ + first * columns_.size(), block_.size(), block_.data());
  for (std::size_t i = 0; i < block_.size(); ++i) block_[i] = places_[i % columns_.size()][block_[i]];
  return block_;
}

}  // namespace mixfam::hdf5
