#pragma once

#include <mixfam/export.hpp>
#include <mixfam/forwarding_source.hpp>

#include <cstddef>

namespace mixfam {

/// The rows of another source with weights and labels from memory, in the place of those that the other has.
class MIXFAM_API AnnotatedSource final : public ForwardingSource {
 public:
  /// `weights`: N values >= 0, not all 0, or empty for those of the other source; `labels`: N components, or
  /// `unlabelled`, or empty for those of the other source. Throws Error(data) naming the row.
  AnnotatedSource(Source& inner, RowWeights weights, RowLabels labels = {});

  Chunk next(std::size_t granularity) override;

 private:
  RowWeights weights_;
  RowLabels labels_;
};

}  // namespace mixfam
