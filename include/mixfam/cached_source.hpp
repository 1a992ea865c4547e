#pragma once

#include <mixfam/export.hpp>
#include <mixfam/source.hpp>

#include <cstddef>
#include <limits>
#include <memory>
#include <string>
#include <vector>

namespace mixfam {

struct CacheOptions {
  /// The most bytes of rows, with their weights and labels, that are kept: as many leading rows as fit.
  std::size_t cache_bytes = std::numeric_limits<std::size_t>::max();
  /// Bytes of a chunk of the other rows, rounded to the granularity; up to two such chunks are held.
  std::size_t chunk_bytes = std::size_t{4} << 20;
};

/// The rows of another source, read once and kept in memory in their own type. Those that the cache has no room for are
/// read in every pass, by a thread of its own that reads a chunk while the caller uses the one before.
///
/// The other source must outlive this one and belongs to it until then: it is called from one thread at a time, but
/// not always from the caller's. What it throws is thrown by the `next` that would have handed out the rows, and the
/// `next` after that tries them anew. Throws Error(data) when the source changes between passes, Error(usage) when
/// there is no memory for the cache.
class MIXFAM_API CachedSource final : public Source {
 public:
  explicit CachedSource(Source& inner, const CacheOptions& options = {});
  /// Waits for a read that is under way and rewinds the other source.
  ~CachedSource() override;

  std::size_t rows() const override;
  std::size_t columns() const override;
  const std::vector<std::string>& column_names() const override;
  const std::vector<std::vector<std::string>>& category_labels() const override;
  bool has_gaps() const override;
  std::string name() const override;
  std::size_t row_number(std::size_t row) const override;

  /// Leading rows that are in memory by now.
  std::size_t cached_rows() const;

  void rewind() override;
  Chunk next(std::size_t granularity) override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mixfam
