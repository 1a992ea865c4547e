#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

namespace mixfam {

/// Memory of one worker for what it needs while it works on a block: after the first block nothing is allocated.
class Workspace {
 public:
  Workspace() = default;
  /// A copy belongs to another worker and has memory of its own.
  Workspace(const Workspace&) {}
  Workspace(Workspace&&) = default;
  Workspace& operator=(Workspace&&) = default;

  /// What is taken within a frame stays where it is until the frame ends, and is then given back. Frames are nested.
  class Frame {
   public:
    explicit Frame(Workspace& workspace) : workspace_(workspace), chunk_(workspace.chunk_), used_(workspace.used_) {}
    ~Frame() {
      workspace_.chunk_ = chunk_;
      workspace_.used_ = used_;
    }
    Frame(const Frame&) = delete;
    Frame& operator=(const Frame&) = delete;

    /// Room for `count` values from a cache line on; they are not initialised.
    template <class T = double>
    T* take(std::size_t count) {
      static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);
      return static_cast<T*>(workspace_.take(count * sizeof(T)));
    }
    double* zeros(std::size_t count) {
      double* result = take(count);
      std::fill_n(result, count, 0.0);
      return result;
    }

   private:
    Workspace& workspace_;
    std::size_t chunk_;
    std::size_t used_;
  };

 private:
  static constexpr std::size_t line = 64;
  static constexpr std::size_t least_chunk = std::size_t{1} << 14;

  struct Chunk {
    std::unique_ptr<std::byte[]> memory;
    std::byte* begin;  // at a cache line
    std::size_t size;
  };

  void* take(std::size_t bytes) {
    bytes = (bytes + line - 1) / line * line;
    while (chunk_ < chunks_.size() && used_ + bytes > chunks_[chunk_].size) {
      ++chunk_;
      used_ = 0;
    }
    if (chunk_ == chunks_.size()) {
      const std::size_t size = std::max({bytes, least_chunk, chunks_.empty() ? 0 : 2 * chunks_.back().size});
      std::unique_ptr<std::byte[]> memory(new std::byte[size + line]);
      std::byte* begin = memory.get() + (line - reinterpret_cast<std::uintptr_t>(memory.get()) % line);
      chunks_.push_back({std::move(memory), begin, size});
    }
    std::byte* result = chunks_[chunk_].begin + used_;
    used_ += bytes;
    return result;
  }

  std::vector<Chunk> chunks_;
  std::size_t chunk_ = 0;  // of which `used_` bytes are taken, and all of those before it
  std::size_t used_ = 0;
};

}  // namespace mixfam
