#pragma once

#include <mixfam/source.hpp>

#include <string>
#include <vector>

namespace mixfam {

/// Another source, with a count of the passes over it.
class CountedSource final : public Source {
 public:
  explicit CountedSource(Source& source) : source_(source) {}
  std::size_t rows() const override { return source_.rows(); }
  std::size_t columns() const override { return source_.columns(); }
  const std::vector<std::string>& column_names() const override { return source_.column_names(); }
  std::string name() const override { return source_.name(); }
  void rewind() override {
    ++passes;
    source_.rewind();
  }
  Chunk next(std::size_t granularity) override { return source_.next(granularity); }

  std::size_t passes = 0;

 private:
  Source& source_;
};

}  // namespace mixfam
