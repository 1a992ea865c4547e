#include "stepwise.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

namespace mixfam {

namespace {

/// (1 - rho) * old + rho * scale * batch, about the origins of the batch.
Statistics blend(const Family& family, const Statistics& old, const Statistics& batch, double rho, double scale) {
  Statistics result = batch;
  for (std::size_t k = 0; k < old.components(); ++k) {
    std::vector<double> moved(old.sums().row(k).begin(), old.sums().row(k).end());
    family.recentre(old.origins().row(k), batch.origins().row(k), moved);
    for (std::size_t p = 0; p < moved.size(); ++p)
      result.sums()(k, p) = (1 - rho) * moved[p] + rho * scale * batch.sums()(k, p);
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
             block.weights ? block.weights + first : nullptr};
  }
  BlockPart(const BlockPart&) = delete;
  BlockPart& operator=(const BlockPart&) = delete;
  const DataBlock& get() const { return part_; }

 private:
  std::vector<const double*> columns_;
  DataBlock part_;
};

}  // namespace

StepwiseResult stepwise_pass(EStepParameters parameters, const Mixture& mixture, Statistics statistics, Source& source,
                             const StepwiseRule& stepwise, const UpdateRule& rule, const AssignmentRule& assignment) {
  const FamilyPtr family = parameters.family;
  StepwiseResult result;
  result.steps = stepwise.steps;
  std::vector<double> weights = mixture.weights();
  std::optional<BlockPosterior> posterior(parameters);
  Statistics batch = zero_statistics(parameters);
  std::size_t rows_in_batch = 0;

  const auto end_batch = [&] {
    if (batch.total_weight() > 0) {
      const double rho = std::pow(static_cast<double>(result.steps + 2), -stepwise.forgetting);
      statistics = blend(*family, statistics, batch, rho, stepwise.total_weight / batch.total_weight());
      UpdateRule step = rule;
      step.iteration = ++result.steps;
      result.last = update(family, statistics, step, weights);
      result.counts.assign(statistics.counts().begin(), statistics.counts().end());
      if (!result.last.degenerate.empty()) return false;
      weights = result.last.weights;
      parameters.theta = result.last.theta;
      for (std::size_t k = 0; k < weights.size(); ++k)
        parameters.log_weights[k] = result.last.log_weights[k] + result.last.log_scale[k];
      posterior.emplace(parameters);
    }
    batch = zero_statistics(parameters);
    rows_in_batch = 0;
    return true;
  };

  bool sound = true;
  for_each_block(source, [&](const DataBlock& block) {
    for (std::size_t first = 0; sound && first < block.x.rows;) {
      const std::size_t rows = std::min(block.x.rows - first, stepwise.batch_rows - rows_in_batch);
      const BlockPart part(block, first, rows);
      add_block(*posterior, *family, part.get(), source, assignment, batch);
      rows_in_batch += rows;
      first += rows;
      if (rows_in_batch == stepwise.batch_rows) sound = end_batch();
    }
    return sound;
  });
  if (sound && rows_in_batch > 0) end_batch();
  return result;
}

}  // namespace mixfam
