#pragma once

#include <cstddef>
#include <vector>

namespace mixfam {

/// Processes that share the rows of a source, each of which sums a range of them. The default is one alone.
class Communicator {
 public:
  virtual ~Communicator() = default;

  virtual std::size_t rank() const { return 0; }
  virtual std::size_t size() const { return 1; }
  /// The messages of all ranks in their order, on each of them. Every rank calls this equally often.
  virtual std::vector<std::vector<double>> gather(const std::vector<double>& message) const { return {message}; }

  static const Communicator& alone() {
    static const Communicator communicator;
    return communicator;
  }
};

}  // namespace mixfam
