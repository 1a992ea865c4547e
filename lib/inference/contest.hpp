#pragma once

#include <mixfam/fit.hpp>

#include <cstdint>
#include <optional>
#include <vector>

/// Which of several fits is the best.
namespace mixfam {

/// What decides between fits: the lesser rank, then the greater score.
struct Merit {
  enum class Rank { whole, doubtful, degenerate };
  Rank rank;
  double score;

  bool better_than(const Merit& other) const { return rank != other.rank ? rank < other.rank : score > other.score; }
};

/// Chooses among the restarts that yielded a mixture, as they come.
class Contest {
 public:
  Contest(Prefer prefer, double tolerance);

  void enter(std::size_t restart, FitResult result);
  bool empty() const { return !best_; }

  RestartsResult result(std::vector<RestartSummary> summaries) &&;

 private:
  struct Entry {
    std::size_t restart;
    Merit merit;
  };

  Prefer prefer_;
  double within_;
  std::vector<Entry> entries_;
  std::optional<FitResult> best_;
  Merit best_merit_{};
  std::size_t best_restart_ = 0;
};

}  // namespace mixfam
