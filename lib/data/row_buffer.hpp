#pragma once

#include <mixfam/source.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>

namespace mixfam {

/// `count` rows of a chunk from its row `first` on, with what rides along.
Chunk part_of(const Chunk& chunk, std::size_t first, std::size_t count);

/// Copies the values of a chunk to `target`, row by row without gaps between them.
void pack_values(const Chunk& chunk, std::size_t columns, std::byte* target);

/// What a source's chunks have in common.
struct ChunkLayout {
  ElementType type = ElementType::float64;
  std::size_t columns = 0;
  bool weighted = false;
  bool labelled = false;

  ChunkLayout() = default;
  ChunkLayout(const Chunk& chunk, std::size_t columns);

  bool operator==(const ChunkLayout&) const = default;
  std::size_t value_bytes() const { return columns * element_size(type); }
  /// Of a row.
  std::size_t bytes() const {
    return value_bytes() + (weighted ? sizeof(double) : 0) + (labelled ? sizeof(std::int32_t) : 0);
  }
};

/// Memory that the system provides page by page when it is first written.
class UntouchedMemory {
 public:
  UntouchedMemory() = default;
  explicit UntouchedMemory(std::size_t bytes)
      : data_(static_cast<std::byte*>(::operator new (bytes, std::align_val_t{alignment}))) {}
  std::byte* data() const { return data_.get(); }

 private:
  static constexpr std::size_t alignment = 64;  // of a cache line and of the widest vector
  struct Delete {
    void operator()(std::byte* data) const { ::operator delete (data, std::align_val_t{alignment}); }
  };
  std::unique_ptr<std::byte, Delete> data_;
};

/// Room for rows that lie one after another, with their weights and labels.
class RowBuffer {
 public:
  RowBuffer() = default;
  RowBuffer(std::size_t capacity, const ChunkLayout& layout);

  std::size_t capacity() const { return capacity_; }
  const ChunkLayout& layout() const { return layout_; }
  /// Copies the rows of a chunk of this layout to rows `first`, `first` + 1, ..
  void write(std::size_t first, const Chunk& chunk);
  std::byte* values(std::size_t first) { return values_.data() + first * layout_.value_bytes(); }
  /// Its `first_row` is `first`.
  Chunk part(std::size_t first, std::size_t rows) const;

 private:
  double* weights() const { return reinterpret_cast<double*>(weights_.data()); }
  std::int32_t* labels() const { return reinterpret_cast<std::int32_t*>(labels_.data()); }

  std::size_t capacity_ = 0;
  ChunkLayout layout_;
  UntouchedMemory values_;
  UntouchedMemory weights_;
  UntouchedMemory labels_;
};

}  // namespace mixfam
