#include <mixfam/error.hpp>
#include <mixfam/merged_source.hpp>

#include "data/row_buffer.hpp"

#include <functional>
#include <string_view>
#include <unordered_set>

namespace mixfam {

namespace {

/// What one entry of the index of rows takes: its number, its hash, and two pointers.
constexpr std::size_t index_bytes = 4 * sizeof(void*);

}  // namespace

MergedSource::MergedSource(Source& source, std::size_t memory_limit)
    : name_(source.name()),
      column_names_(source.column_names()),
      category_labels_(source.category_labels()),
      has_gaps_(source.has_gaps()),
      columns_(source.columns()) {
  merge(source, memory_limit);
  values_.shrink_to_fit();
  weights_.shrink_to_fit();
  labels_.shrink_to_fit();
  first_rows_.shrink_to_fit();
}

void MergedSource::merge(Source& source, std::size_t memory_limit) {
  std::size_t row_size = 0;
  const auto row_bytes = [&](std::size_t row) {
    return std::string_view(reinterpret_cast<const char*>(values_.data()) + row * row_size, row_size);
  };
  const auto label = [&](std::size_t row) { return labels_.empty() ? unlabelled : labels_[row]; };
  const auto hash = [&](std::size_t row) {
    return std::hash<std::string_view>()(row_bytes(row)) ^ std::hash<std::int32_t>()(label(row));
  };
  const auto equal = [&](std::size_t a, std::size_t b) { return label(a) == label(b) && row_bytes(a) == row_bytes(b); };
  std::unordered_set<std::size_t, decltype(hash), decltype(equal)> distinct(0, hash, equal);

  source.rewind();
  for (Chunk chunk = source.next(1); chunk.rows > 0; chunk = source.next(1)) {
    if (row_size == 0) type_ = chunk.type;
    if (chunk.type != type_)
      throw Error(ErrorKind::data, name_ + ": the type of its numbers changes at row " +
                                       std::to_string(source.row_number(chunk.first_row)) +
                                       "; rows can be merged only if all have one type");
    row_size = columns_ * element_size(type_);
    for (std::size_t n = 0; n < chunk.rows; ++n) {
      const double weight = chunk.weights ? chunk.weights[n] : 1;
      if (weight == 0) continue;
      const std::size_t candidate = weights_.size();
      values_.resize((candidate + 1) * row_size);
      pack_values(part_of(chunk, n, 1), columns_, values_.data() + candidate * row_size);
      if (chunk.labels) {
        labels_.resize(candidate);
        labels_.push_back(chunk.labels[n]);
      }
      const auto [place, is_new] = distinct.insert(candidate);
      if (!is_new) {
        weights_[*place] += weight;
        continue;
      }
      weights_.push_back(weight);
      first_rows_.push_back(source.row_number(chunk.first_row + n));
      const std::size_t bytes = (candidate + 1) * (row_size + sizeof(double) + sizeof(std::size_t) +
                                                   (chunk.labels ? sizeof(std::int32_t) : 0) + index_bytes);
      if (bytes > memory_limit)
        throw Error(ErrorKind::data, name_ + ": the first " + std::to_string(chunk.first_row + n + 1) + " rows hold " +
                                         std::to_string(candidate + 1) + " distinct ones, which take more than " +
                                         std::to_string(memory_limit) + " bytes; fit the rows without merging them");
    }
  }
  values_.resize(weights_.size() * row_size);
  if (!labels_.empty()) labels_.resize(weights_.size());
}

Chunk MergedSource::next(std::size_t) {
  if (done_) return {};
  done_ = true;
  Chunk chunk{values_.data(), type_, 0, rows(), static_cast<std::ptrdiff_t>(columns_), 1, weights_.data()};
  if (!labels_.empty()) chunk.labels = labels_.data();
  return chunk;
}

}  // namespace mixfam
