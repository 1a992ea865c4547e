#pragma once

#include <mixfam/enum_names.hpp>
#include <mixfam/export.hpp>
#include <mixfam/forwarding_source.hpp>
#include <mixfam/slice.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>

namespace mixfam {

enum class SplitPart { train, rest };

template <>
struct EnumNames<SplitPart> {
  static constexpr EnumName<SplitPart> all[] = {{SplitPart::train, "train"}, {SplitPart::rest, "rest"}};
};

/// Each row is in the training part with probability `fraction`, else in the rest. What is drawn belongs to the seed
/// and the row's number (`Source::row_number`) alone: the same row falls on the same side whatever else is selected.
struct RowSplit {
  double fraction = 0.8;
  std::uint64_t seed = 0;
  SplitPart part = SplitPart::train;
};

/// Some rows of another source in their order, with their weights, labels and row numbers. They are copied, some MiB
/// at a time, in every pass: a `CachedSource` over it keeps them.
class MIXFAM_API SelectedSource final : public ForwardingSource {
 public:
  /// Throws Error(usage) unless the step is > 0, Error(data) when no row is selected.
  SelectedSource(Source& inner, const Slice& rows);
  /// Throws Error(usage) unless the fraction is within (0, 1), Error(data) when no row is selected.
  SelectedSource(Source& inner, const RowSplit& split);
  ~SelectedSource() override;

  std::size_t rows() const override;
  std::size_t row_number(std::size_t row) const override;
  void rewind() override;
  std::size_t rewind_to(std::size_t row) override;
  Chunk next(std::size_t granularity) override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mixfam
