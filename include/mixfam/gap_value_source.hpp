#pragma once

#include <mixfam/export.hpp>
#include <mixfam/forwarding_source.hpp>

#include <cstddef>
#include <memory>
#include <optional>

namespace mixfam {

/// The rows of another source, where NaN, and a value if one is given, stands for a cell that is missing.
/// With a value, rows of integers become float64; in a column of labelled categories the value means nothing.
class MIXFAM_API GapValueSource final : public ForwardingSource {
 public:
  explicit GapValueSource(Source& inner, std::optional<double> value = std::nullopt);
  ~GapValueSource() override;

  bool has_gaps() const override { return true; }
  void rewind() override;
  std::size_t rewind_to(std::size_t row) override;
  Chunk next(std::size_t granularity) override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mixfam
