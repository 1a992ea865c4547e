#pragma once

#include <mixfam/source.hpp>

#include <cstring>
#include <string>
#include <vector>

namespace mixfam::benchmark {

/// All rows of another source, held in memory in their own type.
class LoadedSource final : public Source {
 public:
  explicit LoadedSource(Source& source)
      : rows_(source.rows()), columns_(source.columns()), column_names_(source.column_names()), name_(source.name()) {
    source.rewind();
    for (Chunk chunk = source.next(1); chunk.rows > 0; chunk = source.next(1)) append(chunk);
  }

  std::size_t rows() const override { return rows_; }
  std::size_t columns() const override { return columns_; }
  const std::vector<std::string>& column_names() const override { return column_names_; }
  std::string name() const override { return name_; }
  void rewind() override { done_ = false; }
  Chunk next(std::size_t) override {
    Chunk chunk;
    chunk.data = bytes_.data();
    chunk.type = type_;
    chunk.rows = done_ ? 0 : rows_;
    chunk.row_stride = static_cast<std::ptrdiff_t>(columns_);
    done_ = true;
    return chunk;
  }

 private:
  void append(const Chunk& chunk) {
    type_ = chunk.type;
    const std::size_t size = element_size(type_);
    if (bytes_.empty()) bytes_.resize(rows_ * columns_ * size);
    const auto* from = static_cast<const unsigned char*>(chunk.data);
    for (std::size_t n = 0; n < chunk.rows; ++n)
      for (std::size_t j = 0; j < columns_; ++j) {
        const auto element =
            static_cast<std::ptrdiff_t>(n) * chunk.row_stride + static_cast<std::ptrdiff_t>(j) * chunk.column_stride;
        std::memcpy(&bytes_[((chunk.first_row + n) * columns_ + j) * size],
                    from + element * static_cast<std::ptrdiff_t>(size), size);
      }
  }

  std::size_t rows_;
  std::size_t columns_;
  std::vector<std::string> column_names_;
  std::string name_;
  ElementType type_ = ElementType::float64;
  std::vector<unsigned char> bytes_;
  bool done_ = false;
};

}  // namespace mixfam::benchmark
