#include "inference/stepwise.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

namespace mixfam {

namespace {

/// (1 - rho) * old + rho * scale * batch, about the origins of the batch.
Statistics blend(const Groups& groups, const Statistics& old, const Statistics& batch, double rho, double scale) {
  Statistics result = batch;
  for (std::size_t k = 0; k < old.components(); ++k) {
    std::vector<double> moved(old.sum(k).begin(), old.sum(k).end());
    groups.family_of(k).recentre(old.origin(k), batch.origin(k), moved);
    for (std::size_t p = 0; p < moved.size(); ++p)
      result.sum(k)[p] = (1 - rho) * moved[p] + rho * scale * batch.sum(k)[p];
    result.counts()[k] = (1 - rho) * old.counts()[k] + rho * scale * batch.counts()[k];
  }
  return result;
}

/// The rows of a block from `first` on, as a block.
class BlockPart {
 public:
  BlockPart(const DataBlock& block, std::size_t first, std::size_t rows) {
    for (std::size_t j = 0; j < block.x.column_count; ++j) columns_.push_back(block.x.column(j) + first);
    part_ = {{columns_.data(), columns_.size(), rows},
             block.first_row + first,
             block.weights ? block.weights + first : nullptr,
             block.labels ? block.labels + first : nullptr};
    if (!block.x.missing) return;
    for (std::size_t j = 0; j < block.x.column_count; ++j)
      missing_.push_back(block.x.missing[j] ? block.x.missing[j] + first : nullptr);
    part_.x.missing = missing_.data();
  }
  BlockPart(const BlockPart&) = delete;
  BlockPart& operator=(const BlockPart&) = delete;
  const DataBlock& get() const { return part_; }

 private:
  std::vector<const double*> columns_;
  std::vector<const unsigned char*> missing_;
  DataBlock part_;
};

}  // namespace

std::optional<UpdateResult> stepwise_pass(State& state, Stepwise& stepwise, Source& source, const StepwiseRule& how,
                                          UpdateRule rule, const AssignmentRule& assignment) {
  const Groups groups = state.mixture.groups();
  std::optional<BlockAssignment> at_state(state.parameters);
  Statistics batch = zero_statistics(state.parameters);
  std::size_t rows_in_batch = 0;
  std::optional<UpdateResult> degenerate;

  const auto end_batch = [&] {
    if (batch.total_weight() > 0) {
      const double rho = std::pow(static_cast<double>(stepwise.steps + 2), -how.forgetting);
      stepwise.running = blend(groups, stepwise.running, batch, rho, how.total_weight / batch.total_weight());
      rule.iteration = ++stepwise.steps;
      UpdateResult result = update(groups, stepwise.running, rule);
      if (!result.degenerate.empty()) {
        degenerate = std::move(result);
        return;
      }
      const auto counts = stepwise.running.counts();
      state = State(groups, std::move(result), {counts.begin(), counts.end()});
      at_state.emplace(state.parameters);
    }
    batch = zero_statistics(state.parameters);
    rows_in_batch = 0;
  };

  // Calls add(rows) for the parts of the rows up to `end` that belong to one batch each.
  const auto add_rows = [&](std::size_t end, const auto& add) {
    while (!degenerate && stepwise.row < end) {
      const std::size_t rows = std::min(end - stepwise.row, how.batch_rows - rows_in_batch);
      add(rows);
      rows_in_batch += rows;
      stepwise.row += rows;
      if (rows_in_batch == how.batch_rows) end_batch();
    }
  };
  for_each_block(source, [&](const DataBlock& block) {
    add_rows(block.first_row, [](std::size_t) {});  // rows of weight 0, of which there is no block
    add_rows(block.first_row + block.x.rows, [&](std::size_t rows) {
      const BlockPart part(block, stepwise.row - block.first_row, rows);
      at_state->add(part.get(), source, assignment, batch);
    });
    return !degenerate;
  });
  if (!degenerate && rows_in_batch > 0) end_batch();
  return degenerate;
}

}  // namespace mixfam
